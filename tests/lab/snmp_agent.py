# SPDX-License-Identifier: GPL-2.0-or-later
"""
A small SNMP agent of versions 1 and 2c, of known figures: `snmp_agent.py PORT
WAY`. It answers GET, GETNEXT and GETBULK from a table, and writes a line for
each request: "asked PORT KIND". A way is a function from how many requests
there were before to the table {name: encoded value}.
"""

import socket
import sys

from snmp_peer import integer, parts, tlv

UCD = (1, 3, 6, 1, 4, 1, 2021)
PROCESSORS = (1, 3, 6, 1, 2, 1, 25, 3, 3, 1)
UPTIME = (1, 3, 6, 1, 2, 1, 1, 3, 0)
OBJECT = (1, 3, 6, 1, 4, 1, 9, 1, 0)
MEMORY = UCD + (4, 27, 0)
GET, NEXT, BULK = 0xa0, 0xa1, 0xa5
NULL, NO_SUCH_OBJECT, END_OF_VIEW = tlv(5), tlv(0x80), tlv(0x82)


def counter(n, bits=32):
    n %= 2 ** bits
    return tlv(0x41 if bits == 32 else 0x46,
               n.to_bytes(n.bit_length() // 8 + 1, "big"))


def ticks_time(hundredths):
    return tlv(0x43, integer(hundredths)[2:])


def oid(numbers):
    out = bytes([numbers[0] * 40 + numbers[1]])
    for n in numbers[2:]:
        digits = [n & 127]
        while n > 127:
            n >>= 7
            digits.append(n & 127 | 128)
        out += bytes(reversed(digits))
    return out


def numbers(encoded):
    out, n = [encoded[0] // 40, encoded[0] % 40], 0
    for byte in encoded[1:]:
        n = n << 7 | byte & 127
        if not byte & 128:
            out.append(n)
            n = 0
    return tuple(out)


def ticks(user, idle, start=0, others=(51, 52, 54, 55, 56, 61, 64)):
    table = {UCD + (11, 50, 0): counter(start + user),
             UCD + (11, 53, 0): counter(start + idle)}
    return table | {UCD + (11, n, 0): counter(7 if n != 55 else 0)
                    for n in others}


def uptime(seconds):
    return {UPTIME: ticks_time(seconds * 100)}


def processors(loads):
    return {PROCESSORS + (2, 196608 + i): integer(load)
            for i, load in enumerate(loads)}


def cores(n):
    return {PROCESSORS + (1, 1 + i): tlv(6, b"\0\0") for i in range(n)}


def load(text):
    return {UCD + (10, 1, 3, 1): tlv(4, text)}


class Restart:
    """Counts on; its clock began anew with the third request."""

    def __call__(self, n):
        return ticks(10 * n, 30 * n) | uptime(1000 if n < 2 else 1)


WAYS = {
    "quarter": lambda n: ticks(10 * n, 30 * n),
    "wrap": lambda n: ticks(10 * n, 30 * n, 2 ** 32 - 45),
    "still": lambda n: ticks(10 * (n // 2), 30 * (n // 2)),
    "restart": Restart(),
    "little": lambda n: ticks(10 * n, 30 * n, others=(52,)),
    "no-idle": lambda n: {UCD + (11, 50, 0): counter(1)} | processors([40]),
    "processors": lambda n: processors([10, 20, 30, 100]),
    "many": lambda n: processors([25] * 300),
    "no-numbers": lambda n: {PROCESSORS + (2, 1): tlv(4, b"x")} | load(b"0.5"),
    "load": lambda n: cores(4) | load(b"1.00"),
    "overload": lambda n: cores(4) | load(b"17.23"),
    "load-alone": lambda n: load(b"0.25"),
    "other": lambda n: {OBJECT: integer(5)},
    "changes": lambda n: processors([50]) if n < 4 else cores(2) | load(b"1"),
    "counter": lambda n: {OBJECT: counter(2 ** 32 - 10 + 1000 * n)},
    "counter64": lambda n: {OBJECT: counter(2 ** 40 + 1000 * n, 64)},
    "memory": lambda n: {MEMORY: counter(123000 - 100 * n, 64)},
    "gauge": lambda n: {OBJECT: tlv(0x42, b"\x07")},
    "text": lambda n: {OBJECT: tlv(4, b"0.15")},
    "words": lambda n: {OBJECT: tlv(4, b"busy")},
    "infinite": lambda n: {OBJECT: tlv(0x44, bytes.fromhex("9f78047f800000"))},
}


class Agent:
    def __init__(self, way):
        self.way = WAYS[way]
        self.asked = 0

    def next(self, table, name):
        """The first object after this name: (name, value)."""
        after = [n for n in table if n > name]
        return (min(after), table[min(after)]) if after else (name, END_OF_VIEW)

    def values(self, kind, table, names, repetitions):
        if kind == GET:
            return [(n, table.get(n, NO_SUCH_OBJECT)) for n in names]
        found = []
        for n in names:
            for _ in range(repetitions if kind == BULK else 1):
                n, value = self.next(table, n)
                found.append((n, value))
                if value == END_OF_VIEW:
                    break
        return found

    def answer(self, request):
        message = parts(parts(request)[0][1])
        version, (kind, pdu) = message[0][1][0], message[2]
        number, _, repetitions, asked = parts(pdu)
        names = [numbers(parts(v)[0][1]) for _, v in parts(asked[1])]
        table = self.way(self.asked)
        self.asked += 1
        found = self.values(kind, table, names, repetitions[1][-1])
        status, index = 0, 0
        if version == 0:
            missing = [i for i, (_, value) in enumerate(found, 1)
                       if value in (NO_SUCH_OBJECT, END_OF_VIEW)]
            if missing:
                status, index = 2, missing[0]
                found = [(n, NULL) for n in names]
        variables = [tlv(0x30, tlv(6, oid(n)), value) for n, value in found]
        return kind, tlv(0x30, integer(version), tlv(*message[1]),
                         tlv(0xa2, tlv(*number), integer(status),
                             integer(index), tlv(0x30, *variables)))


def main():
    s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    s.bind(("::", int(sys.argv[1])))
    agent = Agent(sys.argv[2])
    print("ready", flush=True)
    while True:
        request, peer = s.recvfrom(65536)
        kind, answer = agent.answer(request)
        print("asked", peer[1], hex(kind), flush=True)
        s.sendto(answer, peer)


if __name__ == "__main__":
    main()
