# SPDX-License-Identifier: GPL-2.0-or-later
"""Limits of sources, resets, strict services, and what is logged of it: to the
packet, and until they lift."""

import math
import time

import daemon
from crafted import ACK, FIN, RST, SYN, Lines, Numbers, Seen, send
from daemon import members, service
from lab import FAMILIES, Lab, backend_addr, client_addr, vip
from marks import alone, vm
from process import check, equal, wait_until
from sockets import Crowd

ACTIONS = {"drop": "silence", "reject": "ECONNREFUSED"}


def source(f, net=1, host=1):
    """A client of the crowd: in 10.3.NET.0/24; IPv6 has one /64 of them."""
    return f"10.3.{net}.{host}" if f == 4 else f"2001:db8:3::{net}:{host}"


def ready(lab):
    """Servers, and a path to them on which no first packet has to wait."""
    lab.serve_all()
    for f in FAMILIES:
        for i in range(1, 4):
            lab.flow("c1", backend_addr(f, i), 8080, 1).all_ok("past the gateway")


class Bucket:
    """What a token bucket lets through: burst at once, and one more for each
    1/rate seconds since the first one that it did not have to refill for. Known
    to the time that passed between our looks at the clock."""

    def __init__(self, rate, burst):
        self.rate, self.burst = rate, burst

    def fill(self, crowd, f, n, **words):
        self.begun = time.monotonic()
        got = crowd.attempt(n, **words)
        self.ended = time.monotonic()
        more = math.floor((self.ended - self.begun) * self.rate)
        check(self.burst <= got <= self.burst + more,
              f"IPv{f}: {got} of {n} at once, the burst is {self.burst}")
        self.spent = got - self.burst

    def after(self, crowd, f, seconds, n, **words):
        """So long after the burst: rate * seconds more, and no others."""
        time.sleep(max(0, self.begun + seconds - time.monotonic()))
        least = time.monotonic() - self.ended
        got = crowd.attempt(n, **words)
        most = time.monotonic() - self.begun
        low = min(math.floor(least * self.rate) - self.spent, self.burst, n)
        high = math.floor(most * self.rate) - self.spent
        check(low <= got <= high, f"IPv{f}: {got} of {n} after {least:.2f}.."
              f"{most:.2f} s, wanted {low}..{high}")
        print(f"# IPv{f}: {got} after {least:.2f}..{most:.2f} s")


def new_per_source(action):
    with Lab() as lab:
        ready(lab)
        daemon.start(lab, {"www": service(
            members(3, port=8081), limit_new_per_source=2, limit_new_burst=5,
            limit_action=action)})
        for f in FAMILIES:
            c, bucket = Crowd(lab, vip(f)), Bucket(2, 5)
            bucket.fill(c, f, 9, source=source(f))
            equal({x.error for x in c.tried if x.error}, {ACTIONS[action]},
                  f"IPv{f}: what he sees")
            equal(c.attempt(3, source=source(f, 1, 2)), 3, f"IPv{f}: others")
            bucket.after(c, f, 1.75, 6, source=source(f))
            c.close()


@vm
@alone
def test_new_per_source():
    """The burst at once, then the rate; other sources do not notice."""
    new_per_source("drop")


@alone
def test_new_per_source_reject():
    new_per_source("reject")


def test_networks_are_sources():
    """limit-source = 24/64: neighbours share, others do not."""
    with Lab() as lab:
        ready(lab)
        daemon.start(lab, {"www": service(
            members(3, port=8081), limit_connections_per_source=3,
            limit_source="24/112")})
        for f in FAMILIES:
            c = Crowd(lab, vip(f))
            equal([c.attempt(1, source=source(f, 1, i)) for i in range(1, 6)],
                  [1, 1, 1, 0, 0], f"IPv{f}: neighbours")
            equal(c.attempt(5, source=source(f, 2)), 3, f"IPv{f}: another net")
            c.close()


