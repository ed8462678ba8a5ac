# SPDX-License-Identifier: GPL-2.0-or-later
"""The TCP check that talks: send, expect, tls. Against peers that answer well,
badly, slowly, for ever, and openssl s_server with each kind of certificate."""

import os

import daemon
from daemon import service
from lab import FAMILIES, Lab, backend_addr, gw_addr, vip
from pki import Authority
from peers import connections, expect, peers, probe, target, wait_connections
from process import equal, wait_until

PING = {"send": r"PING\r\n", "expect": r"+PONG\r\n"}


def test_talk():
    """Each way to be up, and each way to be down, has its reason."""
    with Lab(backends=1) as lab:
        peers(lab, {
            6001: r"reply:+PONG\r\n", 6002: r"reply:-ERR\r\n",
            6003: r"cut:+PO", 6004: r"answer:+PO", 6005: "silent",
            6006: r"drip:+PONG\r\n", 6007: "endless:x", 6008: "refuse",
            6009: r"pieces:+PONG\r\n", 6010: r"greet:220 mail ready\r\n",
            6011: r"answer:+PONG\r\n", 6012: r"reply:+PONG\r\nand more"})
        for port in (6001, 6009, 6011, 6012):
            expect(lab, port, "tcp", "ok", **PING)
        expect(lab, 6002, "tcp", "content", **PING)
        expect(lab, 6003, "tcp", "reset", **PING)
        expect(lab, 6004, "tcp", "closed", **PING)
        for port in (6005, 6006):
            found = expect(lab, port, "tcp", "timeout", **PING)
            equal(found["ms"], 500, f"port {port}: time of the time-out")
        expect(lab, 6007, "tcp", "content", **PING)
        expect(lab, 6007, "tcp", "too-long", send="x", expect="*y")
        expect(lab, 6007, "tcp", "ok", expect="xx?x")
        expect(lab, 6008, "tcp", "reset", **PING)
        expect(lab, 6099, "tcp", "refused", **PING)
        expect(lab, 6010, "tcp", "ok", expect=r"220*\r\n")
        expect(lab, 6010, "tcp", "content", expect="250")
        expect(lab, 6010, "tcp", "timeout", expect=r"220*\r\n2")
        # only send: said is done
        expect(lab, 6005, "tcp", "ok", send=r"PING\r\n")
        expect(lab, 6099, "tcp", "refused", send=r"PING\r\n")


def states(lab, node, port):
    """The TCP states of connections to a port, as ss names them."""
    lines = lab.do(node, "ss", "-Htan", f"dport = :{port} or sport = :{port}")
    return sorted(line.split()[0] for line in lines.splitlines()
                  if not line.startswith("LISTEN"))


def test_end_is_polite_and_leaves_nothing():
    """A server that was talked to sees the end of the stream and no reset; one
    that did not answer is reset. Neither side keeps a connection."""
    with Lab(backends=1) as lab:
        lab.sysctl("b1", {"net.ipv4.tcp_max_tw_buckets": 1000})
        peer = peers(lab, {6001: r"reply:+PONG\r\n", 6002: r"reply:-ERR\r\n",
                           6005: "silent"})
        ends = {6001: "end", 6002: "end", 6005: "reset"}
        for port, how in ends.items():
            for family in FAMILIES:
                probe(lab, target(port, family), "tcp", count=5, **PING,
                      interval="200ms", timeout="100ms")
            seen = wait_connections(peer, port, 10)
            equal({(c["heard"], c["end"]) for c in seen},
                  {("PING\r\n", how)}, f"what the server on {port} saw")
            for node in ("gw", "b1"):
                wait_until(lambda n=node, p=port: not states(lab, n, p), 2,
                           f"{node} keeps no connection: {states(lab, node, port)}")


def test_plain_connections_leave_no_trace():
    """Without words nothing is accepted, nothing is kept, on either side: with
    sockets that are used again, and with such that cannot be."""
    with Lab(backends=1) as lab:
        lab.sysctl("b1", {"net.ipv4.tcp_max_tw_buckets": 1000})
        peer = peers(lab, {6020: "silent"})
        for family in FAMILIES:
            source = gw_addr(family, "back")
            for keys in ({}, {"source-address": source}, {"interface": "back"}):
                found = probe(lab, target(6020, family), "tcp", count=50, **keys)
                equal({f["reason"] for f in found}, {"ok"}, f"{keys}")
        equal(connections(peer, 6020), [], "connections that were accepted")
        for node in ("gw", "b1"):
            equal(states(lab, node, 6020), [], f"what {node} keeps")


# ---- TLS

def s_server(lab, port, pair, *options):
    """openssl s_server on b1, both families."""
    p = lab.spawn("b1", f"tls-{port}", [
        "openssl", "s_server", "-www", "-accept", str(port),
        "-cert", pair[0], "-key", pair[1], *options])
    listening = f"sport = :{port}"
    wait_until(lambda: lab.do("b1", "ss", "-Htln", listening), 10,
               f"s_server on {port}")
    return p


def certificates(lab):
    here = [f"IP:{backend_addr(f, 1)}" for f in FAMILIES]
    ca, other = Authority(lab.dir, "ca"), Authority(lab.dir, "other")
    return ca, {
        "good": ca.sign("good", here + ["DNS:good.example"]),
        "expired": ca.sign("expired", here, days=-1),
        "name": ca.sign("name", ["DNS:*.named.example"]),
        "alien": other.sign("alien", here),
        "client": ca.sign("client", ["DNS:client"])}


