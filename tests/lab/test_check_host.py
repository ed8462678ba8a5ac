# SPDX-License-Identifier: GPL-2.0-or-later
"""
The host check: each mistake is made in a namespace, is found, and is gone once
the printed command has been run there.
"""

import json
import shlex

import daemon
import direct
from fabric import addr
from lab import Lab, backend_addr, client_addr, program, vip
from marks import vm
from test_export import Agent
from process import check, equal, wait_until


def findings(lab, *uses):
    """What the check by itself finds on gw, that is not ok."""
    p = lab.run("gw", program("tests/tools/hostcheck"), *uses)
    equal(p.returncode, 0, f"exit of hostcheck {uses}: {p.stderr}")
    return json.loads(p.stdout)


def bad(found):
    return [(f["check"], f["subject"]) for f in found if f["level"] != "ok"]


def mend(lab, found):
    """Run what is said of all that is not ok; comments are for elsewhere."""
    for f in found:
        if f["level"] != "ok":
            check(not f["mend"].startswith("#"), f"no command: {f}")
            lab.do("gw", "sh", "-ec", f["mend"])


B1 = backend_addr(4, 1)
B1_V6 = backend_addr(6, 1)

# What the host is for, what is done to it, and what must be found.
MENDED = [
    ([f"tracked=b1,{B1}"], "sysctl -w net.ipv4.ip_forward=0",
     [("forwarding", "IPv4")]),
    ([f"tracked=b1,{B1_V6}"], "sysctl -w net.ipv6.conf.all.forwarding=0",
     [("forwarding", "IPv6")]),
    ([f"stateless=b1,{B1}"], "sysctl -w net.ipv4.conf.back.forwarding=0",
     [("forwarding", "back")]),
    ([f"stateless=b1,{B1}"], "sysctl -w net.ipv4.conf.all.rp_filter=1",
     [("rp-filter", "back")]),
    ([f"stateless=b1,{B1}"], "sysctl -w net.ipv4.conf.back.rp_filter=1",
     [("rp-filter", "back")]),
    (["tunnel=front"], "sysctl -w net.ipv4.conf.front.rp_filter=2",
     [("rp-filter", "front")]),
    (["tunnel=front"], "sysctl -w net.ipv4.conf.all.rp_filter=2",
     [("rp-filter", "front")]),
    ([f"sender=gw,{B1},front"], "sysctl -w net.ipv4.conf.front.rp_filter=1",
     [("rp-filter", "front")]),
    (["front=front"], "ip link set dev front down", [("interface", "front")]),
    (["front=odd.'$x;"], "ip link add \"odd.'\\$x;\" type bridge && "
     "ip link set dev \"odd.'\\$x;\" up && "
     "ip link set dev \"odd.'\\$x;\" down",
     [("interface", "'odd.'\\''$x;'")]),
    ([f"ipip=b1,{B1}"], "ip link set dev back mtu 1500", [("mtu", "b1")]),
    ([f"ipip=b1,{B1_V6}"], "ip link set dev back mtu 1520", [("mtu", "b1")]),
    ([f"ahead=b1,{B1}", "front=front"], "ip link set dev back mtu 1400",
     [("mtu", "b1")]),
    (["uplink=back"], "ip link set dev back mtu 1500", [("mtu", "back")]),
    ([f"vm=v1,{client_addr(4)}", "uplink=back"],
     "ip link set dev front mtu 1600", [("mtu", "v1")]),
    ([f"vm=v1,{client_addr(4)}"], "sysctl -w net.netfilter.nf_conntrack_tcp_loose=0 "
     "net.netfilter.nf_conntrack_tcp_be_liberal=0",
     [("conntrack", ""), ("conntrack", "")]),
    ([f"tracked=b1,{B1}"], "sysctl -w net.netfilter.nf_conntrack_events=0",
     [("conntrack", "")]),
]


def test_mended_by_the_printed_command():
    """Large MTU to begin with; each mistake is mended before the next."""
    with Lab(backends=1) as lab:
        lab.ip("net", [f"link set {n} mtu 1600" for n in (
            "gw-back", "b1-back", "gw-front", "c1-front", "back", "front")])
        lab.ip("gw", ["link set back mtu 1600"])
        lab.sysctl("gw", {"net.netfilter.nf_conntrack_tcp_be_liberal": 1})
        for uses, mistake, wanted in MENDED:
            lab.do("gw", "sh", "-ec", mistake)
            found = findings(lab, *uses)
            if "odd" in uses[0]:    # a bridge without a port has no carrier
                equal(bad(found), wanted, f"{uses} after {mistake}")
                mend(lab, found)
                check("down" not in json.dumps(findings(lab, *uses)), "odd")
                continue
            equal(bad(found), wanted, f"{uses} after {mistake}")
            mend(lab, found)
            equal(bad(findings(lab, *uses)), [], f"{uses}, mended")


