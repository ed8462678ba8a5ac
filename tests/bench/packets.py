#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""
./lab bench packets: what a packet costs in each mode, in the kernel's
instructions, beside IPVS of the same kernel, with 1, 100 and 1,000 services
(--services: other numbers). The network, the generator and the clock are those
of bench rules; what the generator costs is subtracted.

established: eight flows, over and over; new flow: each packet is a flow that
nobody has seen. The smallest of three runs counts, after one that does not. A
mode that this build refuses is said to be refused and not measured.
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
# mode, more keys, whom it is compared with, goals: established, new flow
MODES = (("stateless", "", "IPVS NAT rr", None, None),
         ("stateless", "interface = gwc", "IPVS NAT rr", 0.9, 0.75),
         ("dsr", "interface = gwc", "IPVS DR rr", 0.7, 0.75),
         ("ipip", "interface = gwc", "IPVS TUN mh", 0.85, 0.75),
         ("dnat", "", "IPVS NAT rr", None, None),
         ("dnat", "offload = yes", "IPVS NAT rr", 0.5, None))
DIRECT = ("stateless", "dsr", "ipip")
FLAT = 0.05
# Where pktgen's mark is behind the start of what is in the (outer) IP packet.
MARK, MARK_IN_TUNNEL = 64, 224
EST = ("10.1.0.1", "10.1.0.1", (1024, 1032), False)
NEW = ("10.1.1.0", "10.1.1.254", (1024, 60000), True)
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


def count_at(bits):
    """What arrives is counted and dropped; of tunnels, behind two headers."""
    run("nft", "flush", "ruleset", ns="bk")
    run("nft", "-f", "-", ns="bk", input=DROP.format(dev="b0", at=bits))


class Meter:
    """Instructions a packet."""

    def __init__(self):
        run("nft", "-f", "-", ns="gw", input=DROP.format(dev="gwc", at=MARK))
        self.base = {how: min(lab.generate(COUNT, VIP, *how)
                              for _ in range(3)) for how in (EST, NEW)}
        run("nft", "flush", "ruleset", ns="gw")

    def one(self, name, how):
        before = lab.arrived()
        cost = lab.generate(COUNT, VIP, *how) - self.base[how]
        lost = COUNT - (lab.arrived() - before)
        if lost > COUNT / 1000:
            print(f"  ({name}: {lost} of {COUNT} did not arrive)")
        return cost

    def both(self, name, answers):
        """(established, new flow); answers: flows need them to be known."""
        found = []
        for how in (EST, NEW):
            costs = []
            for _ in range(4):
                run("conntrack", "-F", ns="gw")
                if answers and how is EST:
                    lab.warm_up(VIP)
                costs.append(self.one(name, how))
            found.append(min(costs[1:]))
        return found


def arrives():
    """The path is there: neighbours are known, tunnels are up."""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        before = lab.arrived()
        lab.generate(10, VIP, *EST)
        if lab.arrived() == before + 10:
            return True
        time.sleep(0.2)
    return False


# ---- ours

class Gateway(lab.Daemon):
    """nftlbd with many services of one mode."""

    def write_mode(self, mode, keys, services):
        text = [f"[global]\ncontrol-socket = {self.socket}\n"
                f"state-dir = {self.dir}/state\nuser = nobody"]
        if mode == "ipip":
            text.append("tunnel-source = 10.0.2.254")
        for i in range(services):
            text += [f"[service s{i}]", f"address = {address(i)}",
                     "protocol = udp", "port = 80", f"mode = {mode}", keys]
            # buckets for 65,536 are 1 MB from the start, and are not filled
            if i and mode in DIRECT:
                text.append("session-cache = 256")
            port = "" if mode in ("dsr", "ipip") else f":{8080 + i}"
            text += [f"backend.b{b + 1} = 10.0.2.{b + 1}{port}"
                     for b in range(BACKENDS)]
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
            if not arrives():
                print(f"  {name}: packets do not arrive")
                return None
            self.process.send_signal(lab.signal.SIGSTOP)
            return meter.both(name, mode == "dnat" or offload)
        finally:
            self.process.send_signal(lab.signal.SIGCONT)
            self.stop()


