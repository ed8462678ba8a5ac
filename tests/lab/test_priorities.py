# SPDX-License-Identifier: GPL-2.0-or-later
"""
Users' own tables beside ours: chains at the priorities that nftlbd.conf(5)
names see what it says that they see; and ours move when they are told to.
"""

import re

import daemon
from daemon import members, service
from lab import CONNECT_MS, FAMILIES, Lab, backend_addr, vip
from process import check, equal

N = 10
# Something of each kind: all five of our priorities have a chain.
EVERYTHING = {"strict": "yes", "counters": "yes", "packet_mark": "0x1/0xf",
              "priority": "1:10", "mode": "snat"}
HOOKS = {"guard-priority": "prerouting", "dstnat-priority": "prerouting",
         "packet-priority": "prerouting", "srcnat-priority": "postrouting",
         "egress-priority": "postrouting"}


def users(lab, text):
    """A table of the user's; PREROUTING(n) begins a chain at that priority."""
    text = re.sub(r"(\w+)\((-?\d+)\)", lambda m: (
        f"chain {m[1]}{m[2].replace('-', 'm')} {{\n type filter hook {m[1]} "
        f"priority {m[2]}\n"), text)
    lab.nft("-f", "-", input=f"table inet users {{\n{text}\n}}\n")


def seen(lab, name):
    """Has the user's counter of this name counted anything?"""
    shown = lab.nft("list", "counter", "inet", "users", name)
    return int(re.search(r"packets (\d+)", shown)[1]) > 0


def destination_rules(family):
    """Counters of two destinations: the service's and the backend's."""
    ip = "ip" if family == 4 else "ip6"
    return (f"{ip} daddr {vip(family)} tcp dport 80 counter name {{0}}-vip\n"
            f"{ip} daddr {backend_addr(family, 1)} tcp dport 8080 "
            "counter name {0}-backend\n")


def test_who_sees_which_address():
    """Below -100 the service's, above the backend's, wherever our chain is."""
    places = {"raw": "prerouting(-300)", "mangle": "prerouting(-150)",
              "before": "prerouting(-101)", "behind": "prerouting(-99)",
              "forward": "forward(0)", "post": "postrouting(0)"}
    for family, ours in ((4, {}), (6, {}), (4, {"dstnat-priority": -140})):
        with Lab(backends=1) as lab:
            lab.serve_all()
            rules = destination_rules(family)
            users(lab, "".join(
                f"counter {n}-vip {{}}\ncounter {n}-backend {{}}\n"
                for n in places) + "".join(
                f"{where}\n{rules.format(n)}}}\n"
                for n, where in places.items()))
            daemon.start(lab, {"www": service(members(1))}, **ours)
            lab.flow("c1", vip(family), 80, N).all_ok(f"IPv{family}")
            for n in places:
                early = n in ("raw", "mangle", "before")
                equal((seen(lab, f"{n}-vip"), seen(lab, f"{n}-backend")),
                      (early, not early), f"IPv{family} {n}: vip, backend")


def test_notrack_before_conntrack():
    """What a user keeps from conntrack is not balanced, and nothing else."""
    with Lab(backends=1) as lab:
        lab.serve_all()
        users(lab, "prerouting(-300)\n tcp dport 81 notrack\n}")
        daemon.start(lab, {"www": service(members(1), port="80, 81")})
        for family in FAMILIES:
            lab.flow("c1", vip(family), 80, N).all_ok("tracked")
            r = lab.flow("c1", vip(family), 81, 1, timeout_ms=300)
            equal(r.ok, 0, "not tracked")


def test_drop_in_forward():
    """A user's drop holds for what we have translated: by its new address."""
    with Lab(backends=2) as lab:
        lab.serve_all()
        users(lab, "forward(0)\n"
              f"ip daddr {backend_addr(4, 2)} drop\n"
              f"ip6 daddr {backend_addr(6, 2)} drop\n}}")
        daemon.start(lab, {"www": service(members(2))})
        for family in FAMILIES:
            r = lab.flow("c1", vip(family), 80, 4,
                         timeout_ms=min(CONNECT_MS, 500))
            equal(r.counts(), {"b1": 2}, f"IPv{family}")


