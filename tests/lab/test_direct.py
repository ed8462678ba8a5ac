# SPDX-License-Identifier: GPL-2.0-or-later
"""From a gateway's mode ipip to the VMs of hypervisors, with hvagent, and
straight back to the clients."""

import json
import socket
import threading

import daemon
from direct import both, held, judge
from fabric import Fabric, addr, vm_addr
from hvagent import OTHER, Agent, across, binding, endpoint
from lab import FAMILIES, client_addr, vip
from marks import vm_needs
from netns import inside
from process import Failure, check, equal, wait_until
from uploads import Upload, transfers

tunnels = vm_needs("ipip and ip6tnl devices")


def prepared(lab, bindings=None, services=None, www=True):
    """Servers in all VMs; an agent on each hypervisor with all bindings: port 80
    says a line, 90 streams; and the gateway (without `www`, with `services`
    only). Returns the agents."""
    wanted = {f"{v}-{port}-{f}": binding(f, v, port, 8000 + to)
              for v in lab.home for f in FAMILIES
              for port, to in ((80, 80), (90, 81))}
    agents = {}
    for v in lab.home:
        lab.serve(v)
    for h in lab.hypervisors:
        agents[h] = Agent(lab, h)
        agents[h].write({**wanted, **(bindings or {})})
        agents[h].start()
    lines = {v + ("" if f == 4 else "-v6"): vm_addr(f, int(v[1:]))
             for v in lab.home for f in FAMILIES}
    source = ", ".join(addr(f, "back", 1) for f in FAMILIES)
    daemon.start(lab, {**({"www": daemon.service(
        lines, mode="ipip", interface="front", port="80, 90")} if www else {}),
        **(services or {})}, **{"tunnel-source": source})
    return agents


def served(lab, words, n=40):
    """By all VMs, which see the client; the gateway sees no answer."""
    for f, r in both(lab, 80, n).items():
        r.all_ok(f"{words} IPv{f}")
        equal({c.seen for c in r.log}, {client_addr(f)}, f"IPv{f}: seen")
        equal(set(r.counts()), set(lab.home), f"IPv{f}: who answered")
    for word in ("from", "lost"):
        equal(set(lab.gateway_sent(word).values()), {0}, f"gateway: {word}")


@tunnels
def test_through_hypervisors():
    """Several VMs of one service on a hypervisor; packets as long as may be."""
    with Fabric(backends=0, vms=(2, 1)) as lab:
        prepared(lab)
        lab.gro()
        served(lab, "through hypervisors")
        transfers([Upload(lab, vip(f), 90, 2**20) for f in FAMILIES
                   for _ in range(3)])


def taken_out(lab, device):
    """Packets that came out of tunnels by this device of h1."""
    found = json.loads(lab.do("h1", "ip", "-j", "-s", "link", "show", device))
    return found[0]["stats64"]["rx"]["packets"]


@tunnels
def test_one_family_in_the_other():
    """A service of IPv4 whose backends are IPv6 addresses of machines, and the
    other way round."""
    with Fabric(backends=0, vms=(2, 1)) as lab:
        prepared(lab, {f"in-{v}-{port}-{f}": across(f, v, port=port, to=8000 + to)
                       for v in lab.home for f in FAMILIES
                       for port, to in ((80, 80), (90, 81))}, {
            f"in{OTHER[f]}": daemon.service(
                {v: vm_addr(OTHER[f], int(v[1:])) for v in lab.home},
                address=vip(f), port="80, 90", mode="ipip", interface="front")
            for f in FAMILIES}, www=False)
        served(lab, "through tunnels of the other family")
        equal({d: taken_out(lab, d) > 0 for d in
               ("nlb-ipip", "nlb-ip6tnl", "nlb-ip6sit")},
              {"nlb-ipip": False, "nlb-ip6tnl": True, "nlb-ip6sit": True},
              "packets out of tunnels")
        transfers([Upload(lab, vip(f), 90, 2**20) for f in FAMILIES
                   for _ in range(3)])


# ---- a machine moves

TALK, TWIN = 70, 71     # ports of services that only v1 has