def test_mended_elsewhere():
    """What no command here can mend: it is named, and seen to be gone."""
    with Lab(backends=1) as lab:
        def found(*uses):
            return bad(findings(lab, *uses))

        equal(found("front=none0"), [("interface", "none0")], "missing")
        lab.ip("net", ["link set gw-front down"])
        wait_until(lambda: found("front=front") == [("interface", "front")],
                   5, "no carrier is found")
        lab.ip("net", ["link set gw-front up"])
        wait_until(lambda: not found("front=front"), 5, "carrier is back")

        lab.ip("gw", ["route add unreachable 10.9.0.0/16"])
        equal(found("ipip=b9,10.9.0.1"), [("route", "b9")],
              "no route")
        lab.ip("gw", ["route del unreachable 10.9.0.0/16"])
        check(("route", "b9") not in found("ipip=b9,10.9.0.1"), "a route")
        equal(found("dsr=b9,10.9.0.1"), [("on-link", "b9")], "behind a router")
        equal(found(f"dsr=b1,{B1}"), [], "on-link")

        for address, probe in ((B1, "-4"), (B1_V6, "-6")):
            lab.ip("b1", ["link set back down"])
            lab.ip("gw", ["neigh flush all"])
            lab.run("gw", "ping", probe, "-c1", "-W1", address)
            wait_until(lambda a=address: found(f"dsr=b1,{a}") ==
                       [("neighbour", "b1")], 10, f"{address} is silent")
            lab.ip("b1", ["link set back up"])
            if probe == "-6":
                lab.ip("b1", [f"addr replace {B1_V6}/64 dev back nodad"])
            wait_until(lambda a=address, p=probe: lab.run(
                "gw", "ping", p, "-c1", "-W1", a).returncode == 0,
                10, f"{address} is back")
            equal(found(f"dsr=b1,{address}"), [], "answers again")


@vm
def test_kernel_parts():
    """A kind of tunnel is said to be missing where the kernel makes none."""
    kinds = {"ipip": "ipip", "sit": "sit", "ip6_tunnel": "ip6tnl"}
    with Lab(backends=0, clients=0) as lab:
        for module, kind in kinds.items():
            made = lab.run("gw", "ip", "link", "add", f"x-{kind}", "type",
                           kind, "local", "any", "remote",
                           "2001:db8::9" if kind == "ip6tnl" else "10.9.9.9")
            wanted = [] if made.returncode == 0 else [("module", module)]
            equal(bad(findings(lab, f"module={module}")), wanted,
                  f"{module}: {made.stderr}")
        equal(bad(findings(lab, "module=nft_hash", "module=nft_fwd_netdev")),
              [], "parts of nf_tables")


def test_packets_agree():
    """A strict filter, an address of our own: packets are really dropped."""
    with Lab(backends=1) as lab:
        lab.do("gw", "nft", "-f", "-", input=f"""
table ip stateless {{
    chain in {{
        type filter hook prerouting priority -300
        ip daddr {vip(4)} tcp dport 80 notrack ip daddr set {B1} tcp dport set 8080
        ip saddr {B1} tcp sport 8080 notrack ip saddr set {vip(4)} tcp sport set 80
    }}
}}
""")
        lab.serve("b1")
        uses = [f"stateless-service=www,{vip(4)}", f"stateless=b1,{B1}"]

        def works():
            return lab.flow("c1", vip(4), 80, 2, timeout_ms=300).ok == 2

        found = findings(lab, *uses)
        equal(bad(found), [("martian", "back")], "the address is on lo")
        check(not works(), "packets pass although the check says no")
        mend(lab, found)
        check(works(), "mended, and no packet passes")
        lab.sysctl("gw", {"net.ipv4.conf.back.rp_filter": 1})
        found = findings(lab, *uses)
        equal(bad(found), [("rp-filter", "back")], "strict")
        check(not works(), "strict, and packets pass")
        mend(lab, found)
        check(works(), "loose, and no packet passes")


