# SPDX-License-Identifier: GPL-2.0-or-later
"""nftlbd/net with the real kernel: neighbours, routes, tunnel devices."""

import json
import os
import subprocess
import time

import daemon
from lab import (FAMILIES, IN_VM, Lab, backend_addr, gw_addr, program, vip)
from marks import vm_needs
from process import check, equal, wait_until

NOBODY = {4: "10.2.0.99", 6: "2001:db8:2::99"}
BEHIND = {4: "203.0.113.7", 6: "2001:db8:cafe::7"}
BEHIND_NET = {4: "203.0.113.0/24", 6: "2001:db8:cafe::/48"}
NONE = "00:00:00:00:00:00"
OWNER = "labtunnels"


class Tool:
    """tests/tools/paths on a node: lines in, lines out."""

    def __init__(self, lab, node="gw", name="paths"):
        self.lab, self.node = lab, node
        path = os.path.join(lab.dir, name + ".in")
        os.mkfifo(path)
        self.process = lab.spawn(
            node, name, ["sh", "-c", f"exec {program('tests/tools/paths')} <{path}"])
        self.pipe = open(path, "w", encoding="ascii")

    def say(self, *words):
        self.pipe.write(" ".join(words) + "\n")
        self.pipe.flush()

    def lines(self, first):
        return [line for line in self.process.output().splitlines()
                if line.startswith(first)]

    def path(self, address):
        """The last word about it: [state, interface, to, from]."""
        said = self.lines(f"path {address} ")
        return said[-1].split()[2:] if said else [None] * 4

    def wait_path(self, address, state, to=None):
        wait_until(lambda: self.path(address)[0] == state and
                   to in (None, self.path(address)[2]), 20,
                   f"{address} is {state} {to}: {self.lines('path')[-6:]}")

    def wait_tunnels(self, have, want):
        wait_until(lambda: (self.lines("tunnels ") or [""])[-1].startswith(
            f"tunnels {have} of {want} "), 60,
            f"{have} of {want} tunnels: {self.lines('tunnels')[-3:]}")

    def settle(self, ms=60000):
        """Seconds that it took."""
        before = len(self.lines("settled "))
        self.say("settle", str(ms))
        said = wait_until(lambda: self.lines("settled ")[before:],
                          ms / 1000 + 10, "settled")[0].split()
        equal(said[1], "yes", "all is there")
        return float(said[2]) / 1000


def ether(lab, node, device="back"):
    return link(lab, node, device)["address"]


def link(lab, node, device):
    """What ip says of it, or None."""
    p = subprocess.run(["ip", "-n", lab.ns(node), "-d", "-j", "link", "show",
                        device], capture_output=True, text=True, check=False)
    return json.loads(p.stdout)[0] if p.returncode == 0 else None


def restless(lab, node, device="back"):
    """The kernel's knowledge grows old within a second there."""
    lab.ip(node, [f"ntable change name {table} dev {device} "
                  "base_reachable 600 delay_probe 100 ucast_probes 3"
                  for table in ("arp_cache", "ndisc_cache")])


def test_neighbour_comes_and_moves():
    """Known, silent, another ether address, gone, back: both families."""
    with Lab(backends=1) as lab:
        restless(lab, "gw")
        lab.sysctl("b1", {"net.ipv4.conf.back.arp_notify": 1,
                          "net.ipv6.conf.back.ndisc_notify": 1})
        lab.ip("gw", ["route add unreachable 192.88.99.0/24"])
        tool = Tool(lab)
        here = [backend_addr(f, 1) for f in FAMILIES]
        tool.say("neigh", *here, *NOBODY.values(), "192.88.99.1")
        for a in here:
            tool.wait_path(a, "known", ether(lab, "b1"))
            equal(tool.path(a)[1::2], ["back", ether(lab, "gw")], "its way")
        for a in NOBODY.values():
            tool.wait_path(a, "silent", NONE)
        equal(tool.path("192.88.99.1")[:2], ["no-route", "-"], "no route")
        moved = "02:00:00:00:00:77"
        lab.ip("b1", [f"link set back address {moved}"])
        for a in here:
            tool.wait_path(a, "known", moved)
        # Nobody sends anything there: that it is gone has to be asked for.
        lab.ip("net", ["link set b1-back down"])
        for a in here:
            tool.wait_path(a, "silent", NONE)
        lab.ip("net", ["link set b1-back up"])
        for a in here:
            tool.wait_path(a, "known", moved)