class Talk:
    """Both ends of a flow between c1 and v1, in the hands of the test."""

    def __init__(self, lab, family, port=TALK, proto="tcp"):
        self.words = f"IPv{family} {proto} port {port}"
        kind = socket.SOCK_STREAM if proto == "tcp" else socket.SOCK_DGRAM
        family_of = socket.AF_INET6 if family == 6 else socket.AF_INET
        with inside(lab, "v1"):
            there = socket.socket(family_of, kind)
        there.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        there.bind((vm_addr(family, 1), 8000 + port))
        with inside(lab, "c1"):
            self.client = socket.socket(family_of, kind)
        if proto == "tcp":
            there.listen()
        self.client.settimeout(30)
        self.client.connect((vip(family), port))
        there.settimeout(30)
        if proto == "tcp":
            self.machine, peer = there.accept()
            self.machine.settimeout(30)
            there.close()
        else:
            self.client.send(b"hello")
            peer = there.recvfrom(100)[1]
            there.connect(peer)
            self.machine = there
        equal(peer[0], client_addr(family), self.words)

    def says(self, speaker, hearer, text):
        """What is said arrives, and nothing else."""
        speaker.send(text)
        found = b""
        try:
            while len(found) < len(text):
                data = hearer.recv(1000)
                check(data, f"{self.words}: ended before {text!r}")
                found += data
        except (TimeoutError, ConnectionError) as e:
            raise Failure(f"{self.words}: {text!r}: {e!r}") from e
        equal(found, text, self.words)

    def goes_on(self, machine_first, words):
        turns = [(self.machine, self.client, f"machine {words}".encode()),
                 (self.client, self.machine, f"client {words}".encode())]
        for turn in turns if machine_first else turns[::-1]:
            self.says(*turn)

    def close(self):
        self.client.close()
        self.machine.close()


class Under:
    """Uploads that do not end while something else is done."""

    def __init__(self, uploads):
        self.uploads, self.failed = uploads, []
        for u in uploads:
            u.size = 2**40
        self.thread = threading.Thread(target=self._run)

    def _run(self):
        try:
            transfers(self.uploads)
        except BaseException as e:  # pylint: disable=broad-except
            self.failed.append(e)   # raised by the thread that waits

    def __enter__(self):
        self.thread.start()
        wait_until(lambda: self.failed or
                   min(u.got for u in self.uploads) > 2**14, 60, "bytes flow")

    def __exit__(self, kind, *_):
        for u in self.uploads:
            u.size = u.sent + 2**19     # more than is sent at a time
        self.thread.join()
        if self.failed and not kind:
            raise self.failed[0]


def moving(lab):
    """Services of v1 alone: TALK, and TWIN, which shares its port of the machine
    with a service of another address. Returns agents and flows."""
    bindings, services = {}, {}
    lines = {"v1" + ("" if f == 4 else "-v6"): vm_addr(f, 1) for f in FAMILIES}
    for f in FAMILIES:
        for proto in ("tcp", "udp"):
            bindings[f"talk-{proto}-{f}"] = binding(f, "v1", TALK, 8000 + TALK,
                                                    proto)
        for n in (10, 11):
            bindings[f"twin-{n}-{f}"] = {
                **binding(f, "v1", TWIN, 8000 + TWIN),
                "service": endpoint(vip(f, n), TWIN) + "/tcp"}
    for name, port, proto in (("talk", TALK, "tcp, udp"), ("twin", TWIN, "tcp")):
        services[name] = daemon.service(lines, mode="ipip", interface="front",
                                        port=port, protocol=proto)
    agents = prepared(lab, bindings, services)
    talks = {(f, proto, first): Talk(lab, f, TALK, proto) for f in FAMILIES
             for proto in ("tcp", "udp") for first in (True, False)}
    return agents, talks, {f: Talk(lab, f, TWIN) for f in FAMILIES}


def nobody_guesses(agent, twins):
    """Two services lead to one port of the machine: what it says waits until
    the client has said which one it speaks to."""
    for f, t in twins.items():
        dropped = agent.drops("stale")
        t.machine.send(b"whose am I?")
        wait_until(lambda n=dropped: agent.drops("stale") > n, 20,
                   f"IPv{f}: dropped")
        t.says(t.client, t.machine, b"mine")
        equal(t.client.recv(100), b"whose am I?", "it is sent again")


@tunnels
def test_migration():
    """A VM goes to the other hypervisor, and back: flows that it had go on,
    whoever speaks first, and new ones find it; the gateway is told nothing."""
    with Fabric(backends=0, vms=(2, 1)) as lab:
        agents, talks, twins = moving(lab)
        holds = held(lab, 4)
        gateway = lab.daemons[0]
        before = gateway.json("status")["commits"]
        for h in ("h2", "h1"):
            # where flows began the kernel did not see what went by elsewhere
            lab.sysctl(h, {"net.netfilter.nf_conntrack_tcp_be_liberal":
                           int(h == "h1")})
            with Under([Upload(lab, vip(f), 90, 0) for f in FAMILIES
                        for _ in range(3)]):
                lab.migrate("v1", h)
            for (_, _, first), t in talks.items():
                t.goes_on(first, f"on {h}")
            if h == "h2":
                nobody_guesses(agents[h], twins)
            served(lab, f"v1 on {h}")
        equal(gateway.json("status")["commits"], before, "commits of gw")
        equal(set(judge(holds, "migration")), set(lab.home), "VMs with flows")
        for t in [*talks.values(), *twins.values()]:
            t.close()
