# SPDX-License-Identifier: GPL-2.0-or-later
"""The network of fabric.py does what its tests rely on: with rules by hand."""

from fabric import Fabric, addr, vm_addr
from lab import FAMILIES, client_addr, vip
from process import check, equal

IP = {4: "ip", 6: "ip6"}
CONNECTIONS = 60
DSR = ("tcp/0.0.0.0/80", "tcp/::/80", "tcp/0.0.0.0/81/stream",
       "tcp/::/81/stream")


def dsr_rules(lab, gw):
    """One rule a family and backend: by the hash of client and port."""
    n, rules = len(lab.backends), []
    for i, b in enumerate(lab.backends, 1):
        device = lab.way_to(i)
        for f in FAMILIES:
            rules.append(
                f"{IP[f]} daddr {vip(f)} jhash {IP[f]} saddr . tcp sport "
                f"mod {n} seed 1 {i - 1} ether saddr set {lab.mac(gw, device)} "
                f"ether daddr set {lab.mac(b, device)} fwd to {device}")
    lab.nft("-f", "-", gw=gw, input="\n".join(
        ["table netdev hand {", "chain in {", "type filter hook ingress device "
         f"{lab.way_in()} priority 0", *rules, "}", "}", ""]))


def stateless_rules(lab, gw):
    n, text = len(lab.backends), []
    for f in FAMILIES:
        text += [f"table {IP[f]} hand {{", "chain pre {",
                 "type filter hook prerouting priority -300"]
        for i in range(n):
            b = lab.backend_addr(f, i + 1)
            text += [
                f"{IP[f]} daddr {vip(f)} tcp dport 80 jhash {IP[f]} saddr . "
                f"tcp sport mod {n} seed 1 {i} notrack {IP[f]} daddr set {b} "
                "tcp dport set 8080 accept",
                f"{IP[f]} saddr {b} tcp sport 8080 notrack {IP[f]} saddr set "
                f"{vip(f)} tcp sport set 80 accept"]
        text += ["}", "}", ""]
    lab.nft("-f", "-", gw=gw, input="\n".join(text))


def balanced(lab, words, backends):
    """Connections of both families: who answered and whom he saw."""
    for f in FAMILIES:
        r = lab.flow("c1", vip(f), 80, CONNECTIONS, log=True)
        r.all_ok(f"{words} IPv{f}")
        equal({c.seen for c in r.log}, {client_addr(f)}, f"IPv{f}: client seen")
        equal(set(r.counts()), backends, f"IPv{f}: backends")


def no_answers(lab):
    """Through the gateways has come what is for services, and no answer."""
    for what in ("from", "lost"):
        equal(set(lab.gateway_sent(what).values()), {0}, f"{what} a service")
    for key, n in lab.gateway_sent("to").items():
        check(n, f"{key} has sent nothing on")


def test_direct_answers():
    with Fabric(side=1) as lab:
        lab.serve_all(*DSR)
        dsr_rules(lab, "gw")
        balanced(lab, "direct", {"b1", "b2", "b3"})
        no_answers(lab)


def test_two_gateways():
    """The router spreads flows, not packets; one goes, and comes back."""
    with Fabric(gateways=2) as lab:
        lab.serve_all(*DSR)
        for gw in lab.gateways:
            dsr_rules(lab, gw)
        balanced(lab, "two gateways", {"b1", "b2", "b3"})
        no_answers(lab)
        holds = [lab.hold("c1", vip(f), 81, 10) for f in FAMILIES]
        lab.spread(["gw2"])
        before = lab.gateway_sent("to")
        balanced(lab, "gw is away", {"b1", "b2", "b3"})
        after = lab.gateway_sent("to")
        for f in FAMILIES:
            equal(after["gw", f], before["gw", f], "packets of gw")
        lab.spread(lab.gateways)
        for h in holds:
            equal([t["reason"] for t in h.stop().transfers], [""] * 10, "ends")


def test_answers_through_the_gateway():
    with Fabric(answers="gateway", vip_on=False) as lab:
        lab.serve_all()
        lab.gro()
        stateless_rules(lab, "gw")
        balanced(lab, "stateless", {"b1", "b2", "b3"})
        check(min(lab.gateway_sent("from").values()) > 0, "no answer counted")


def test_bridge():
    with Fabric(front="bridge") as lab:
        lab.serve_all(*DSR)
        dsr_rules(lab, "gw")
        balanced(lab, "bridge", {"b1", "b2", "b3"})


def test_virtual_machines():
    """They are reached where they are; a move ends nothing."""
    with Fabric(backends=0, vms=(1, 1)) as lab:
        lab.serve("v1")
        holds = [lab.hold("c1", vm_addr(f, 1), 8081, 3) for f in FAMILIES]
        lab.migrate("v1", "h2")
        for f in FAMILIES:
            lab.flow("c1", vm_addr(f, 1), 8080, 10).all_ok("after the move")
        for h in holds:
            equal([t["reason"] for t in h.stop().transfers], [""] * 3, "ends")