def test_neighbour_stays_known():
    """What grows old is asked again, and never told as anything but known."""
    with Lab(backends=1) as lab:
        restless(lab, "gw")
        tool = Tool(lab)
        a = backend_addr(4, 1)
        tool.say("neigh", a)
        tool.wait_path(a, "known")
        said = len(tool.lines("path"))

        def confirmed():
            p = subprocess.run(["ip", "-n", lab.ns("gw"), "-s", "neigh", "show",
                                a], capture_output=True, text=True, check=True)
            states.append(p.stdout.split()[-1])
            return states.count("REACHABLE") and "PROBE" in states or \
                "DELAY" in states and states[-1] == "REACHABLE"
        states = []
        wait_until(confirmed, 20, f"it is asked again: {states[-20:]}")
        equal(len(tool.lines("path")), said, "words about it")


def test_interface_goes_and_comes():
    with Lab(backends=1) as lab:
        tool = Tool(lab)
        here = [backend_addr(f, 1) for f in FAMILIES]
        tool.say("neigh", *here)
        for a in here:
            tool.wait_path(a, "known")
        lab.ip("net", ["link set gw-back down"])  # its carrier
        for a in here:
            tool.wait_path(a, "link-down", NONE)
        lab.ip("net", ["link set gw-back up"])
        for a in here:
            tool.wait_path(a, "known", ether(lab, "b1"))
        lab.ip("gw", ["link set back address 02:00:00:00:00:55"])
        wait_until(lambda: all(tool.path(a)[3] == "02:00:00:00:00:55"
                               for a in here), 10, "our own ether address")


def test_router_is_exchanged():
    """Addresses behind a router have its ether address; another router takes
    over without a moment in which nothing is known."""
    with Lab(backends=2) as lab:
        tool = Tool(lab)
        for f in FAMILIES:
            lab.ip("gw", [f"route add {BEHIND_NET[f]} via "
                          f"{backend_addr(f, 1)}"])
        tool.say("neigh", *BEHIND.values())
        for a in BEHIND.values():
            tool.wait_path(a, "known", ether(lab, "b1"))
        said = len(tool.lines("path"))
        for f in FAMILIES:
            lab.ip("gw", [f"route replace {BEHIND_NET[f]} via "
                          f"{backend_addr(f, 2)}"])
        for a in BEHIND.values():
            tool.wait_path(a, "known", ether(lab, "b2"))
        states = {line.split()[2] for line in tool.lines("path")[said:]}
        equal(states, {"known"}, "what was told")


def test_permanent_entry_stays():
    """What the operator wrote is used and left as it is."""
    with Lab(backends=1) as lab:
        lab.ip("gw", [f"neigh replace {NOBODY[4]} dev back lladdr "
                      "02:00:00:00:00:42 nud permanent"])
        tool = Tool(lab)
        tool.say("neigh", NOBODY[4], backend_addr(4, 1))
        tool.wait_path(NOBODY[4], "known", "02:00:00:00:00:42")
        tool.wait_path(backend_addr(4, 1), "known")
        p = subprocess.run(["ip", "-n", lab.ns("gw"), "neigh", "show",
                            NOBODY[4]], capture_output=True, text=True,
                           check=True)
        equal(p.stdout.split()[-1], "PERMANENT", "its state")


def test_many_neighbours():
    """Thousands of addresses: read at once, no question for each."""
    with Lab(backends=1) as lab:
        tool = Tool(lab)
        for f in FAMILIES:
            lab.ip("gw", [f"route add {BEHIND_NET[f]} via "
                          f"{backend_addr(f, 1)}"])
        many = [f"2001:db8:cafe::{i:x}" for i in range(1, 4001)]
        tool.say("neigh", *many)
        for a in (many[0], many[-1]):
            tool.wait_path(a, "known", ether(lab, "b1"))
        took_ms = float(tool.lines("neigh done")[0].split()[2])
        check(took_ms < 8000, f"4,000 addresses took {took_ms} ms")