def test_networks_are_sources_by_default():
    """limit-source = 24: that is /64 for IPv6, all of the crowd."""
    with Lab() as lab:
        ready(lab)
        daemon.start(lab, {"www": service(
            members(3, port=8081), limit_new_per_source=1, limit_new_burst=3,
            limit_source="24")})
        c = Crowd(lab, vip(6))
        begun = time.monotonic()
        got = [c.attempt(1, source=source(6, i, 1)) for i in range(1, 4)]
        equal(got, [1, 1, 1], "the burst")
        got = c.attempt(4, source=source(6, 9, 9))
        check(got <= time.monotonic() - begun, f"{got} beyond the burst")
        equal(c.attempt(1, source=client_addr(6)), 1, "another network")


@vm
def test_connections_per_source():
    """N at once and no more; for each that ends, one."""
    with Lab() as lab:
        ready(lab)
        daemon.start(lab, {"www": service(members(3, port=8081),
                                          limit_connections_per_source=4)})
        for f in FAMILIES:
            c, me = Crowd(lab, vip(f)), source(f)
            equal(c.attempt(7, source=me), 4, f"IPv{f}: at once")
            equal(c.attempt(2, source=me), 0, f"IPv{f}: beyond")
            equal(c.attempt(6, source=source(f, 1, 2)), 4, f"IPv{f}: others")
            for n in (1, 3):
                ended = [x.port() for x in c.held[:n]]
                c.close(n)
                wait_until(lambda e=ended, f=f: closed(lab, f, me, e), 10,
                           f"IPv{f}: {n} closed")
                equal(c.attempt(n + 2, source=me), n, f"IPv{f}: room for {n}")
                # those of others are last in the list: keep it so
                c.held.sort(key=lambda x: x.sock.getsockname()[0] != me)
            c.close()


def closed(lab, f, address, ports):
    family = ["-f", "ipv6"] if f == 6 else []
    listed = lab.conntrack(*family, "-p", "tcp", "--src", address)
    return all("TIME_WAIT" in line or "CLOSE " in line for line in listed
               if any(f"sport={p} " in line for p in ports))


def test_connections_per_source_reject_udp():
    with Lab() as lab:
        ready(lab)
        daemon.start(lab, {"www": service(
            protocol="udp", limit_connections_per_source=4,
            limit_action="reject")})
        for f in FAMILIES:
            c = Crowd(lab, vip(f), proto="udp")
            made = c.open(7, source=source(f), timeout_s=1)
            equal(len(c.held), 4, f"IPv{f}: at once")
            equal({x.error for x in made if x.error}, {"ECONNREFUSED"},
                  f"IPv{f}: what he sees")


@alone
def test_resets():
    """Resets beyond the limit do not reach the backend."""
    with Lab() as lab:
        ready(lab)
        daemon.start(lab, {"www": service(members(1, port=8081), limit_rst=2,
                                          limit_rst_burst=4)})
        seen = resets_seen(lab)
        total = 0
        for f in FAMILIES:
            c = Crowd(lab, vip(f))
            made = c.open(16)
            equal(len(c.held), 16, f"IPv{f}: connections")
            begun = time.monotonic()
            for x in made[:10]:
                x.reset()
            passed(lab, f)
            took = time.monotonic() - begun
            got, total = seen() - total, seen()
            check(4 <= got <= 4 + math.floor(took * 2),
                  f"IPv{f}: {got} of 10 resets in {took:.2f} s")
            time.sleep(max(0, begun + 1.25 - time.monotonic()))
            least = time.monotonic() - begun - took
            for x in made[10:]:
                x.reset()
            passed(lab, f)
            most = time.monotonic() - begun
            more, total = seen() - total, seen()
            low = min(4, math.floor(least * 2) - (got - 4))
            check(low <= more <= math.floor(most * 2),
                  f"IPv{f}: {more} of 6 resets after {least:.2f} s")


def resets_seen(lab):
    lab.nft("-f", "-", gw="b1", input="""table inet seen2 {
        counter resets { }
        chain in { type filter hook prerouting priority -400
            tcp dport 8081 tcp flags & rst == rst counter name resets
        }
        }""")

    def count():
        text = lab.nft("list", "counter", "inet", "seen2", "resets", gw="b1")
        return int(text.split("packets")[1].split()[0])
    return count


