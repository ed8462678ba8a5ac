# SPDX-License-Identifier: GPL-2.0-or-later
"""
packet-mark, conntrack-mark, dscp, priority: what tc, policy routing and others
see of the flows of a service and of one of its backends, in both directions.
"""

import json
import re

import daemon
from daemon import member, members, service
from lab import FAMILIES, IN_VM, Lab, backend_addr, client_addr, gw_addr, vip
from marks import vm
from process import check, equal, wait_until

N = 20                  # connections of a test, half of them for each backend
# marked, marked otherwise, TCP and UDP without either; the last is for ARP and
# whatever else there is
CLASSES = ("1:11", "1:12", "1:98", "1:99")


def two(option="", **keys):
    """A service of two backends; the second has an option of its own."""
    backends = members(2)
    for family in FAMILIES:
        backends[member(2, family)] += f" {option}"
    return service(backends, **keys)


def connect(lab, port=80, node="c1", proto="tcp", n=N):
    for family in FAMILIES:
        r = lab.flow(node, vip(family), port, n, proto=proto)
        r.all_ok(f"IPv{family} port {port}")


# ---- tc

# load the mark; keep the bits 0xf0; equal: the class, else none
BPF = ("5,32 0 0 4294963220,84 0 0 240,21 0 1 {mark},6 0 0 4294967295,"
       "6 0 0 0")
# load the protocol, a byte of the IP header; TCP or UDP: the class, else none
BPF_FLOWS = ("5,48 0 0 {byte},21 1 0 6,21 0 1 17,6 0 0 4294967295,6 0 0 0")
BPF_NET = 0xfff00000            # SKF_NET_OFF: the IP header


def classes(lab):
    """Classes on both sides of the gateway; what no mark or priority has put
    into one is in 1:98 if it is TCP or UDP."""
    for dev in ("front", "back"):
        lab.do("gw", "tc", "-batch", "-", input="\n".join(
            [f"qdisc add dev {dev} root handle 1: htb default 99"]
            + [f"class add dev {dev} parent 1: classid {c} htb rate 1gbit"
               for c in CLASSES]
            + [f"filter add dev {dev} parent 1: protocol {proto} prio {prio} "
               f'bpf bytecode "{BPF_FLOWS.format(byte=BPF_NET + byte)}" '
               "flowid 1:98"
               for proto, prio, byte in (("ip", 8, 9), ("ipv6", 9, 6))]) + "\n")


def filters(lab, marks):
    """Marks lead to classes: by fw, which is what people take, or by four words
    of BPF that say the same, where the kernel does not have it."""
    for dev in ("front", "back"):
        for mark, flowid in marks.items():
            how = (["handle", f"{mark:#x}/0xf0", "fw"] if IN_VM else
                   ["bpf", "bytecode", BPF.format(mark=mark)])
            lab.do("gw", "tc", "filter", "add", "dev", dev, "parent", "1:",
                   "protocol", "all", "prio", "1", *how, "flowid", flowid)


def sent(lab, dev):
    """{class: packets}."""
    shown = lab.do("gw", "tc", "-s", "class", "show", "dev", dev)
    return {c: int(n) for c, n in re.findall(
        r"^class htb (\S+) .*\n Sent \d+ bytes (\d+) pkt", shown, re.M)}


def classed(lab, port, proto="tcp", node="c1"):
    """What connections to a port send: {device: {class: packets}}."""
    before = {dev: sent(lab, dev) for dev in ("front", "back")}
    connect(lab, port, node, proto)
    wait_until(lambda: over(lab), 10, f"the connections to port {port} are over")
    return {dev: {c: n - before[dev][c] for c, n in sent(lab, dev).items()}
            for dev in before}


def over(lab):
    """Has every connection seen its last packet pass the gateway?"""
    return all("TIME_WAIT" in line or " CLOSE " in line for family in FAMILIES
               for line in lab.conntrack("-f", f"ipv{family}", "-p", "tcp"))


def half_and_half(n, words):
    """Both have about as many packets. Of connections each has exactly half;
    TCP may send an ACK more or less for each, and a datagram that was lost on a
    busy machine takes its backend's turn."""
    few, many = sorted(n)
    check(few + many >= 2 * N and many - few <= many / 4, f"{words}: {n}")


def both_classes(lab, words, devices=("front", "back"), proto="tcp",
                 node="c1"):
    """All packets of port 80 are in the two classes, half and half; none of
    others is."""
    for dev, n in classed(lab, 80, proto, node).items():
        if dev in devices:
            half_and_half((n["1:11"], n["1:12"]), f"{words}, {dev}")
            equal(n["1:98"], 0, f"{words}, {dev}: packets without class: {n}")
    for dev, n in classed(lab, 81, proto, node).items():
        equal((n["1:11"], n["1:12"]), (0, 0), f"{words}, {dev}, plain service")
        check(dev not in devices or n["1:98"] >= 2 * N, f"plain service: {n}")


