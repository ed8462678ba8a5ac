# SPDX-License-Identifier: GPL-2.0-or-later
"""The network of fabric.py does what its tests rely on: with rules by hand."""

from fabric import Fabric, addr, hypervisor_addr, vm_addr
from lab import FAMILIES, client_addr, vip
from marks import vm, vm_needs
from process import check, equal

IP = {4: "ip", 6: "ip6"}
TUNNEL = {4: "ipip", 6: "ip6tnl mode ip6ip6 encaplimit none"}
EXTERNAL = {4: "ipip external", 6: "ip6tnl mode ip6ip6 external"}
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


@vm
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


@vm_needs("ipip and ip6tnl devices")
def test_tunnels():
    """Clients' packets travel in packets to the backends' own addresses."""
    with Fabric(backends=2) as lab:
        lab.serve_all(*DSR)
        rules = []
        for i, b in enumerate(lab.backends):
            lab.ip("gw", [line for f in FAMILIES for line in (
                f"link add t{i}-{f} type {TUNNEL[f]} local {addr(f, 'back', 1)} "
                f"remote {lab.backend_addr(f, i + 1)}", f"link set t{i}-{f} up")])
            lab.ip(b, ["link set tunl0 up", "link set ip6tnl0 up"])
            lab.sysctl(b, {"net.ipv4.conf.tunl0.rp_filter": 0})
            rules += [
                f"{IP[f]} daddr {vip(f)} jhash {IP[f]} saddr . tcp sport mod 2 "
                f"seed 1 {i} fwd {IP[f]} to {vip(f)} device t{i}-{f}"
                for f in FAMILIES]
        lab.nft("-f", "-", input="\n".join(
            ["table netdev hand {", "chain in {", "type filter hook ingress "
             "device front priority 0", *rules, "}", "}", ""]))
        balanced(lab, "tunnels", {"b1", "b2"})
        equal(set(lab.gateway_sent("from").values()), {0}, "answers by gw")
        for f, n in lab.gateway_sent("tunnel").items():
            check(n > CONNECTIONS, f"IPv{f}: {n} packets in tunnels")


@vm_needs("vlan devices")
def test_vlan():
    with Fabric(back="vlan", front="bridge") as lab:
        lab.serve_all(*DSR)
        dsr_rules(lab, "gw")
        balanced(lab, "vlan", {"b1", "b2", "b3"})
        no_answers(lab)


@vm
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


def hypervisor_rules(lab, h):
    """Packets in tunnels from the gateway, to any VM: to the VM's server."""
    text = []
    for f in FAMILIES:
        device, inner = f"tun{f}", {4: 4, 6: 41}[f]
        here = hypervisor_addr(f, int(h[1:]))
        lab.ip(h, [f"link add {device} type {EXTERNAL[f]}",
                   f"link set {device} up"])
        vms = [(int(v[1:]), vm_addr(f, int(v[1:]))) for v in lab.home]
        marks = ", ".join(f"{a} : {i}" for i, a in vms)
        to = ", ".join(f"{i} : {a} . 8080" for i, a in vms)
        text += [
            f"table {IP[f]} hand {{", "chain outer {",
            "type filter hook prerouting priority -300",
            f"meta l4proto {inner} {IP[f]} saddr {addr(f, 'back', 1)} "
            f"meta mark set {IP[f]} daddr map {{ {marks} }} "
            f"{IP[f]} daddr set {here} notrack", "}",
            "chain inner {", "type nat hook prerouting priority -100",
            f'iifname "{device}" {IP[f]} daddr {vip(f)} tcp dport 80 '
            f"dnat to meta mark map {{ {to} }}", "}", "}", ""]
    lab.sysctl(h, {"net.ipv4.conf.tun4.rp_filter": 0})
    lab.nft("-f", "-", gw=h, input="\n".join(text))


@vm_needs("ipip and ip6tnl devices")
def test_hypervisors():
    """From gateway to VM by way of its hypervisor, and straight back."""
    with Fabric(backends=0, vms=(1, 1)) as lab:
        rules = []
        for i, v in enumerate(lab.home):
            lab.serve(v)
            lab.ip("gw", [line for f in FAMILIES for line in (
                f"link add t{i}-{f} type {TUNNEL[f]} local {addr(f, 'back', 1)} "
                f"remote {vm_addr(f, i + 1)}", f"link set t{i}-{f} up")])
            rules += [
                f"{IP[f]} daddr {vip(f)} jhash {IP[f]} saddr . tcp sport mod 2 "
                f"seed 1 {i} fwd {IP[f]} to {vip(f)} device t{i}-{f}"
                for f in FAMILIES]
        lab.nft("-f", "-", input="\n".join(
            ["table netdev hand {", "chain in {", "type filter hook ingress "
             "device front priority 0", *rules, "}", "}", ""]))
        for h in lab.hypervisors:
            hypervisor_rules(lab, h)
        balanced(lab, "hypervisors", {"v1", "v2"})
        lab.migrate("v1", "h2")
        balanced(lab, "after a move", {"v1", "v2"})
        equal(set(lab.gateway_sent("from").values()), {0}, "answers by gw")
