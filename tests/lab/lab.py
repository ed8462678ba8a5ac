# SPDX-License-Identifier: GPL-2.0-or-later
"""
The laboratory: a network of namespaces on this machine.

    c1, c2 ..  --+                                 +-- b1
                 | front (10.1.0.0/16,             |   b2   back (10.2.0.0/16,
    crowd on c1 -+  2001:db8:1::/64)  -- gw, gw2 --+   ..    2001:db8:2::/64)

`net` holds the two bridges. The service addresses (192.0.2.0/24 and
2001:db8:a::/64) are routed to gw; whether they are on gw's lo as well is up to
the test (vip="lo" or "routed"). The backends' default route is gw. The crowd,
10.3.0.0/16 and 2001:db8:3::/64, are thousands of client addresses on c1.
Every Lab has namespaces of its own, so tests can run side by side.
"""

import itertools
import json
import os
import shutil
import signal
import subprocess
import tempfile

from netns import inside
from process import PATIENCE, Failure, Process, check

HERE = os.path.dirname(os.path.abspath(__file__))
BUILD = os.path.abspath(os.environ.get("BUILD", os.path.join(HERE, "../../build")))
PREFIX = os.environ.get("LAB_PREFIX", f"nl{os.getpid()}")
FAMILIES = (4, 6)
# The virtual machine is emulated, some twenty times slower than its host.
IN_VM = bool(os.environ.get("NFTLB_VM"))
# A connection has time; but who asks a second time (a second later) has lost his
# first SYN: see Lab.one_syn().
CONNECT_MS = 10000 if IN_VM else 5000
ONE_SYN_MARK = 0x51
ONE_SYN = f"""
table inet one-syn {{
    set asked {{
        typeof tcp sport . tcp sequence
        size 65535; flags dynamic, timeout; timeout 30s
    }}
    chain out {{
        type filter hook output priority -400
        meta mark != {ONE_SYN_MARK} accept
        tcp flags & (syn | ack) != syn accept
        tcp sport . tcp sequence @asked drop
        add @asked {{ tcp sport . tcp sequence }}
    }}
}}
"""

NETS = {4: {"front": "10.1.0.", "back": "10.2.0.", "vip": "192.0.2."},
        6: {"front": "2001:db8:1::", "back": "2001:db8:2::",
            "vip": "2001:db8:a::"}}
BITS = {4: 16, 6: 64}
CROWD = {4: "10.3.0.0/16", 6: "2001:db8:3::/64"}
VIP_NET = {4: "192.0.2.0/24", 6: "2001:db8:a::/64"}

_labs = itertools.count()


def vip(family, number=10):
    """A service address: 192.0.2.10 or 2001:db8:a::10."""
    return f"{NETS[family]['vip']}{number}"


def backend_addr(family, i):
    return f"{NETS[family]['back']}{10 + i}"


def client_addr(family, i=1):
    return f"{NETS[family]['front']}{10 + i}"


def gw_addr(family, side, gateway=1):
    return f"{NETS[family][side]}{gateway}"


def crowd(family, count):
    """`count` client addresses as a range for Lab.flow(source=...)."""
    if family == 4:
        last = 256 + count - 1
        return f"10.3.1.0-10.3.{last >> 8}.{last & 255}"
    return f"2001:db8:3::1:0-2001:db8:3::1:{count - 1:x}"


def program(name):
    """Path of a program in the build directory."""
    for path in (os.path.join(BUILD, name), os.path.join(BUILD, "nftlbd", name),
                 os.path.join(BUILD, "hvagent", name)):
        if os.path.isfile(path) and os.access(path, os.X_OK):
            return path
    raise Failure(f"{name} is not in {BUILD}: build it, or set BUILD")


def sweep(prefix):
    """Remove the namespaces of this prefix, and first what runs in them."""
    listed = subprocess.run(["ip", "netns", "list"], capture_output=True,
                            text=True, check=False).stdout
    for line in listed.splitlines():
        name = line.split()[0]
        if not name.startswith(prefix):
            continue
        pids = subprocess.run(["ip", "netns", "pids", name],
                              capture_output=True, text=True, check=False)
        for pid in pids.stdout.split():
            try:
                os.kill(int(pid), signal.SIGKILL)
            except ProcessLookupError:
                pass
        subprocess.run(["ip", "netns", "del", name], check=False,
                       capture_output=True)


