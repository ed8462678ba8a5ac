#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""
./lab bench rules --vm [--old BUILD] [--only WORD]: what the rules cost a packet, in the
kernel's instructions. Debian's kernel runs in a machine whose clock counts
instructions (qemu -icount), so a figure repeats within a few of a thousand on a
busy host. 64-byte UDP from pktgen through a gateway; what the generator and the
cable cost is subtracted. --old BUILD: the plain service by another build of
ours as well.

new client: every packet is a flow of another source; new flow: a flow of one of
256 sources; established: eight flows that have had answers. --only WORD: only
the rows with this in their name, beside the plain service and others' ways.
"""

import argparse
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
BUILD = os.environ.get("BUILD", os.path.join(HERE, "../../build"))
VIP, OTHER = "192.0.2.10", "192.0.2.11"
BACKENDS = 4
SERVICE_KEYS = {
    "persist = source": "persist = source 10m",
    "limits of new and open flows":
        "limit-new-per-source = 1000000\nlimit-connections-per-source = 1000000",
    "deny list of 100,000": "deny = bad",
    "counters": "counters = yes",
    "packet-mark and dscp": "packet-mark = 0x10/0xf0\ndscp = ef",
    "priority (tc class)": "priority = 1:10",
    "strict": "strict = yes",
}
OFFLOAD = "offload = yes"
# The kernel counts anew for each flow, by looking at all that are counted.
ROOM = "max-connections = 1000000"
LIST = 100000
DROP = """
table netdev bench {{
    chain ingress {{
        type filter hook ingress device {dev} priority 0
        @th,64,32 0xbe9be955 counter drop
    }}
}}
"""


def run(*argv, ns=None, **options):
    argv = (["ip", "netns", "exec", ns] if ns else []) + [str(a) for a in argv]
    p = subprocess.run(argv, capture_output=True, text=True, check=False,
                       **options)
    if p.returncode:
        sys.exit(f"{' '.join(argv)}: {p.stdout}{p.stderr}")
    return p.stdout


def write(path, text):
    with open(path, "w", encoding="ascii") as f:
        f.write(text)


# ---- the network: clients here, gateway gw, all backends in bk

def network():
    run("modprobe", "-a", "pktgen", "ip_vs", "ip_vs_rr")
    for ns in ("gw", "bk"):
        run("ip", "netns", "add", ns)
        run("ip", "-n", ns, "link", "set", "lo", "up")
    run("ip", "link", "add", "cl0", "type", "veth", "peer", "gwc", "netns", "gw")
    run("ip", "link", "add", "b0", "netns", "bk", "type", "veth", "peer", "gwb",
        "netns", "gw")
    run("ip", "addr", "add", "10.0.1.1/24", "dev", "cl0")
    run("ip", "link", "set", "cl0", "up")
    run("ip", "route", "add", "local", "10.1.0.0/16", "dev", "lo")
    run("ip", "route", "add", "192.0.2.0/24", "via", "10.0.1.254")
    for dev, addr in (("gwc", "10.0.1.254/24"), ("gwb", "10.0.2.254/24")):
        run("ip", "-n", "gw", "addr", "add", addr, "dev", dev)
        run("ip", "-n", "gw", "link", "set", dev, "up")
    run("ip", "-n", "bk", "link", "set", "b0", "up")
    for i in range(BACKENDS):
        run("ip", "-n", "bk", "addr", "add", f"10.0.2.{i + 1}/24", "dev", "b0")
    run("ip", "-n", "bk", "route", "add", "default", "via", "10.0.2.254")
    run("ip", "-n", "gw", "route", "add", "10.1.0.0/16", "via", "10.0.1.1")
    settings()


def settings():
    run("sysctl", "-qw", "net.ipv4.ip_forward=1",
        "net.ipv4.conf.all.rp_filter=0", "net.ipv4.conf.default.rp_filter=0",
        "net.ipv4.conf.gwc.rp_filter=0", "net.ipv4.conf.gwb.rp_filter=0",
        ns="gw")
    # what pktgen sends while a rehash runs has to wait, not to be lost
    run("sysctl", "-qw", "net.netfilter.nf_conntrack_max=2000000",
        "net.core.netdev_max_backlog=100000")
    write("/sys/module/nf_conntrack/parameters/hashsize", "131072")
    mac = run("cat", "/sys/class/net/b0/address", ns="bk").strip()
    for i in range(BACKENDS):
        run("ip", "-n", "gw", "neigh", "replace", f"10.0.2.{i + 1}", "lladdr",
            mac, "dev", "gwb", "nud", "permanent")
    run("nft", "-f", "-", ns="bk", input=DROP.format(dev="b0"))


def echo_servers():
    """Answers for warming up; packets of pktgen do not get as far."""
    return subprocess.Popen(
        ["ip", "netns", "exec", "bk", sys.executable, "-c",
         "import socket, selectors\nsel = selectors.DefaultSelector()\n"
         f"for i in range({BACKENDS}):\n"
         "    s = socket.socket(2, 2)\n"
         "    s.bind((f'10.0.2.{i + 1}', 8080))\n"
         "    sel.register(s, 1)\n"
         "while True:\n"
         "    for k, _ in sel.select():\n"
         "        data, peer = k.fileobj.recvfrom(2048)\n"
         "        k.fileobj.sendto(data, peer)\n"])


# ---- packets

def arrived():
    text = run("nft", "list", "table", "netdev", "bench", ns="bk")
    return int(re.search(r"packets (\d+)", text)[1])


def generate(count, to, first, last, ports, random):
    """Send; returns nanoseconds a packet, which are instructions."""
    mac = run("cat", "/sys/class/net/gwc/address", ns="gw").strip()
    write("/proc/net/pktgen/kpktgend_0", "rem_device_all\n")
    write("/proc/net/pktgen/kpktgend_0", "add_device cl0\n")
    lines = [f"count {count}", "clone_skb 0", "pkt_size 64", "delay 0",
             f"dst_mac {mac}", "udp_dst_min 80", "udp_dst_max 80",
             f"udp_src_min {ports[0]}", f"udp_src_max {ports[1]}"]
    if ":" in to:   # pktgen has one source of IPv6
        lines += [f"dst6 {to}", f"src6 {first}"]
    else:
        lines += [f"dst {to}", f"src_min {first}", f"src_max {last}"]
    lines += ["flag UDPSRC_RND"] if random else []
    lines += ["flag IPSRC_RND"] if random and ":" not in to else []
    for line in lines:
        write("/proc/net/pktgen/cl0", line + "\n")
    write("/proc/net/pktgen/pgctrl", "start\n")
    with open("/proc/net/pktgen/cl0", encoding="ascii") as f:
        usec = int(re.search(r"OK: (\d+)", f.read())[1])
    return usec * 1000 / count


def warm_up(to):
    """Eight flows with answers."""
    for port in range(1024, 1032):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.bind(("10.1.0.1", port))
            s.settimeout(20)
            for _ in range(2):
                s.sendto(b"warm", (to, 80))
                s.recv(64)


def sent(what, count, to, *how):
    before = arrived()
    cost = generate(count, to, *how)
    came = arrived() - before
    if came < count * 0.999:
        print(f"  ({what}: only {came} of {count} arrived)")
    return cost


def figures(to=VIP, n=5000):
    """(new client, new flow, established) in instructions."""
    found = []
    for what, last in (("new client", "10.1.255.254"),
                       ("new flow", "10.1.1.254")):
        run("conntrack", "-F", ns="gw")
        first = "10.1.0.2" if what == "new client" else "10.1.1.0"
        if what == "new flow":    # its sources are known
            sent(what, 1000, to, first, last, (1024, 60000), True)
        found.append(sent(what, n, to, first, last, (1024, 60000), True))
    run("conntrack", "-F", ns="gw")
    warm_up(to)
    found.append(sent("established", n, to, "10.1.0.1", "10.1.0.1",
                      (1024, 1032), False))
    return found


class Table:
    """Rows in instructions, and what is more than the plain service."""

    def __init__(self):
        self.base = 0
        self.plain = self.offload = None
        print(f"  {'instructions a packet':<38}{'new client':>16}"
              f"{'new flow':>16}{'established':>16}", flush=True)

    def row(self, name, values, plain=False):
        values = [v - self.base for v in values]
        if plain:
            self.plain = values
        cells = [f"{v:,.0f}" if plain or not self.plain else
                 f"{v:,.0f} {v - p:+,.0f}" for v, p in
                 zip(values, self.plain or values)]
        print(f"  {name:<38}" + "".join(f"{c:>16}" for c in cells), flush=True)
        return values


# ---- the daemon

class Daemon:
    """nftlbd on the gateway; it stands still while packets are counted."""

    def __init__(self, directory, build=BUILD):
        self.dir, self.build = directory, build
        self.conf = os.path.join(directory, "nftlbd.conf")
        self.socket = os.path.join(directory, "sock")
        self.process = None

    def write(self, keys="", other=""):
        pool = "".join(f"backend.b{i + 1} = 10.0.2.{i + 1}:8080\n"
                       for i in range(BACKENDS))
        used = "deny" in keys + other
        write(self.conf, (
            f"[global]\ncontrol-socket = {self.socket}\n"
            f"state-dir = {self.dir}/state\nuser = nobody\n"
            "offload-interfaces = gwc, gwb\n"
            + (f"[list bad]\nfile = {self.dir}/bad\n" if used else "")
            + f"[pool all]\n{pool}[service www]\naddress = {VIP}\n"
            f"protocol = udp\nport = 80\npool = all\n{keys}\n"
            + (f"[service other]\naddress = {OTHER}\nprotocol = udp\n"
               f"port = 80\npool = all\n{other}\n" if other else "")))

    def ctl(self, *words):
        return subprocess.run(
            [os.path.join(self.build, "nftlbd/nftlbctl"), "-s", self.socket,
             *words], capture_output=True, text=True, check=False)

    def start(self):
        env = dict(os.environ,
                   NFTLB_PROBER=os.path.join(self.build, "nftlb-prober"))
        self.process = subprocess.Popen(
            ["ip", "netns", "exec", "gw",
             os.path.join(self.build, "nftlbd/nftlbd"), "-f", "-c", self.conf],
            env=env, stderr=subprocess.DEVNULL)
        while self.ctl("status").returncode:
            if self.process.poll() is not None:
                sys.exit("nftlbd ended")
            time.sleep(0.05)

    def reload(self, keys="", other=""):
        self.write(keys, other)
        p = self.ctl("config", "reload")
        if p.returncode:
            sys.exit(f"reload: {p.stdout}{p.stderr}")
        # a large list comes in pieces, and the rules that use it behind it
        while "deny" in keys + other and "denied." not in run(
                "nft", "-s", "list", "chain", "ip", "nftlb",
                "service.www" if "deny" in keys else "service.other", ns="gw"):
            time.sleep(0.2)

    def measure(self, to=VIP):
        self.process.send_signal(signal.SIGSTOP)
        try:
            return figures(to)
        finally:
            self.process.send_signal(signal.SIGCONT)

    def stop(self):
        self.process.terminate()
        self.process.wait()
        run("nft", "flush", "ruleset", ns="gw")


def bad_list(directory):
    """100,000 addresses that are no neighbours of each other."""
    write(os.path.join(directory, "bad"), "".join(
        f"172.{16 + (i >> 15)}.{i >> 7 & 255}.{i * 2 & 255}\n"
        for i in range(LIST)))


def ours(table, directory, old, only):
    d = Daemon(directory)
    d.write()
    d.start()
    d.measure()         # memory that the kernel keeps is made once
    table.row("plain service", d.measure(), plain=True)
    if old:
        d.stop()
        was = Daemon(directory, old)
        was.start()
        table.row("plain service, the old build", was.measure())
        was.stop()
        d.start()
    everything = "\n".join(SERVICE_KEYS.values())
    for name, keys, other in [(n, k, "") for n, k in SERVICE_KEYS.items()] + [
            ("all of these", everything, ""),
            ("max-connections, 600 flows each", ROOM, ""),
            ("plain, beside a service with all", "", everything),
            ("offload", OFFLOAD, ""),
            ("plain, beside a service with offload", "", OFFLOAD),
            ("plain again", "", "")]:
        if only in name:
            d.reload(keys, other)
            found = table.row(name, d.measure())
            if name == "offload":
                table.offload = found
    d.stop()


# ---- others

def ipvs(table, name, *options):
    run("ipvsadm", "-A", "-u", f"{VIP}:80", "-s", "rr", *options, ns="gw")
    for i in range(BACKENDS):
        run("ipvsadm", "-a", "-u", f"{VIP}:80", "-r", f"10.0.2.{i + 1}:8080",
            "-m", ns="gw")
    run("ip", "-n", "gw", "addr", "add", f"{VIP}/32", "dev", "lo")
    found = table.row(name, figures())
    if table.offload:
        print(f"  established, offload to this: "
              f"{table.offload[2] / found[2]:.2f}")
    run("ip", "-n", "gw", "addr", "del", f"{VIP}/32", "dev", "lo")
    run("ipvsadm", "-C", ns="gw")


def generator():
    """What the generator and the cable cost."""
    run("nft", "-f", "-", ns="gw", input=DROP.format(dev="gwc"))
    cost = generate(5000, VIP, "10.1.0.2", "10.1.255.254", (1024, 60000), True)
    run("nft", "flush", "ruleset", ns="gw")
    return cost


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--vm", action="store_true")
    parser.add_argument("--old", metavar="BUILD")
    parser.add_argument("--only", metavar="WORD", default="")
    args = parser.parse_args()
    if not os.environ.get("NFTLB_VM"):
        sys.exit("rules: instructions are counted in the virtual machine: --vm")
    network()
    echo = echo_servers()
    with tempfile.TemporaryDirectory(prefix="nftlb-bench-") as directory:
        os.chmod(directory, 0o755)
        bad_list(directory)
        table = Table()
        generator()
        table.base = generator()
        ours(table, directory, args.old, args.only)
        ipvs(table, "IPVS NAT rr")
        ipvs(table, "IPVS NAT rr -p", "-p", "600")
    echo.kill()
    echo.wait()
    return 0


if __name__ == "__main__":
    sys.exit(main())
