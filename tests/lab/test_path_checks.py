# SPDX-License-Identifier: GPL-2.0-or-later
"""Checks by way of a service whose flows nobody tracks: a packet that travels
as the clients' do finds what a direct check cannot."""

import daemon
from direct import DSR, IPIP
from fabric import FULL, Fabric, addr, vm_addr
from hvagent import Agent, binding
from lab import FAMILIES, vip
from marks import vm_needs
from process import check, equal, wait_until
from uploads import Upload, transfers

tunnels = vm_needs("ipip and ip6tnl devices")
THROUGH = {**daemon.FAST_CHECK, "timeout": "150ms", "via": "service"}
CHECKS = {"through": THROUGH, "straight": daemon.FAST_CHECK}


def states(d, service):
    """{backend: its health}, of all that there are."""
    return {b["name"]: b["health"]
            for b in d.json("show", "backends", service)}


def becomes(d, service, wanted, words, timeout_s=15):
    """`wanted` names those that are down; all others are up."""
    def seen():
        found = states(d, service)
        return {n for n, h in found.items() if h != "up"} == wanted
    wait_until(seen, timeout_s, lambda: f"{words}: {states(d, service)}")


def names(i):
    return {daemon.member(i, f) for f in FAMILIES}


def pair(mode, lab, **keys):
    """The same servers twice: checked through the path, and straight."""
    return {"through": mode.service(lab, 80, check="through", **keys),
            "straight": mode.service(lab, 81, check="straight", **keys)}


def test_dsr_without_the_address():
    """A backend that has not the service's address answers direct checks, and
    would drop what clients send."""
    with Fabric() as lab:
        DSR.serve(lab)
        lines = [f"addr {{}} {vip(f)}/{FULL[f]} dev lo" for f in FAMILIES]
        lab.ip("b2", [line.format("del") for line in lines])
        d = DSR.start(lab, pair(DSR, lab), checks=CHECKS)
        becomes(d, "through", names(2), "b2 has not the address")
        becomes(d, "straight", set(), "a direct check knows nothing of it")
        for f in FAMILIES:
            r = lab.flow("c1", vip(f), 80, 40).all_ok(f"IPv{f} without b2")
            equal(set(r.counts()), {"b1", "b3"}, "backends")
        lab.ip("b2", [line.format("add") for line in lines])
        becomes(d, "through", set(), "b2 has it again")


def test_dsr_as_clients_send():
    """Also where the gateway has the address itself and is strict about where
    packets come from: to the backend's card, for the service, from us. What nft
    lists it loads again, and a restart changes none of it."""
    with Fabric() as lab:
        DSR.serve(lab)
        lab.ip("gw", [f"addr add {vip(f)}/{FULL[f]} dev lo" for f in FAMILIES])
        lab.sysctl("gw", {"net.ipv4.conf.all.rp_filter": 1,
                          "net.ipv4.conf.back.rp_filter": 1})
        meter = ["table netdev seen {", "chain in {",
                 "type filter hook ingress device back priority 0"]
        meter += [f"{ip} daddr {vip(f)} {ip} saddr {addr(f, 'back', 1)} tcp dport "
                  f"80 tcp sport 61001-65535 counter"
                  for f, ip in ((4, "ip"), (6, "ip6"))]
        lab.nft("-f", "-", gw="b1", input="\n".join(meter + ["}", "}"]) + "\n")
        d = DSR.start(lab, {"www": DSR.service(lab, 80, check="through")},
                      checks=CHECKS)
        becomes(d, "www", set(), "all are up")
        wait_until(lambda: lab.nft("list", "table", "netdev", "seen",
                                   gw="b1").count("packets 0") == 0, 5,
                   "probes of both families")
        for t in ("ip", "ip6"):
            text = lab.nft("list", "table", t, "nftlb")
            equal(text.count('"@www/b'), 6, text)
            lab.nft("-c", "-f", "-", input=text)
        def handles():
            return [lab.nft("-a", "list", "chain", *chain) for chain in (
                ("ip", "nftlb", "probes"), ("netdev", "nftlb", "device.lo"),
                ("netdev", "nftlb6", "probe.www/b1-v6"))]
        before = handles()
        d.restart()
        becomes(d, "www", set(), "all are up after a restart")
        equal(handles(), before, "after a restart")
        d.write({"www": DSR.service(lab, 80, check="straight")}, checks=CHECKS)
        d.reload()
        for word in ("probed", "probe-", "probe.www", "device.lo"):
            check(word not in lab.ruleset(), f"{word} is left")
        becomes(d, "www", set(), "checked straight")


def tracked(lab):
    """Flows that conntrack knows on the gateway."""
    return int(lab.do("gw", "cat", "/proc/sys/net/netfilter/nf_conntrack_count"))


