#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""
./lab bench packets: what a packet costs in each mode, in the kernel's
instructions, beside IPVS of the same kernel, with 1, 100 and 1,000 services
(--services: other numbers), and the modes that track nothing with one service of
IPv6. The network, the generator and the clock are those of bench rules; what
the generator costs is subtracted.

"forgets": with session-cache = 0 each packet finds its slot's backend.
established: eight flows, over and over; new flow: each packet is a flow that
nobody has seen (of IPv6 one of 50 is: the generator has one source). The
smallest of three runs counts, after one that does not. A mode that this build
refuses is said to be refused and not measured.

All of it is UDP, which is all that the kernel's generator sends. To our rules a
SYN is a packet like others: it costs what the first one of UDP does.
"""

import argparse
import os
import re
import sys
import tempfile
import time

import rules as lab
from rules import BACKENDS, VIP, run

COUNT = 2000    # packets a run
PEERS = {"IPVS TUN mh": ("mh", "-i"), "IPVS DR rr": ("rr", "-g"),
         "IPVS NAT rr": ("rr", "-m")}
FORGETS = "session-cache = 0"
# mode, more keys, whom it is compared with, goals: established, new flow
MODES = (("stateless", "", "IPVS NAT rr", None, None),
         ("stateless", "interface = gwc", "IPVS NAT rr", 0.9, 0.75),
         ("dsr", "interface = gwc", "IPVS DR rr", 0.7, 0.75),
         ("ipip", "interface = gwc", "IPVS TUN mh", 0.85, 0.75),
         ("stateless", f"interface = gwc\n{FORGETS}", "IPVS NAT rr", None, 0.75),
         ("dsr", f"interface = gwc\n{FORGETS}", "IPVS DR rr", None, 0.75),
         ("ipip", f"interface = gwc\n{FORGETS}", "IPVS TUN mh", None, 0.75),
         ("dnat", "", "IPVS NAT rr", None, None),
         ("dnat", "offload = yes", "IPVS NAT rr", 0.5, None))
DIRECT = ("stateless", "dsr", "ipip")
FLAT = 0.05
# Where pktgen's mark is behind the start of what is in the (outer) IP packet.
MARK, MARK_IN_TUNNEL = 64, {4: 224, 6: 384}
VIPS = {4: VIP, 6: "2001:db8::10"}
# the gateway's (254) and the backends' addresses
BACK = {4: "10.0.2.{}", 6: "2001:db8:2::{}"}
EST = {4: ("10.1.0.1", "10.1.0.1", (1024, 1032), False),
       6: ("2001:db8:1::1", None, (1024, 1032), False)}
NEW = {4: ("10.1.1.0", "10.1.1.254", (1024, 60000), True),
       6: ("2001:db8:1::1", None, (1024, 65000), True)}
DROP = """
table netdev bench {{
    chain ingress {{
        type filter hook ingress device {dev} priority 0
        @th,{at},32 0xbe9be955 counter drop
    }}
}}
"""


def address(i):
    """Of service i; the first is the one that gets packets."""
    return f"198.18.{i // 250}.{i % 250 + 1}" if i else VIP


def network6():
    """The same addresses of IPv6."""
    for node, dev, addr in (("gw", "gwc", "2001:db8:1::254/64"),
                            ("gw", "gwb", "2001:db8:2::254/64"),
                            ("bk", "b0", "2001:db8:2::1/64")):
        run("ip", "-n", node, "addr", "add", addr, "dev", dev, "nodad")
    run("sysctl", "-qw", "net.ipv6.conf.all.forwarding=1", ns="gw")
    mac = run("cat", "/sys/class/net/b0/address", ns="bk").strip()
    for i in range(BACKENDS):
        run("ip", "-n", "gw", "neigh", "replace", BACK[6].format(i + 1),
            "lladdr", mac, "dev", "gwb", "nud", "permanent")


def count_at(bits):
    """What arrives is counted and dropped; of tunnels, behind two headers."""
    run("nft", "flush", "ruleset", ns="bk")
    run("nft", "-f", "-", ns="bk", input=DROP.format(dev="b0", at=bits))


class Meter:
    """Instructions a packet, of IPv4 or IPv6."""

    def __init__(self, family):
        self.family = family
        self.hows = EST[family], NEW[family]
        run("nft", "-f", "-", ns="gw", input=DROP.format(dev="gwc", at=MARK))
        self.base = {how: min(lab.generate(COUNT, VIPS[family], *how)
                              for _ in range(3)) for how in self.hows}
        run("nft", "flush", "ruleset", ns="gw")

    def arrives(self):
        """The path is there: neighbours are known, tunnels are up."""
        end = time.monotonic() + 60
        while time.monotonic() < end:
            before = lab.arrived()
            lab.generate(10, VIPS[self.family], *self.hows[0])
            if lab.arrived() == before + 10:
                return True
            time.sleep(0.2)
        return False

    def one(self, name, how):
        before = lab.arrived()
        cost = lab.generate(COUNT, VIPS[self.family], *how) - self.base[how]
        lost = COUNT - (lab.arrived() - before)
        if lost > COUNT / 1000:
            print(f"  ({name}: {lost} of {COUNT} did not arrive)")
        return cost

    def both(self, name, answers):
        """(established, new flow); answers: flows need them to be known."""
        found = []
        for how in self.hows:
            costs = []
            for _ in range(4):
                run("conntrack", "-F", ns="gw")
                if answers and how is self.hows[0]:
                    lab.warm_up(VIP)
                costs.append(self.one(name, how))
            found.append(min(costs[1:]))
        return found


# ---- ours

class Gateway(lab.Daemon):
    """nftlbd with many services of one mode."""

    def write_mode(self, mode, keys, services, family):
        text = [f"[global]\ncontrol-socket = {self.socket}\n"
                f"state-dir = {self.dir}/state\nuser = nobody"]
        if "offload" in keys:
            text.append("offload-interfaces = gwc, gwb")
        if mode == "ipip":
            text.append(f"tunnel-source = {BACK[family].format(254)}")
        for i in range(services):
            vip = address(i) if family == 4 else VIPS[6]
            text += [f"[service s{i}]", f"address = {vip}",
                     "protocol = udp", "port = 80", f"mode = {mode}", keys]
            # buckets for 65,536 are 1 MB from the start, and are not filled
            if i and mode in DIRECT and FORGETS not in keys:
                text.append("session-cache = 256")
            port = "" if mode in ("dsr", "ipip") else f":{8080 + i}"
            ends = [BACK[family].format(b + 1) for b in range(BACKENDS)]
            if port and family == 6:
                ends = [f"[{end}]" for end in ends]
            text += [f"backend.b{b + 1} = {end}{port}"
                     for b, end in enumerate(ends)]
        lab.write(self.conf, "\n".join(text) + "\n")

    def refusal(self):
        """Why this build does not take the file; None: it does."""
        p = lab.subprocess.run(
            [os.path.join(self.build, "nftlbd/nftlbd"), "-t", "-c", self.conf],
            capture_output=True, text=True, check=False)
        if not p.returncode:
            return None
        lines = (p.stderr + p.stdout).splitlines()
        return re.sub(r"^.*?(\[service)", r"\1", lines[0])

    def measured(self, meter, name, mode, offload):
        self.start()
        try:
            if not meter.arrives():
                print(f"  {name}: packets do not arrive")
                return None
            self.process.send_signal(lab.signal.SIGSTOP)
            return meter.both(name, mode == "dnat" or offload)
        finally:
            self.process.send_signal(lab.signal.SIGCONT)
            self.stop()


def ours(meter, services, peers, only):
    """services: numbers of them; IPv6 is measured with one."""
    rows, family = [], meter.family
    for mode, keys, peer, *goals in MODES:
        if only not in (None, mode) or (family == 6 and mode not in DIRECT):
            continue
        offload = "offload" in keys
        name = mode + (" + offload" if offload else
                       " + interface" if mode == "stateless" and keys else
                       "") + (", forgets" if FORGETS in keys else
                              "") + words(family)
        count_at(MARK_IN_TUNNEL[family] if mode == "ipip" else MARK)
        found = {}
        for n in services:
            with tempfile.TemporaryDirectory(prefix="nftlb-bench-") as d:
                os.chmod(d, 0o755)
                gateway = Gateway(d)
                gateway.write_mode(mode, keys, n, family)
                why = gateway.refusal()
                if why:
                    print(f"  {name:<31}{n:>6}  refused: {why}", flush=True)
                    break
                found[n] = gateway.measured(meter, name, mode, offload)
            if found[n]:
                print_row(name, n, found[n], peers[peer][n], goals)
        rows.append((name, {n: v for n, v in found.items() if v}))
    return rows


# ---- IPVS

def words(family):
    return ", IPv6" if family == 6 else ""


def ipvs(meter, name, services):
    scheduler, how = PEERS[name]
    family = meter.family
    # a connection outlives its service, and keeps its way of forwarding
    run("modprobe", "-r", "ip_vs_rr", "ip_vs_mh", "ip_vs")
    run("modprobe", "-a", "ip_vs", "ip_vs_rr", "ip_vs_mh")
    port = 8080 if how == "-m" else 80
    lines = []
    brackets = "[{}]" if family == 6 else "{}"
    for i in range(services):
        at = brackets.format(address(i) if family == 4 else VIPS[6])
        lines.append(f"-A -u {at}:80 -s {scheduler}")
        lines += [f"-a -u {at}:80 -r "
                  f"{brackets.format(BACK[family].format(b + 1))}:{port} {how}"
                  for b in range(BACKENDS)]
    run("ipvsadm", "-R", ns="gw", input="\n".join(lines) + "\n")
    own = f"{VIPS[family]}/{128 if family == 6 else 32}"
    run("ip", "-n", "gw", "addr", "add", own, "dev", "lo",
        *(["nodad"] if family == 6 else []))
    count_at(MARK_IN_TUNNEL[family] if how == "-i" else MARK)
    found = meter.both(name, False) if meter.arrives() else None
    run("ip", "-n", "gw", "addr", "del", own, "dev", "lo")
    run("ipvsadm", "-C", ns="gw")
    if not found:
        sys.exit(f"packets: {name}: packets do not arrive")
    print_row(name + words(family), services, found)
    return found


# ---- the table

def print_head():
    print(f"  {'instructions a packet':<31}{'services':>6}"
          f"{'established':>14}{'':>24}{'new flow':>12}", flush=True)


def cell(value, peer, goal):
    if peer is None:
        return f"{value:>12,.0f}{'':<22}"
    text = f"{value:>12,.0f}  {value / peer:.2f} x"
    if goal:
        text += f", goal {goal} {'met' if value <= goal * peer else 'MISSED'}"
    return f"{text:<36}"


def print_row(name, services, found, peer=(None, None), goals=(None, None)):
    print(f"  {name:<31}{services:>6}" + "".join(
        cell(*of) for of in zip(found, peer, goals)).rstrip(), flush=True)


def print_flat(rows):
    for name, found in rows:
        if len(found) < 2:
            continue
        for i, what in enumerate(("established", "new flow")):
            values = [v[i] for v in found.values()]
            spread = max(values) / min(values) - 1
            print(f"  {name}, {what}: within {spread:.1%} from "
                  f"{min(found):,} to {max(found):,} services, goal "
                  f"{FLAT:.0%} {'met' if spread <= FLAT else 'MISSED'}")


def measure6(only):
    used = {peer for mode, _, peer, *_ in MODES
            if mode in DIRECT and only in (None, mode)}
    if not used:
        return
    meter = Meter(6)
    ours(meter, [1], {p: {1: ipvs(meter, p, 1)} for p in sorted(used)}, only)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--services", metavar="N,N", default="1,100,1000")
    parser.add_argument("--mode", choices=[m[0] for m in MODES],
                        help="this one only")
    args = parser.parse_args()
    if not os.environ.get("NFTLB_VM"):
        sys.exit("packets: ./lab bench packets runs it in the virtual machine")
    services = [int(n) for n in args.services.split(",")]
    run("modprobe", "-a", "ip_vs_mh", "ipip", "ip6_tunnel", "nft_fwd_netdev")
    lab.network()
    network6()
    echo = lab.echo_servers()
    try:
        meter = Meter(4)
        print_head()
        ipvs(meter, "IPVS DR rr", 1)    # memory that the kernel keeps is made
        ipvs(meter, "IPVS TUN mh", 1)   # once: not counted
        print("  (now for good)")
        used = [name for name in PEERS if any(
            m[2] == name for m in MODES if args.mode in (None, m[0]))]
        peers = {name: {n: ipvs(meter, name, n) for n in services}
                 for name in used}
        print_flat(ours(meter, services, peers, args.mode))
        measure6(args.mode)
    finally:
        echo.kill()
        echo.wait()
    return 0


if __name__ == "__main__":
    sys.exit(main())