def ours(meter, services, peers, only):
    rows = []
    for mode, keys, peer, *goals in MODES:
        if only not in (None, mode):
            continue
        offload = "offload" in keys
        name = mode + (" + offload" if offload else
                       " + interface" if mode == "stateless" and keys else "")
        count_at(MARK_IN_TUNNEL if mode == "ipip" else MARK)
        found = {}
        for n in services:
            with tempfile.TemporaryDirectory(prefix="nftlb-bench-") as d:
                os.chmod(d, 0o755)
                gateway = Gateway(d)
                gateway.write_mode(mode, keys, n)
                why = gateway.refusal()
                if why:
                    print(f"  {name:<22}{n:>6}  refused: {why}", flush=True)
                    break
                found[n] = gateway.measured(meter, name, mode, offload)
            if found[n]:
                print_row(name, n, found[n], peers[peer][n], goals)
        rows.append((name, {n: v for n, v in found.items() if v}))
    return rows


# ---- IPVS

def ipvs(meter, name, services):
    scheduler, how = PEERS[name]
    # a connection outlives its service, and keeps its way of forwarding
    run("modprobe", "-r", "ip_vs_rr", "ip_vs_mh", "ip_vs")
    run("modprobe", "-a", "ip_vs", "ip_vs_rr", "ip_vs_mh")
    port = 8080 if how == "-m" else 80
    lines = []
    for i in range(services):
        lines.append(f"-A -u {address(i)}:80 -s {scheduler}")
        lines += [f"-a -u {address(i)}:80 -r 10.0.2.{b + 1}:{port} {how}"
                  for b in range(BACKENDS)]
    run("ipvsadm", "-R", ns="gw", input="\n".join(lines) + "\n")
    run("ip", "-n", "gw", "addr", "add", f"{VIP}/32", "dev", "lo")
    count_at(MARK_IN_TUNNEL if how == "-i" else MARK)
    found = meter.both(name, False) if arrives() else None
    run("ip", "-n", "gw", "addr", "del", f"{VIP}/32", "dev", "lo")
    run("ipvsadm", "-C", ns="gw")
    if not found:
        sys.exit(f"packets: {name}: packets do not arrive")
    print_row(name, services, found)
    return found


# ---- the table

def print_head():
    print(f"  {'instructions a packet':<22}{'services':>6}"
          f"{'established':>14}{'':>24}{'new flow':>12}", flush=True)


def cell(value, peer, goal):
    if peer is None:
        return f"{value:>12,.0f}{'':<22}"
    text = f"{value:>12,.0f}  {value / peer:.2f} x"
    if goal:
        text += f", goal {goal} {'met' if value <= goal * peer else 'MISSED'}"
    return f"{text:<36}"


def print_row(name, services, found, peer=(None, None), goals=(None, None)):
    print(f"  {name:<22}{services:>6}" + "".join(
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


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--services", metavar="N,N", default="1,100,1000")
    parser.add_argument("--mode", choices=[m[0] for m in MODES],
                        help="this one only")
    args = parser.parse_args()
    if not os.environ.get("NFTLB_VM"):
        sys.exit("packets: ./lab bench packets runs it in the virtual machine")
    services = [int(n) for n in args.services.split(",")]
    run("modprobe", "-a", "ip_vs_mh", "ipip", "nft_fwd_netdev")
    lab.network()
    echo = lab.echo_servers()
    try:
        meter = Meter()
        print_head()
        ipvs(meter, "IPVS DR rr", 1)    # memory that the kernel keeps is made
        ipvs(meter, "IPVS TUN mh", 1)   # once: not counted
        print("  (now for good)")
        peers = {name: {n: ipvs(meter, name, n) for n in services}
                 for name in PEERS}
        print_flat(ours(meter, services, peers, args.mode))
    finally:
        echo.kill()
        echo.wait()
    return 0


if __name__ == "__main__":
    sys.exit(main())
