# SPDX-License-Identifier: GPL-2.0-or-later
"""The UDP check against peers that answer, and that do not."""

from lab import FAMILIES, Lab
from peers import expect, peers, probe, target
from process import check, equal

OTHER_NET = {4: "10.2.77.1", 6: "2001:db8:2::77"}
NO_ROUTE = {4: "203.0.113.1", 6: "2001:db8:ff::1"}


def test_answers():
    """Each way to be up, and each way to be down, has its reason."""
    with Lab(backends=1) as lab:
        peers(lab, {5001: "udp-echo", 5002: r"udp-reply:OK\n",
                    5003: r"udp-twice:no", 5004: "udp-silent",
                    5005: r"udp-heard:empty", 5006: r"udp-reply:\x00\x01ab"})
        expect(lab, 5001, "udp", "ok", send=r"ab\x00\xffcd",
               expect=r"ab\x00?cd")
        expect(lab, 5002, "udp", "ok", send="x", expect="O*")
        expect(lab, 5002, "udp", "content", send="x", expect="NO")
        expect(lab, 5002, "udp", "content", send="x", expect=r"OK\nmore")
        # the first datagram decides
        expect(lab, 5003, "udp", "content", send="yes", expect="yes")
        expect(lab, 5006, "udp", "ok", expect=r"\0?a")
        expect(lab, 5005, "udp", "ok", expect="empty")
        expect(lab, 5004, "udp", "timeout", send="x", expect="*")
        expect(lab, 5099, "udp", "refused", send="x", expect="*")
        expect(lab, 5099, "udp", "refused", send="x")


def test_silence_is_good_without_expect():
    """Nothing expected: an answer ends the probe, silence is good at its end."""
    with Lab(backends=1) as lab:
        peers(lab, {5001: "udp-echo", 5004: "udp-silent"})
        found = expect(lab, 5001, "udp", "ok", send="x")
        check(found["ms"] < 300, f"an answer, and still {found['ms']} ms")
        found = expect(lab, 5004, "udp", "ok", send="x")
        equal(found["ms"], 500, "duration of silence")


def test_unreachable():
    """A router says that the host or the net is not there."""
    with Lab(backends=1) as lab:
        for family in FAMILIES:
            lab.ip("gw", [f"route add unreachable {NO_ROUTE[family]}"])
            for to in (NO_ROUTE[family], OTHER_NET[family]):
                # c1 asks, gw answers: by ICMP, for a neighbour that is not
                # there after its three questions
                host = f"[{to}]:53" if family == 6 else f"{to}:53"
                found = probe(lab, host, "udp", node="c1", interval="20s",
                              timeout="10s", send="x", expect="*")[0]
                equal(found["reason"], "unreachable", f"{to}")
        equal(probe(lab, target(1), "udp", node="gw", send="x")[0]["reason"],
              "refused", "a closed port of a machine that is there")