def passed(lab, f):
    """What was sent to b1 before this has arrived."""
    lab.flow("c1", backend_addr(f, 1), 8080, 1).all_ok("past the service")


def test_strict():
    """Segments of no connection do not reach the backend; those of one do."""
    with Lab() as lab:
        ready(lab)
        b1 = members(1, port=8081)
        daemon.start(lab, {"www": service(b1, strict="yes"),
                           "loose": service(members(1), port=81)})
        seen = Seen(lab, "b1", (8080, 8081))
        loose = 0
        for f in FAMILIES:
            me, to = client_addr(f), vip(f)
            c, numbers = Crowd(lab, to), Numbers(lab, "c1", f)
            c.open(1)
            equal(c.counts(), {"b1": 1}, f"IPv{f}: a good connection")
            port = c.held[0].port()
            seq, ack = numbers.of(port)
            for flags in (ACK, RST, RST | ACK, FIN | ACK, SYN | FIN):
                # far beyond its window; what is before is old, not invalid
                send(lab, "c1", me, to, port, 80, flags,
                     seq=(seq + 0x20000000) % 2**32, ack=ack)
            for sport, flags in ((2001, ACK), (2002, SYN | ACK), (2003, FIN),
                                 (2004, RST), (2005, 0), (2006, SYN | FIN),
                                 (2007, ACK | FIN)):
                send(lab, "c1", me, to, sport, 80, flags)
            send(lab, "c1", me, to, 2001, 81, ACK)
            loose += 1
            wait_until(lambda n=loose: seen.count(8080) == n, 5,
                       f"IPv{f}: the one without strict")
            equal(seen.count(8081), 0, f"IPv{f}: segments of no connection")
            said = c.held[0]
            said.heard, said.backend = b"", None
            said.sock.send(b"still here\n")
            wait_until(lambda x=said: x.read() or x.heard == b"still here\n",
                       5, f"IPv{f}: the good connection goes on")
            c.close()


def test_log_new():
    with Lab() as lab:
        ready(lab)
        daemon.start(lab, {"www": service(log="new", log_group=7)})
        lines = Lines(lab, "gw", 7)
        for f in FAMILIES:
            lab.flow("c1", vip(f), 80, 30).all_ok(f"IPv{f}")
        wait_until(lambda: len(lines.read()) >= 60, 5, "60 lines")
        equal((len(lines.read()), set(lines.read())), (60, {"nftlb www new "}),
              "lines")
        lines.close()


@alone
def test_log_drops():
    """A line for a drop, but not one for each of many."""
    with Lab() as lab:
        ready(lab)
        daemon.start(lab, {"www": service(
            members(3, port=8081), log="drops", log_group=7, log_prefix="gate",
            limit_connections_per_source=2, strict="yes")})
        for f in FAMILIES:
            lines = Lines(lab, "gw", 7)
            c = Crowd(lab, vip(f))
            begun = time.monotonic()
            equal(c.attempt(3, source=source(f)), 2, f"IPv{f}: served")
            wait_until(lines.read, 5, f"IPv{f}: a line")
            equal(lines.read(), ["gate limited "], f"IPv{f}: the line")
            equal(c.attempt(80, source=source(f)), 0, f"IPv{f}: served")
            most = 20 + math.ceil((time.monotonic() - begun) * 10)
            wait_until(lambda r=lines: len(r.read()) >= 20, 5, "the burst")
            got = lines.read()
            check(20 <= len(got) <= most, f"IPv{f}: {len(got)} lines of 81, "
                  f"wanted 20..{most}")
            send(lab, "c1", client_addr(f), vip(f), 2001, 80, ACK)
            wait_until(lambda r=lines: "gate invalid " in r.read(), 5,
                       f"IPv{f}: a line for what belongs to no connection")
            lines.close()
            c.close()