if not IN_VM:
    def test_kernel_without_tunnels():
        """Said in words, once of each kind, and tried again."""
        with Lab(backends=1) as lab:
            tool = Tool(lab)
            tool.say("tunnels", OWNER, *pairs(1), *pairs(1, 6))

            def said():
                return [line for line in tool.process.errors().splitlines()
                        if "tunnel" in line]
            wait_until(lambda: len(said()) >= 2, 10, "what is missing")
            end = time.monotonic() + 1      # several tries
            while time.monotonic() < end:
                equal([w for line in said() for w in ("sit", "ip6tnl", "again")
                       if f"kind {w} " in line or f"made {w}" in line],
                      ["sit", "ip6tnl"], f"{said()}")
                time.sleep(0.05)


def pairs(n, family=4):
    """Local and remote addresses of n tunnels from gw."""
    remote = "10.2.{}.{}" if family == 4 else "2001:db8:2::{:x}:{:x}"
    return [word for i in range(n)
            for word in (gw_addr(family, "back"),
                         remote.format(100 + i // 250, 1 + i % 250))]


def device(tool, number=0):
    """(name, ifindex) of a tunnel, by what was said last."""
    total = int(tool.lines("tunnels ")[-1].split()[3])
    words = tool.lines("tunnel ")[-total:][number].split()
    return words[1], int(words[2])


@vm_needs("tunnel devices")
def test_tunnels_are_kept():
    """Made, found again, repaired when deleted or changed, removed."""
    with Lab(backends=1) as lab:
        tool = Tool(lab)
        tool.say("tunnels", OWNER, *pairs(1), *pairs(1, 6))
        tool.wait_tunnels(2, 2)
        first = [device(tool, i) for i in range(2)]
        for (name, index), kind in zip(first, ("sit", "ip6tnl")):
            have = link(lab, "gw", name)
            equal((have["ifindex"], have["linkinfo"]["info_kind"]),
                  (index, kind), name)
            check(have["ifalias"].startswith(OWNER + " "), have["ifalias"])
            check("UP" in have["flags"], str(have))
        again = Tool(lab, name="again")  # adopted
        again.say("tunnels", OWNER, *pairs(1), *pairs(1, 6))
        again.wait_tunnels(2, 2)
        equal([device(again, i) for i in range(2)], first, "found again")
        again.process.stop()
        name = first[0][0]
        lab.ip("gw", [f"link del {name}"])
        wait_until(lambda: link(lab, "gw", name), 10, "it is made again")
        wait_until(lambda: device(tool)[1] ==
                   (link(lab, "gw", name) or {}).get("ifindex"), 10, "and known")
        for change in ("type sit remote 10.2.9.9 local 10.2.0.1", "down",
                       "alias ''"):
            index = link(lab, "gw", name)["ifindex"]
            lab.ip("gw", [f"link set {name} {change}"])
            wait_until(lambda: is_whole(link(lab, "gw", name)), 15,
                       f"repaired after {change}: {link(lab, 'gw', name)}")
            equal(link(lab, "gw", name)["ifindex"], index, "the same device")
        lab.ip("gw", ["link add other type sit local 10.2.0.1 remote 10.2.9.8"])
        tool.say("tunnels", OWNER)
        tool.say("sweep")
        wait_until(lambda: not any(link(lab, "gw", n) for n, _ in first), 30,
                   "they are gone")
        check(link(lab, "gw", "other"), "another's device is left alone")


def is_whole(have):
    info = have["linkinfo"]["info_data"] if have else {}
    return have and "UP" in have["flags"] and \
        have.get("ifalias", "").startswith(OWNER) and \
        info.get("remote") == "10.2.100.1"


@vm_needs("tunnel devices")
def test_tunnel_in_the_way():
    """Another's device with these addresses: said, not touched, waited for."""
    with Lab(backends=1) as lab:
        local, remote = pairs(1)
        lab.ip("gw", [f"link add theirs type sit local {local} remote {remote}"])
        tool = Tool(lab)
        tool.say("tunnels", OWNER, local, remote)
        wait_until(lambda: "device theirs, which is not ours"
                   in tool.process.errors(), 20, "who is in the way")
        check(link(lab, "gw", "theirs"), "it is left alone")
        lab.ip("gw", ["link del theirs"])
        tool.wait_tunnels(1, 1)


@vm_needs("tunnel devices")
def test_many_tunnels():
    """300 devices in a time that 2,000 would fit in as well."""
    with Lab(backends=1) as lab:
        tool = Tool(lab)
        tool.say("tunnels", OWNER, *pairs(300))
        took = tool.settle()
        tool.wait_tunnels(300, 300)
        print(f"# 300 tunnels: {took:.2f} s")
        check(took < 30, f"300 tunnels took {took} s")


@vm_needs("VLAN devices")
def test_neighbour_on_vlan():
    with Lab(backends=1) as lab:
        for node, host in (("gw", 1), ("b1", 11)):
            lab.ip(node, ["link add link back name tagged type vlan id 7",
                          "link set tagged up",
                          f"addr add 10.7.0.{host}/24 dev tagged"])
        tool = Tool(lab)
        tool.say("neigh", "10.7.0.11")
        tool.wait_path("10.7.0.11", "known", ether(lab, "b1", "tagged"))
        equal(tool.path("10.7.0.11")[1], "tagged", "its interface")
        lab.ip("gw", ["link set back down"])
        wait_until(lambda: tool.lines("path 10.7.0.11 link-down tagged"), 20,
                   "its interface is down")


def direct(lab, mode, **global_keys):
    """A daemon with one service of that mode, without checks."""
    d = daemon.Daemon(lab)
    d.write({"www": daemon.service(
        daemon.members(3, port=None, families=(4,)), address=vip(4), mode=mode,
        interface="front", scheduler="source-hash")}, **global_keys)
    return d.start()


def states(d):
    return {b["name"]: (b["state"], b["slots"] > 0)
            for b in d.json("show", "backends", "www")}


def test_backend_without_neighbour():
    """Owns no slots and is down, in so many words; comes back by itself. A
    restart with known neighbours changes nothing."""
    with Lab(backends=3, vip="routed") as lab:
        restless(lab, "gw")
        d = direct(lab, "dsr")
        well = {f"b{i}": ("active", True) for i in (1, 2, 3)}
        equal(states(d), well, "at the start, without waiting")
        lab.ip("net", ["link set b2-back down"])
        wait_until(lambda: states(d) == {**well, "b2": ("down", False)}, 20,
                   "it is down")
        check("backend=b2 path: known -> no-neighbour reason=silent"
              in d.log(), d.log())
        lab.ip("net", ["link set b2-back up"])
        wait_until(lambda: states(d) == well, 40, "it is back")
        before = listed(lab)
        d.stop()
        d.start()
        equal(states(d), well, "after a restart")
        equal(listed(lab), before, "tables after a restart")


def listed(lab):
    return subprocess.run(["ip", "netns", "exec", lab.ns("gw"), "nft", "-a",
                           "list", "table", "netdev", "nftlb"],
                          capture_output=True, text=True, check=True).stdout


@vm_needs("tunnel devices")
def test_backend_without_tunnel():
    """The same of mode ipip: devices are made, repaired, and go with reload."""
    with Lab(backends=3, vip="routed") as lab:
        d = direct(lab, "ipip", **{"tunnel-source": gw_addr(4, "back")})
        well = {f"b{i}": "active" for i in (1, 2, 3)}
        equal(words(d), well, "at the start, without waiting")
        ours = tunnels_of(lab)
        equal(len(ours), 3, "devices")
        d.stop()
        d.start()
        equal((tunnels_of(lab), words(d)), (ours, well), "after a restart")
        lab.ip("gw", [f"link del {next(iter(ours))}"])
        wait_until(lambda: set(tunnels_of(lab)) == set(ours) and
                   words(d) == well, 20, "it is made again")


def words(d):
    """{backend: state}; that slots follow others show."""
    return {name: state for name, (state, _) in states(d).items()}


def tunnels_of(lab):
    """{name: ifindex} of the gateway's tunnels."""
    p = subprocess.run(["ip", "-n", lab.ns("gw"), "-j", "link", "show", "type",
                        "sit"], capture_output=True, text=True, check=True)
    return {x["ifname"]: x["ifindex"] for x in json.loads(p.stdout or "[]")
            if x and x["ifname"].startswith("nlb-")}