def test_dsr_tracks_nothing():
    """What probes need turns neither NAT nor connection tracking on; a service
    that is for NAT does, and what probes need stays."""
    with Fabric() as lab:
        DSR.serve(lab)
        www = DSR.service(lab, 80, check="through")
        d = DSR.start(lab, {"www": www}, checks=CHECKS)
        for words in ("are up", "are up after a restart"):
            becomes(d, "www", set(), words)
            for f in FAMILIES:
                lab.flow("c1", vip(f), 80, 20).all_ok(f"IPv{f}, all {words}")
            for word in ("type nat", "keeper"):
                check(word not in lab.ruleset(), f"{word}: all {words}")
            equal(tracked(lab), 0, f"flows that are tracked: all {words}")
            d.restart()
        for t in ("ip nftlb", "ip6 nftlb", "netdev nftlb", "netdev nftlb6"):
            lab.nft("add", "table", *t.split(), "{ flags dormant; }")
        wait_until(lambda: "dormant" not in lab.ruleset(), 10,
                   "tables that somebody put to sleep are awake")
        becomes(d, "www", set(), "are up when they are awake")
        check("type nat" not in lab.ruleset(), "awake, and no more than before")
        d.write({"www": www, "nat": daemon.service(port=83)}, checks=CHECKS)
        d.reload()
        check("type nat" in lab.ruleset(), "a service for NAT")
        becomes(d, "www", set(), "are up beside it")
        for f in FAMILIES:
            lab.flow("c1", vip(f), 80, 20).all_ok(f"IPv{f}, beside it")
        check(tracked(lab) > 0, "nothing is tracked")


@tunnels
def test_ipip_without_the_binding():
    """Behind a hypervisor: a VM whose binding is removed is down, though it and
    the server in it are well, and up when it is back."""
    with Fabric(backends=0, vms=(2,)) as lab:
        for v in lab.home:
            lab.serve(v)
        a = Agent(lab, "h1")
        wanted = {f"{v}-{f}": binding(f, v, 80, 8080)
                  for v in lab.home for f in FAMILIES}
        a.write(wanted)
        a.start()
        lines = {v + ("" if f == 4 else "-v6"): vm_addr(f, int(v[1:]))
                 for v in lab.home for f in FAMILIES}
        source = ", ".join(addr(f, "back", 1) for f in FAMILIES)
        d = daemon.start(lab, {"www": daemon.service(
            lines, mode="ipip", interface="front", check="through")},
            checks={"through": {**THROUGH, "interval": "1s", "timeout": "900ms"}},
            **{"tunnel-source": source})
        becomes(d, "www", set(), "all are up", 60)
        a.write({n: b for n, b in wanted.items() if not n.startswith("v2")})
        a.reload()
        becomes(d, "www", {"v2", "v2-v6"}, "v2 is bound no more", 60)
        a.write(wanted)
        a.reload()
        becomes(d, "www", set(), "v2 is bound again", 60)


# ---- what the manual says

def commands(*first_words):
    """What nftlbd.conf(5) tells operators of backends to do, of commands that
    begin like this."""
    with open("man/nftlbd.conf.5", encoding="utf-8") as f:
        text = f.read().split(".Ss Backends of direct modes\n")[1]
    lines = [line[4:] for line in text.split(".Ss ")[0].splitlines()
             if line.startswith(".Dl ")]
    found = [n for n in lines if n.startswith(first_words)]
    check(found, f"none of {first_words} in {lines}")
    return found


def do_as_told(lab, i, lines):
    """On backend i, whose addresses and router are others than the manual's."""
    ours = {"192.0.2.10": vip(4), "2001:db8::10/": vip(6) + "/",
            "10.0.0.11": addr(4, "back", 10 + i), "10.0.0.254":
            addr(4, "back", 254), "2001:db8:1::11": addr(6, "back", 10 + i),
            "2001:db8:1::fe": addr(6, "back", 254)}
    for line in lines:
        for theirs, our in ours.items():
            line = line.replace(theirs, our)
        lab.do(f"b{i}", *line.split())


def served_by_all(mode, lab, lines):
    """Backends get what the manual says while the daemon runs: none is up
    before, all of them after, and long transfers arrive."""
    lab.serve_all("tcp/0.0.0.0/80", "tcp/::/80", "tcp/0.0.0.0/90/stream",
                  "tcp/::/90/stream")
    d = mode.start(lab, {
        "www": mode.service(lab, 80, check="through"),
        "long": mode.service(lab, 90)}, checks=CHECKS)
    becomes(d, "www", names(1) | names(2) | names(3), "nobody is ready", 60)
    for i in (1, 2, 3):
        do_as_told(lab, i, lines)
    becomes(d, "www", set(), "all are as the manual says", 60)
    for f in FAMILIES:
        # who is well gets slots with the next tick
        wait_until(lambda f=f: len(lab.flow(
            "c1", vip(f), 80, 40, timeout_ms=10000).all_ok(
                f"IPv{f}").counts()) == 3, 30, f"IPv{f}: all serve")
    transfers([Upload(lab, vip(f), 90, 2**20) for f in FAMILIES
               for _ in range(3)])


def test_dsr_as_the_manual_says():
    with Fabric(vip_on=False) as lab:
        served_by_all(DSR, lab, commands("ip address", "sysctl -w net.ipv4.conf"
                                         ".all.arp"))


@tunnels
def test_ipip_as_the_manual_says():
    with Fabric(vip_on=False) as lab:
        served_by_all(IPIP, lab, commands("ip", "sysctl"))