def marked(lab, **keys):
    classes(lab)
    filters(lab, {0x10: "1:11", 0x20: "1:12"})
    keys.setdefault("protocol", "tcp, udp")
    daemon.start(lab, {
        "www": two("packet-mark=0x20/0xf0", packet_mark="0x10/0xf0", **keys),
        "plain": service(members(2), port=81, protocol="tcp, udp")})


def test_packet_mark_for_tc():
    with Lab(backends=2) as lab:
        lab.serve_all()
        marked(lab)
        for proto in ("tcp", "udp"):
            both_classes(lab, proto, proto=proto)


def test_packet_mark_snat():
    with Lab(backends=2) as lab:
        lab.serve_all()
        marked(lab, mode="snat")
        both_classes(lab, "snat")


def test_packet_mark_of_ranges():
    with Lab(backends=2) as lab:
        lab.serve_all()
        marked(lab, port="70-80")
        both_classes(lab, "ports 70-80")


def test_packet_mark_of_local_clients():
    with Lab(backends=2) as lab:
        lab.serve_all()
        marked(lab)
        both_classes(lab, "from the gateway", ("back",), node="gw")


def test_priority_is_a_class():
    """htb takes the class that the packet's priority names, without filter."""
    with Lab(backends=2) as lab:
        lab.serve_all()
        classes(lab)
        daemon.start(lab, {
            "www": two("priority=1:12", priority="1:11", protocol="tcp, udp"),
            "plain": service(members(2), port=81, protocol="tcp, udp")})
        for proto in ("tcp", "udp"):
            both_classes(lab, proto, proto=proto)
        both_classes(lab, "from the gateway", ("back",), node="gw")


# ---- policy routing

# What the other gateway forwards, for either side.
OTHER = """
table inet watch {
    counter to-clients {}
    counter to-backends {}
    chain forward {
        type filter hook forward priority filter
        iifname front oifname front counter name to-clients
        iifname back oifname back counter name to-backends
    }
}
"""


def counted(lab, node):
    """{name: packets} of the named counters of a node."""
    shown = json.loads(lab.nft("-j", "list", "counters", gw=node))["nftables"]
    return {o["counter"]["name"]: o["counter"]["packets"]
            for o in shown if "counter" in o}


def detour(lab):
    """Packets of mark 0x10/0xf0 go by way of gw2."""
    lab.nft("-f", "-", gw="gw2", input=OTHER)
    lab.sysctl("gw2", {"net.ipv4.conf.all.send_redirects": 0,
                       "net.ipv4.conf.front.send_redirects": 0,
                       "net.ipv4.conf.back.send_redirects": 0})
    for family in FAMILIES:
        lab.do("gw", "ip", f"-{family}", "rule", "add", "fwmark", "0x10/0xf0",
               "table", "100")
        lab.ip("gw", [
            f"route add {addr(family)}/{32 if family == 4 else 128} "
            f"via {gw_addr(family, side, 2)} dev {side} table 100"
            for side, addr in (("front", client_addr),
                               ("back", lambda f: backend_addr(f, 1)),
                               ("back", lambda f: backend_addr(f, 2)))])


def went_round(lab, port, node="c1"):
    """(packets to clients, packets to backends) that gw2 saw."""
    before = counted(lab, "gw2")
    connect(lab, port, node, n=4)
    after = counted(lab, "gw2")
    return tuple(after[k] - before[k] for k in ("to-clients", "to-backends"))


def test_packet_mark_for_routing():
    """Requests and replies of a marked service take another route."""
    with Lab(backends=2, gateways=2, vip="routed") as lab:
        lab.serve_all()
        detour(lab)
        daemon.start(lab, {
            "www": service(members(2), packet_mark="0x10/0xf0"),
            "plain": service(members(2), port=81)})
        there, back = went_round(lab, 80)
        check(there >= 16 and back >= 16, f"by way of gw2: {there}, {back}")
        _, back = went_round(lab, 80, "gw")
        check(back >= 16, f"by way of gw2, from the gateway: {back}")
        equal(went_round(lab, 81), (0, 0), "by way of gw2, plain service")


# ---- marks that others set as well

USERS = """
table inet users {
    counter as-wanted {}
    counter other {}
    chain before {
        type filter hook prerouting priority -160
        ip daddr != 0.0.0.0 jump bits-before
        ip6 daddr != :: jump bits-before
    }
    chain bits-before {
        meta mark set meta mark or 0x100
        ct mark set ct mark or 0x1000
    }
    chain behind {
        type filter hook prerouting priority -50
        meta mark set meta mark or 0x200
        ct mark set ct mark or 0x2000
    }
    chain forward {
        type filter hook forward priority filter
        meta l4proto tcp meta mark 0x315 counter name as-wanted
        meta l4proto tcp meta mark != 0x315 counter name other
    }
}
"""