def test_nftlbctl_check():
    """The daemon's answer: text with commands, JSON, exit status."""
    with Lab(backends=1) as lab:
        d = daemon.start(lab, {"www": daemon.service(daemon.members(1))})
        text = d.do("check")
        check("good" in text and "To mend" not in text, f"check: {text}")
        shape = {"check", "level", "subject", "found", "mend"}
        for f in d.json("check"):
            equal(set(f), shape, "fields")
            equal(f["level"], "ok", f"{f}")
        lab.sysctl("gw", {"net.netfilter.nf_conntrack_events": 0})
        equal(d.ctl("check").returncode, 0, "exit with a warning")
        check("warning" in d.do("check"), "a warning")
        lab.sysctl("gw", {"net.ipv4.ip_forward": 0})
        p = d.ctl("check")
        equal(p.returncode, 1, f"exit with an error: {p.stdout}{p.stderr}")
        commands = [line.strip() for line in p.stdout.split("To mend it:")[1]
                    .splitlines() if line.strip()]
        equal(len(commands), 2, f"commands: {commands}")
        for command in commands:
            equal(shlex.split(command)[0], "sysctl", "a command")
            lab.do("gw", "sh", "-ec", command)
        equal(bad(d.json("check")), [], "mended")
        d.write({"www": daemon.service(daemon.members(1),
                                       scheduler="source-hash")})
        d.reload()
        equal(bad(d.json("check")), [("hash-seed", "")], "default seed")
        d.global_keys["hash-seed"] = "4711"
        d.write({"www": daemon.service(daemon.members(1),
                                       scheduler="source-hash")})
        d.reload()
        equal(bad(d.json("check")), [], "a seed of one's own")


# What is done to the gateway of the three services, and what must be found.
DIRECT = [
    ("sysctl -w net.ipv4.ip_forward=0",
     {("forwarding", "IPv4")}),
    ("sysctl -w net.ipv6.conf.all.forwarding=0", {("forwarding", "IPv6")}),
    ("sysctl -w net.ipv4.conf.back.rp_filter=1", {("rp-filter", "back")}),
    (f"ip addr add {vip(4)}/32 dev lo", {("martian", "back")}),
    ("ip link set dev back mtu 1500", {("mtu", "ipip/b1")}),
    ("ip link set dev side mtu 1400", {("mtu", "dsr/b2")}),
]


def test_check_of_direct_modes():
    """The daemon knows what each of its services needs: a mistake is named, and
    is gone once the printed command has been run."""
    with direct.STATELESS.fabric(backends=2, side=1) as lab:
        for node, sides in (("gw", ("back",)), ("rt", (
                "gw-back", "b1-back", "back"))):
            lab.ip(node, [f"link set {side} mtu 1600" for side in sides])
        lines = {"stateless": {"b1": f"{lab.backend_addr(4, 1)}:8080",
                               "b1-v6": f"[{lab.backend_addr(6, 1)}]:8080"},
                 "dsr": {"b1": lab.backend_addr(4, 1),
                         "b2": lab.backend_addr(4, 2)},
                 "ipip": {"b1": lab.backend_addr(4, 1)}}
        d = daemon.Daemon(lab)
        d.global_keys["hash-seed"] = "4711"
        d.write({mode: daemon.service(
            backends, mode=mode, port=port, address=", ".join(
                vip(f) for f in ((4, 6) if mode == "stateless" else (4,))),
            **({} if mode == "stateless" else {"interface": "front"}))
            for port, (mode, backends) in enumerate(lines.items(), 80)},
                **{"tunnel-source": addr(4, "back", 1)})
        d.start()

        def found():
            return [f for f in json.loads(d.ctl("-o", "json", "check").stdout)
                    if f["check"] != "module"]
        equal(bad(found()), [], "to begin with")
        for mistake, wanted in DIRECT:
            lab.do("gw", "sh", "-ec", mistake)
            equal(set(bad(found())), wanted, f"after {mistake}")
            mend(lab, found())
            equal(bad(found()), [], f"mended after {mistake}")


def test_hvagent_check():
    """The same of a hypervisor, over hvagent's socket."""
    with Lab(backends=1) as lab:
        lab.ip("gw", ["link set back mtu 1600"])
        a = Agent(lab)
        a.write(type="none")
        a.start()
        tunnels = lab.run("gw", "ip", "link", "show", "nlb-ipip")
        known = [] if tunnels.returncode == 0 else [
            ("interface", "nlb-ipip"), ("module", "ipip")]

        def found():
            return json.loads(a.ctl("-o", "json", "check").stdout)

        windows = [f for f in found() if "be_liberal" in (f["mend"] or "")]
        equal(bad(windows), [("conntrack", "")], "of machines that come back")
        mend(lab, windows)
        equal(bad(found()), known, "a good hypervisor")
        equal(a.ctl("check").returncode, 1 if known else 0, "exit")
        lab.sysctl("gw", {"net.ipv4.ip_forward": 0})
        equal(bad(found()), [("forwarding", "IPv4")] + known, "forwarding")
        equal(a.ctl("check").returncode, 1, "exit")
        mend(lab, [f for f in found() if f["check"] == "forwarding"])
        equal(bad(found()), known, "mended")
        if known:
            return
        lab.sysctl("gw", {"net.ipv4.conf.all.rp_filter": 1})
        equal(bad(found()), [("rp-filter", "nlb-ipip")], "rp_filter")
        mend(lab, found())
        equal(bad(found()), [], "mended")