def test_tls_certificates():
    """Good, expired, of another name, of an unknown authority."""
    with Lab(backends=1) as lab:
        ca, certs = certificates(lab)
        for port, name in ((7001, "good"), (7002, "expired"), (7003, "name"),
                           (7004, "alien")):
            s_server(lab, port, certs[name])
        tls = {"tls": "yes", "ca-file": ca.pem, "timeout": "2s"}
        expect(lab, 7001, "tcp", "ok", **tls)
        expect(lab, 7001, "tcp", "ok", sni="good.example", **tls)
        expect(lab, 7001, "tcp", "certificate-name", sni="bad.example", **tls)
        expect(lab, 7002, "tcp", "certificate-expired", detail=10, **tls)
        expect(lab, 7003, "tcp", "certificate-name", **tls)
        expect(lab, 7003, "tcp", "ok", sni="a.named.example", **tls)
        expect(lab, 7003, "tcp", "certificate-name", sni="a.b.named.example",
               **tls)
        expect(lab, 7004, "tcp", "certificate-untrusted", **tls)
        for port in (7002, 7003, 7004):
            expect(lab, port, "tcp", "ok", tls="yes", tls_verify="no",
                   timeout="2s")
        # the system's authorities do not know ours
        expect(lab, 7001, "tcp", "certificate-untrusted", tls="yes",
               timeout="2s")
        words = {"send": r"GET / HTTP/1.0\r\n\r\n", **tls}
        expect(lab, 7001, "tcp", "ok", expect="HTTP/1.0 200", **words)
        expect(lab, 7001, "tcp", "content", expect="HTTP/1.0 404", **words)


def test_tls_handshakes():
    """A client certificate that is wanted; a protocol too old; no TLS at all."""
    with Lab(backends=1) as lab:
        ca, certs = certificates(lab)
        wants = ["-Verify", "1", "-verify_return_error", "-CAfile", ca.pem]
        s_server(lab, 7011, certs["good"], *wants)
        s_server(lab, 7012, certs["good"], *wants, "-tls1_2")
        s_server(lab, 7013, certs["good"], "-tls1_1", "-cipher",
                 "ALL:@SECLEVEL=0")
        s_server(lab, 7014, certs["good"], "-verify", "1")
        peers(lab, {7021: r"greet:220 mail ready\r\n", 7022: "silent",
                    7023: "refuse", 7024: "answer:", 7025: r"drip:\x16\x03",
                    7026: r"endless:\x16\x03\x03\x3f\xff\x02",
                    7027: f"tls-silent:{' '.join((*certs['good'], ca.pem))}"})
        tls = {"tls": "yes", "ca-file": ca.pem, "timeout": "2s"}
        for port in (7011, 7012):
            expect(lab, port, "tcp", "tls", **tls)
            pem, key = certs["client"]
            mine = {"cert-file": pem, "key-file": key}
            expect(lab, port, "tcp", "ok", **tls, **mine)
            pem, key = certs["alien"]
            mine = {"cert-file": pem, "key-file": key}
            expect(lab, port, "tcp", "tls", **tls, **mine)
        expect(lab, 7013, "tcp", "tls", **tls)
        # asked for, but not needed
        for port in (7014, 7027):
            expect(lab, port, "tcp", "ok", **{**tls, "timeout": "1500ms"})
        expect(lab, 7021, "tcp", "tls", **tls)
        expect(lab, 7022, "tcp", "timeout", **{**tls, "timeout": "300ms"})
        expect(lab, 7023, "tcp", "reset", **tls)
        expect(lab, 7024, "tcp", "closed", **tls)
        expect(lab, 7025, "tcp", "timeout", **{**tls, "timeout": "1500ms"})
        expect(lab, 7026, "tcp", "tls", **tls)
        expect(lab, 7099, "tcp", "refused", **tls)


# ---- through the daemon

def test_wrong_answer_takes_a_server_out():
    """rise and fall of a talk, and its reason in what nftlbctl shows."""
    with Lab(backends=2) as lab:
        path = os.path.join(lab.dir, "answer")
        with open(path, "w", encoding="ascii") as f:
            f.write("OK\n")
        lab.serve_all()
        peers(lab, {9001: f"file:{path}"}, "b1")
        peers(lab, {9001: r"greet:OK\n"}, "b2")
        d = daemon.start(
            lab, {"www": service(daemon.members(2, families=(4,)),
                                 address=vip(4), check="talk")},
            checks={"talk": {"type": "tcp", "port": 9001, "expect": "OK",
                             "interval": "200ms", "timeout": "150ms",
                             "rise": 2, "fall": 2}})
        d.wait_states("active")
        with open(path, "w", encoding="ascii") as f:
            f.write("loading\n")
        d.wait_state("b1", "down")
        equal(d.backend("b1")["check"]["reason"], "content", "reason")
        equal(set(lab.flow("c1", vip(4), 80, 20).all_ok("b1 out").counts()),
              {"b2"}, "who serves")
        with open(path, "w", encoding="ascii") as f:
            f.write("OK again\n")
        d.wait_state("b1", "active")


def test_tls_through_the_daemon():
    """The daemon reads the files, the confined prober shakes hands: with the
    right authority and with another one."""
    with Lab(backends=1) as lab:
        ca, certs = certificates(lab)
        lab.serve_all()
        s_server(lab, 7001, certs["good"])
        section = service(daemon.members(1, families=(4,)), address=vip(4),
                          check="tls")
        tls = {"type": "tcp", "port": 7001, "tls": "yes", "interval": "300ms",
               "timeout": "250ms", "rise": 1, "fall": 1, "start": "down",
               "ca-file": ca.pem}
        d = daemon.start(lab, {"www": section}, checks={"tls": tls})
        d.wait_state("b1", "active")
        d.write({"www": section},
                checks={"tls": {**tls, "ca-file": os.path.join(
                    lab.dir, "other.pem")}})
        d.reload()
        d.wait_state("b1", "down")
        equal(d.backend("b1")["check"]["reason"], "certificate-untrusted",
              "reason")