class Lab:
    """The network, and everything that a test runs in it."""

    def __init__(self, backends=3, clients=1, gateways=1, vip="lo", vips=(10, 11)):
        self.prefix = f"{PREFIX}n{next(_labs)}-"
        self.backends = [f"b{i + 1}" for i in range(backends)]
        self.clients = [f"c{i + 1}" for i in range(clients)]
        self.gateways = ["gw", "gw2"][:gateways]
        self.vip_on_lo = vip == "lo"
        self.vips = vips
        self.processes = []
        self.servers = {}
        self.daemons = []
        self.count = itertools.count()
        self.one_syn_nodes = set()
        self.dir = None

    def __enter__(self):
        self.dir = tempfile.mkdtemp(prefix="nftlb-lab-")
        os.chmod(self.dir, 0o755)
        try:
            self._build()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, kind, value, trace):
        if kind is not None and issubclass(kind, Exception):
            self.show_daemons()
        self.close()

    def close(self):
        """End what runs, remove the namespaces and files."""
        for p in self.processes:
            try:
                p.kill()
            except Failure as e:
                print(f"# {e}")
        sweep(self.prefix)
        shutil.rmtree(self.dir, ignore_errors=True)

    def show_daemons(self):
        """After a failure: the end of what the daemons said."""
        for d in self.daemons:
            lines = d.log().splitlines()
            print(f"# --- log of {d.name}, {len(lines)} lines, the last 25:")
            for line in lines[-25:]:
                print(f"#   {line}")

    # ---- building the network

    def ns(self, node):
        return self.prefix + node

    def _build(self):
        """As few programs as possible: in the virtual machine each is slow."""
        cables = self._cables()
        nodes = ["net"] + self.gateways + self.clients + self.backends
        self._batch(None, [f"netns add {self.ns(n)}" for n in nodes])
        for node in nodes:
            self.sysctl(node, self._sysctls(node))
        self._batch(None, [
            f"link add {node}-{side} netns {self.ns('net')} type veth "
            f"peer name {side} netns {self.ns(node)}"
            for node, side, _ in cables])
        self.ip("net", [f"link add {side} type bridge mcast_snooping 0"
                        for side in ("front", "back")]
                + [f"link set {node}-{side} master {side} up"
                   for node, side, _ in cables]
                + [f"link set {side} up" for side in ("front", "back", "lo")])
        for node in nodes[1:]:
            self.ip(node, ["link set lo up"] + [
                line for n, side, host in cables if n == node
                for line in self._plug(side, host)] + self._routes(node))
        self.route_through("gw")

    def _cables(self):
        """(node, side, host number) of each cable to a bridge."""
        cables = []
        for i, gw in enumerate(self.gateways):
            cables += [(gw, "front", i + 1), (gw, "back", i + 1)]
        cables += [(c, "front", 11 + i) for i, c in enumerate(self.clients)]
        cables += [(b, "back", 11 + i) for i, b in enumerate(self.backends)]
        return cables

    def _plug(self, side, host):
        # A new interface may miss the first question for its address: ask again
        # soon, for 2 s in all.
        return [f"link set {side} up"] + [
            f"ntable change name {table} dev {side} retrans 50 mcast_probes 40"
            for table in ("arp_cache", "ndisc_cache")] + [
            f"addr add {NETS[f][side]}{host}/{BITS[f]} dev {side}"
            + (" nodad" if f == 6 else "") for f in FAMILIES]

    def _sysctls(self, node):
        values = {"net.ipv6.conf.default.accept_dad": 0,
                  "net.ipv6.conf.all.accept_dad": 0,
                  "net.ipv6.conf.default.accept_ra": 0,
                  "net.ipv4.conf.all.rp_filter": 0,
                  "net.ipv4.conf.default.rp_filter": 0}
        if node in self.backends:
            # A server that keeps TIME_WAIT sockets answers some of a busy
            # client's SYNs with a challenge: noise that is not ours.
            values["net.ipv4.tcp_max_tw_buckets"] = 0
        if node in self.gateways:
            values["net.ipv4.ip_forward"] = 1
            values["net.ipv6.conf.all.forwarding"] = 1
        return values

    def _routes(self, node):
        """The routes and service addresses of a node, but not its default."""
        if node == "c1":
            return [f"route add local {CROWD[f]} dev lo" for f in FAMILIES]
        if node not in self.gateways:
            return []
        lines = [f"route add {CROWD[f]} via {client_addr(f)}" for f in FAMILIES]
        # Local clients need some route to an address that is only routed.
        lines += [f"route add default via {client_addr(f)}" for f in FAMILIES]
        if self.vip_on_lo:
            lines += [f"addr add {vip(f, n)}/{32 if f == 4 else 128} dev lo"
                      for f in FAMILIES for n in self.vips]
        return lines

    def route_through(self, gw):
        """Clients reach services, and backends everything, through `gw`."""
        i = self.gateways.index(gw) + 1
        for nodes, side in ((self.clients, "front"), (self.backends, "back")):
            for node in nodes:
                self.ip(node, [f"route replace default via {gw_addr(f, side, i)}"
                               for f in FAMILIES])

    # ---- running programs

    def _do(self, *argv, input=None):
        p = subprocess.run(argv, input=input, capture_output=True, text=True,
                           check=False)
        if p.returncode:
            raise Failure(f"{' '.join(argv)}: {p.stdout}{p.stderr}")
        return p.stdout

    def inside(self, node, argv):
        """The command line that runs argv in a node; it keeps its pid."""
        return ["nsenter", f"--net=/run/netns/{self.ns(node)}", "--", *argv]

    def run(self, node, *argv, input=None, timeout_s=30):
        """Run a command in a node; returns subprocess.CompletedProcess."""
        return subprocess.run(self.inside(node, argv), input=input,
                              capture_output=True, text=True, check=False,
                              timeout=timeout_s * PATIENCE)

    def do(self, node, *argv, input=None):
        """Run a command in a node that must succeed; returns its stdout."""
        return self._do(*self.inside(node, argv), input=input)

    def ip(self, node, lines):
        """Run `ip` commands in a node."""
        self._batch(self.ns(node), lines)

    def _batch(self, ns, lines):
        inside = ["-n", ns] if ns else []
        self._do("ip", *inside, "-batch", "-", input="\n".join(lines) + "\n")

    def sysctl(self, node, values):
        with inside(self, node):
            for key, value in values.items():
                with open("/proc/sys/" + key.replace(".", "/"), "w",
                          encoding="ascii") as f:
                    f.write(f"{value}\n")

    def spawn(self, node, name, argv, env=None):
        """Start a program in a node; it ends with the lab."""
        p = Process(name, self.inside(node, argv), self.dir, env)
        self.processes.append(p)
        return p

    # ---- servers and clients

    def serve(self, node, *specs, name=None):
        """
        Start an echo server in a node. Specs are PROTOCOL/ADDRESS/PORTS[/stream];
        without: TCP and UDP 8080 (a line), TCP 8081 (stream), both families.
        """
        name = name or node
        if not specs:
            specs = [f"{what}" for a in ("0.0.0.0", "::") for what in (
                f"tcp/{a}/8080", f"udp/{a}/8080", f"tcp/{a}/8081/stream")]
        p = self.spawn(node, f"echo-{name}-{next(self.count)}",
                       [program("tests/tools/echo"), name, *specs])
        p.wait_line("ready")
        self.servers[name] = p
        return p

    def serve_all(self, *specs):
        for b in self.backends:
            self.serve(b, *specs)

    def one_syn(self, node):
        """From now on the node drops SYNs of this mark that are sent again: a
        connection that is lost is a failure, one that is slow is none. Returns
        the mark."""
        if node not in self.one_syn_nodes:
            self.one_syn_nodes.add(node)
            self.do(node, "nft", "-f", "-", input=ONE_SYN)
        return ONE_SYN_MARK

    def flow_start(self, node, to, ports, n=0, clients=1, seconds=0, proto="tcp",
                   source=None, timeout_ms=None, hold=False, log=False,
                   interval_ms=20, local_ports=False, message_len=8192):
        """Start the client `flow`; see its usage. Returns a Traffic. Without
        timeout_ms a client's connections have one SYN each."""
        name = f"flow-{next(self.count)}"
        path = os.path.join(self.dir, name + ".log") if log else None
        argv = [program("tests/tools/flow"), "-p", proto, "-n", str(n),
                "-c", str(clients), "-t", str(seconds),
                "-w", str(timeout_ms or CONNECT_MS),
                "-i", str(interval_ms), "-m", str(message_len)]
        if proto == "tcp" and not timeout_ms and node in self.clients:
            argv += ["-M", str(self.one_syn(node))]
        argv += ["-s", source] if source else []
        argv += ["-q"] if local_ports else []
        argv += ["-l", path] if log else []
        argv += ["--hold"] if hold else []
        p = self.spawn(node, name, [*argv, to, str(ports)])
        return Traffic(p, path)

    def flow(self, node, to, ports, n, **options):
        """Open n connections one after the other; returns a Result."""
        wait_s = 30 + n * (options.get("timeout_ms") or CONNECT_MS) / 1000
        return self.flow_start(node, to, ports, n, **options).result(wait_s)

    def hold(self, node, to, ports, n, **options):
        """Open n long transfers and wait until each has its server."""
        options.setdefault("timeout_ms", 10000)
        t = self.flow_start(node, to, ports, n, hold=True, **options)
        t.process.wait_line("ready", 20)
        return t

    # ---- looking at the gateway

    def nft(self, *argv, gw="gw", input=None):
        """nft in the gateway; must succeed; returns stdout."""
        return self.do(gw, "nft", *argv, input=input)

    def ruleset(self, gw="gw"):
        return self.nft("list", "ruleset", gw=gw)

    def conntrack(self, *argv, gw="gw"):
        """`conntrack -L` with these options; returns a list of lines."""
        p = self.run(gw, "conntrack", "-L", *map(str, argv))
        check(p.returncode == 0, f"conntrack -L: {p.stderr}")
        return p.stdout.splitlines()


