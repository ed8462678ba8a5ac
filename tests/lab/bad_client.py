# SPDX-License-Identifier: GPL-2.0-or-later
"""
Clients of an HTTPS API that mean no good, from one seed: what they send depends
on nothing else. Each way of being one is a row in WAYS.

    bad_client.py ADDRESS PORT TOKEN COUNT SEED

sends COUNT requests, some tens of connections at a time, and prints as JSON how
often which status came back ("0": none; "lost": none, where there had to be).
"""

import asyncio
import collections
import json
import random
import ssl
import sys

AT_A_TIME = 14
QUIET_S = 0.05     # then no more comes
LIMIT_S = 20
PATHS = ("/", "/healthz", "/v1/status", "/v1/services", "/v1/version",
         "/v1/services/www/backends/b1", "/v1/config/check", "/v1/events",
         "/v1/events?follow=yes", "/nowhere", "/v1/services/%2e%2e/x",
         "/v1/services?fields=summary", "/v1/route?service=www&client=10.0.0.1")
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE",
           "CONNECT", "BREW", "get", "G" * 300)


def noise(rng, n):
    return bytes(rng.randrange(256) for _ in range(n))


def request(rng, token, path=None, method=None, body=b"", more=()):
    """A request of a good form."""
    lines = [f"{method or 'GET'} {path or rng.choice(PATHS)} HTTP/1.1",
             "Host: x", *more]
    if token:
        lines.append(f"Authorization: Bearer {token}")
    if body:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


# ---- what is sent: bytes, how many answers there may be

def fuzzed_body(rng, token):
    body = rng.choice((noise(rng, rng.randrange(1, 2000)), b"[" * 5000,
                       b'{"weight":' + b"9" * 400 + b"}", b'{"a":' * 900,
                       b'{"weight":1,"weight":2}', b"\0" * 100, b"null"))
    return request(rng, token, rng.choice(PATHS),
                   rng.choice(("POST", "PUT", "PATCH")), body)


def fuzzed_path(rng, token):
    path = "/" + "".join(chr(rng.choice((*range(33, 127), *range(128, 256))))
                         for _ in range(rng.randrange(1, 300)))
    return request(rng, token, path.replace("?follow", "?f"))


def long_path(rng, token):
    return request(rng, token, "/" + "a" * rng.choice((5000, 70000)))


def fuzzed_header(rng, token):
    name = "".join(chr(rng.randrange(1, 256)) for _ in range(12))
    value = "".join(chr(rng.randrange(256)) for _ in range(rng.randrange(200)))
    return request(rng, token, more=(f"{name}: {value}",))


def many_headers(rng, token):
    return request(rng, token, more=[f"X-{i}: {i}" * rng.randrange(1, 9)
                                     for i in range(rng.choice((99, 3000)))])


def odd_method(rng, token):
    return request(rng, token, method=rng.choice(METHODS))


def odd_length(rng, token):
    length = rng.choice(("-1", "x", "18446744073709551616", "99999999999", "1, 2"))
    return request(rng, token, method="POST", more=(
        f"Content-Length: {length}",)) + b"x"


def both_lengths(rng, token):
    return request(rng, token, method="POST", body=b"0\r\n\r\n", more=(
        "Transfer-Encoding: chunked",))


def bad_chunks(rng, token):
    return request(rng, token, method="POST", more=(
        "Transfer-Encoding: chunked",)) + rng.choice(
            (b"zz\r\n", b"ffffffffffffffffff\r\n", b"5\r\nabc", noise(rng, 50)))


def pipelined(rng, token):
    paths = [p for p in PATHS if "follow" not in p]
    return b"".join(request(rng, rng.choice((token, None, "x" * 20)),
                            rng.choice(paths))
                    for _ in range(rng.randrange(2, 12)))


def no_token(rng, token):
    return request(rng, rng.choice((None, "x", "y" * 5000, token[:-1])))


def plain(rng, token):
    return request(rng, token)


def half(rng, token):
    text = request(rng, token, method="POST", body=b"x" * 100)
    return text[:rng.randrange(1, len(text))]


def garbage(rng, token):
    return noise(rng, rng.randrange(1, 400))


# name: (what it sends, in TLS, is there an answer)
WAYS = {f.__name__: (f, True, True) for f in (
    fuzzed_path, odd_method, pipelined, no_token, plain)}
WAYS |= {f.__name__: (f, True, False) for f in (
    fuzzed_body, long_path, fuzzed_header, many_headers, odd_length,
    both_lengths, bad_chunks, half, garbage)}
WAYS["no_tls"] = (plain, False, False)
WAYS["tls_garbage"] = (garbage, False, False)
WAYS["hello_half"] = (lambda rng, token: b"\x16\x03\x01\x02\x00\x01\x00\x01"
                      + noise(rng, 40), False, False)
WAYS["never_reads"] = (pipelined, True, False)


def statuses(data):
    """Of all answers in the bytes that came."""
    return [line[9:12].decode("latin-1") for line in data.split(b"\n")
            if line.startswith(b"HTTP/1.1 ")]


async def read_some(reader, answered):
    """What comes; where there is an answer, it is waited for."""
    data = b""
    while len(data) < 1 << 20:
        patience = LIMIT_S if answered and not data else QUIET_S
        try:
            piece = await asyncio.wait_for(reader.read(65536), patience)
        except asyncio.TimeoutError:
            break
        if not piece:
            break
        data += piece
    return data


async def one(world, rng, name):
    address, port, token, tls = world
    make, in_tls, answered = WAYS[name]
    reader, writer = await asyncio.open_connection(
        address, port, ssl=tls if in_tls else None)
    data = b""
    try:
        text = make(rng, token)
        if name == "half":      # slowly, and away
            for i in range(0, len(text), 40):
                writer.write(text[i:i + 40])
                await writer.drain()
        else:
            writer.write(text)
            await writer.drain()
        if name not in ("never_reads", "hello_half"):
            data = await read_some(reader, answered)
        if rng.random() < 0.2:
            writer.close()
            await asyncio.wait_for(writer.wait_closed(), 1)
    except (OSError, ssl.SSLError, asyncio.TimeoutError):
        pass
    finally:    # at once: what lingers counts as ours
        writer.transport.abort()
    came = statuses(data)
    if any(status[0] == "5" for status in came):    # a fault of ours: who asked
        print(f"{name} {text[:200]!r}: {data[-400:]!r}", file=sys.stderr)
    return came


async def worker(world, seed, todo, seen):
    while todo:
        number = todo.pop()
        rng = random.Random(seed * 1000003 + number)
        name = sorted(WAYS)[number % len(WAYS)]
        came = []
        try:
            came = await asyncio.wait_for(one(world, rng, name), 2 * LIMIT_S)
        except (OSError, ssl.SSLError, asyncio.TimeoutError):
            pass
        for status in came or ["lost" if WAYS[name][2] else "0"]:
            seen[status] += 1


async def run(address, port, token, count, seed):
    tls = ssl.create_default_context()
    tls.check_hostname = False
    tls.verify_mode = ssl.CERT_NONE
    todo = list(range(count))
    seen = collections.Counter()
    world = (address, port, token, tls)
    await asyncio.gather(*(worker(world, seed, todo, seen)
                           for _ in range(AT_A_TIME)))
    return seen


if __name__ == "__main__":
    print(json.dumps(asyncio.run(run(sys.argv[1], int(sys.argv[2]), sys.argv[3],
                                     int(sys.argv[4]), int(sys.argv[5])))))