def test_bits_of_others_stay():
    """We set the bits of our masks, in packets and in conntrack, and no other."""
    with Lab(backends=2) as lab:
        lab.serve_all()
        lab.nft("-f", "-", input=USERS)
        daemon.start(lab, {"www": two(
            "conntrack-mark=0x7/0xf", packet_mark="0x15/0xff",
            conntrack_mark="0x5/0xf")})
        connect(lab)
        equal(counted(lab, "gw")["other"], 0, "packets with another mark")
        check(counted(lab, "gw")["as-wanted"] >= 4 * N, "packets with the mark")
        for family in FAMILIES:
            for i, mark in ((1, 0x3005), (2, 0x3007)):
                flows = lab.conntrack("-f", f"ipv{family}", "-p", "tcp",
                                      "--reply-src", backend_addr(family, i))
                check(len(flows) >= N // 2, f"IPv{family} b{i}: {flows}")
                for line in flows:
                    check(f" mark={mark} " in line, f"b{i}: {line}")


def test_marks_come_and_go():
    """Another mark, and none, by reload: flows that are under way get it, too;
    without marks the rules are those of a service that never had any."""
    def long(**keys):
        return {"long": service(members(1, port=8081), port=81, **keys)}

    def marks():
        return {w for line in lab.conntrack("-p", "tcp", "-f", "ipv6") +
                lab.conntrack("-p", "tcp") for w in line.split()
                if w.startswith("mark=")}

    with Lab(backends=1) as lab:
        lab.serve_all()
        d = daemon.start(lab, long())
        plain = lab.ruleset()
        holds = [lab.hold("c1", vip(family), 81, 2) for family in FAMILIES]
        for mark, value in (("0x5/0xf", "mark=5"), ("0xa0/0xf0", "mark=165"),
                            ("0x0/0xff", "mark=0")):
            d.write(long(conntrack_mark=mark))
            d.reload()
            wait_until(lambda: marks() == {value}, 5, f"all flows have {value}")
        d.write(long())
        d.reload()
        equal(lab.ruleset(), plain, "the rules without marks")
        for hold in holds:
            equal([t["survived"] for t in hold.stop().transfers], [True] * 2,
                  "flows that were marked")


# ---- dscp

WATCH = """
table inet watch {{
    counter ef {{}}
    counter af21 {{}}
    counter every {{}}
    chain input {{
        type filter hook input priority filter
        tcp {side} {port} counter name every
        tcp {side} {port} ip dscp ef counter name ef
        tcp {side} {port} ip6 dscp ef counter name ef
        tcp {side} {port} ip dscp af21 counter name af21
        tcp {side} {port} ip6 dscp af21 counter name af21
    }}
}}
"""


@vm
def test_dscp_both_ways():
    """Both ends receive every packet with the code point of its backend."""
    with Lab(backends=2) as lab:
        lab.serve_all()
        for b in lab.backends:
            lab.nft("-f", "-", gw=b,
                    input=WATCH.format(side="dport", port=8080))
        lab.nft("-f", "-", gw="c1", input=WATCH.format(side="sport", port=80))
        daemon.start(lab, {"www": two("dscp=af21", dscp="ef")})
        connect(lab)
        for b, name in (("b1", "ef"), ("b2", "af21")):
            n = counted(lab, b)
            check(n["every"] >= N and n[name] == n["every"], f"{b}: {n}")
        n = counted(lab, "c1")
        equal(n["every"], n["ef"] + n["af21"], f"c1: packets without: {n}")
        half_and_half((n["ef"], n["af21"]), "c1")


# ---- one by one

def test_backends_override_field_by_field():
    """A backend's own mark does not take the service's other ones away."""
    with Lab(backends=2) as lab:
        lab.serve_all()
        classes(lab)
        filters(lab, {0x10: "1:11", 0x20: "1:12"})
        lab.nft("-f", "-", gw="c1", input=WATCH.format(side="sport", port=80))
        daemon.start(lab, {"www": two("packet-mark=0x20/0xf0", dscp="ef",
                                      packet_mark="0x10/0xf0")})
        n = classed(lab, 80)["back"]
        half_and_half((n["1:11"], n["1:12"]), "classes")
        equal(n["1:98"], 0, f"packets without class: {n}")
        n = counted(lab, "c1")
        check(n["ef"] == n["every"] >= 2 * N, f"dscp: {n}")
        equal(len(lab.conntrack("-p", "tcp", "--reply-dst", client_addr(4))),
              N, "flows")