class Traffic:
    """A running `flow`."""

    def __init__(self, process, log_path):
        self.process = process
        self.log_path = log_path

    def result(self, timeout_s=30):
        """Wait for its end."""
        return Result(self.process.result(timeout_s), self.log_path)

    def stop(self, timeout_s=30):
        """Tell it to stop, wait, return what it saw."""
        self.process.signal(signal.SIGTERM)
        return self.result(timeout_s)


class Result:
    """What a `flow` saw."""

    def __init__(self, data, log_path):
        self.data = data
        self.log = []
        if log_path:
            with open(log_path, encoding="ascii") as f:
                self.log = [Connection(line) for line in f]

    ok = property(lambda self: self.data["ok"])
    failed = property(lambda self: self.data["failed"])
    failures = property(lambda self: self.data["failures"])
    failed_at = property(lambda self: self.data["failed_at"])
    transfers = property(lambda self: self.data["transfers"])

    def counts(self):
        return {k: v["count"] for k, v in sorted(self.data["backends"].items())}

    def longest_run(self):
        return max(v["longest_run"] for v in self.data["backends"].values())

    def all_ok(self, words):
        equal_failures = self.failures
        check(not equal_failures, f"{words}: failed connections {equal_failures}")
        return self

    def by_source(self):
        """{client address: backend}; a client with two backends is a Failure."""
        where = {}
        for c in self.log:
            check(where.setdefault(c.source, c.backend) == c.backend,
                  f"client {c.source}: {where[c.source]}, then {c.backend}")
        return where


class Connection:
    """One line of flow's log."""

    def __init__(self, line):
        w = line.split()
        self.start, self.end = float(w[0]), float(w[1])
        self.source, self.source_port = w[2], int(w[3])
        self.port = int(w[4])
        self.failed = w[5].startswith("!")
        self.reason = w[5][1:] if self.failed else None
        self.backend = None if self.failed else w[5]
        self.seen, self.seen_port = (None, 0) if self.failed else (
            w[6], int(w[7]))


def pretty(value):
    return json.dumps(value, sort_keys=True)