def test_accept_is_not_the_end():
    """A user's accept before our chain does not keep a packet from it."""
    with Lab(backends=1) as lab:
        lab.serve_all()
        users(lab, "prerouting(-150)\n tcp dport 80 accept\n}")
        daemon.start(lab, {"www": service(members(1))})
        for family in FAMILIES:
            lab.flow("c1", vip(family), 80, N).all_ok(f"IPv{family}")


def own_dnat(lab, priority):
    """A user's own DNAT of the service's address, to b2."""
    lab.nft("-f", "-", input=f"""
table inet users {{
    chain mine {{
        type nat hook prerouting priority {priority}
        ip daddr {vip(4)} tcp dport 80 dnat ip to {backend_addr(4, 2)}:8080
        ip6 daddr {vip(6)} tcp dport 80 dnat ip6 to [{backend_addr(6, 2)}]:8080
    }}
}}
""")


def lands_at(lab, backend, words):
    for family in FAMILIES:
        r = lab.flow("c1", vip(family), 80, N).all_ok(words)
        equal(r.counts(), {backend: N}, f"IPv{family}: {words}")


def test_first_dnat_wins():
    """... and who is first is a matter of dstnat-priority, also by reload."""
    with Lab(backends=2) as lab:
        lab.serve_all()
        own_dnat(lab, -110)
        services = {"www": service(members(1))}
        d = daemon.start(lab, services)
        lands_at(lab, "b2", "the user's at -110, ours at -100")
        d.write(services, **{"dstnat-priority": -120})
        d.reload()
        lands_at(lab, "b1", "the user's at -110, ours at -120")
        d.write(services, **{"dstnat-priority": -105})
        d.restart()
        lands_at(lab, "b2", "the user's at -110, ours at -105, after a restart")


def stands(lab, priorities):
    """Each of our tables has chains at these priorities, in their hooks."""
    for table in ("ip", "ip6"):
        text = lab.nft("-y", "list", "table", table, "nftlb")
        at = set(re.findall(r"hook (\w+) priority (-?\d+)", text))
        for key, number in priorities.items():
            check((HOOKS[key], str(number)) in at, f"{table} {key}: {at}")
        wanted = set(map(str, priorities.values()))
        wanted.add(str(priorities["packet-priority"] + 1))
        equal({n for _, n in at} - wanted, set(), f"{table}: other priorities")


def test_reload_moves_our_chains():
    """While flows come and go: none is lost, old ones go on, nothing is left."""
    places = [(-150, -100, -90, 100, -150), (-170, -120, -80, 90, -160),
              (-101, -20, 10, 150, 200), (-150, -100, -90, 100, -150)]
    with Lab(backends=2) as lab:
        lab.serve_all()
        services = {
            "www": service(members(2), **EVERYTHING),
            "long": service(members(2, port=8081), port=81, **EVERYTHING)}
        d = daemon.start(lab, services)
        old = [lab.hold("c1", vip(f), 81, 4) for f in FAMILIES]
        coming = [lab.flow_start("c1", vip(f), 80, n=0, seconds=60,
                                 interval_ms=1) for f in FAMILIES]
        for numbers in places:
            priorities = dict(zip(HOOKS, numbers))
            d.write(services, **priorities)
            d.reload()
            stands(lab, priorities)
            lab.flow("c1", vip(4), 80, N).all_ok(f"{numbers}")
        for r in coming:
            r = r.stop().all_ok("new flows")
            check(r.ok > 20, f"only {r.ok} new flows")
        for r in old:
            told = r.stop().transfers
            equal([t["survived"] for t in told], [True] * 4, "old flows")
