# SPDX-License-Identifier: GPL-2.0-or-later
"""
The network of modes whose answers do not come back the way they went.

    c1, c2 ..  -- edge --+                +-- front -- gw, gw2 --+
                         |                |                      |
                         +------- rt -----+                      |
                                  |                              |
                                  +--- back (and side) ----------+
                                       |
                                       b1, b2 ..     h1, h2 ..  -- v1, v2 ..

`rt` is switch and router at once: it holds the bridges, routes the service
addresses to the gateways (by a hash of the flow when there are two), and is the
default route of the clients and, when the answers are "direct", of backends and
hypervisors. It counts what the gateways send: see Fabric.gateway_sent().

    edge 10.1.0.0/16, 2001:db8:1::/64     clients; c1 has the crowd as well
    back 10.2.0.0/16, 2001:db8:2::/64     backends, hypervisors, gateways
    front 10.4.0.0/16, 2001:db8:4::/64    rt and the gateways
    VMs 10.5.0.0/16, 2001:db8:5::/64      routed to the hypervisor they are on
    side 10.6.0.0/16, 2001:db8:6::/64     the last `side` backends, if any
    nowhere 198.18.0.0/15, 2001:db8:bad::/48  dropped by rt: sources of floods

Nodes 1 and 2 of a network are the gateways, 254 is rt, backend i is 10 + i,
hypervisor i is 30 + i, VM i of its network is i.
"""

import json
import socket

import sums
from lab import (BITS, CROWD, FAMILIES, VIP_NET, Lab, client_addr, vip)
from netns import inside

SIDES = {"edge": 1, "back": 2, "front": 4, "vms": 5, "side": 6}
NOWHERE = {4: "198.18.0.0/15", 6: "2001:db8:bad::/48"}
FULL = {4: 32, 6: 128}
RT = 254
# What a hypervisor's end of each VM's cable has: it looks the same everywhere.
TAP_MAC = "02:00:00:00:00:fe"
TAP = {4: "169.254.1.1", 6: "fe80::1"}
VLAN = 7


def addr(family, side, host):
    n = SIDES[side]
    return f"10.{n}.0.{host}" if family == 4 else f"2001:db8:{n}::{host}"


def net(family, side):
    n = SIDES[side]
    return f"10.{n}.0.0/16" if family == 4 else f"2001:db8:{n}::/64"


def vm_addr(family, i):
    return addr(family, "vms", i)


def hypervisor_addr(family, i):
    return addr(family, "back", 30 + i)


class Fabric(Lab):
    """The network above.

    answers     "direct": backends' default route is rt; "gateway": gw
    vip_on      backends have the service addresses on lo
    side        so many of the backends are on `side`
    front       "bridge": gateways' clients come in at br0, not at front
    back        "vlan": the back network is tagged, and its devices are back.7
    vms         for each hypervisor, how many VMs: (2, 1) is v1, v2 and v3
    """

    def __init__(self, backends=3, clients=1, gateways=1, answers="direct",
                 vip_on=True, side=0, front=None, back=None, vms=(),
                 vips=(10, 11)):
        super().__init__(backends, clients, gateways, "routed", vips)
        self.answers, self.vip_on, self.side = answers, vip_on, side
        self.front, self.tagged = front, back == "vlan"
        self.hypervisors = [f"h{i + 1}" for i in range(len(vms))]
        self.home = {}      # VM -> its hypervisor
        for h, n in zip(self.hypervisors, vms):
            for _ in range(n):
                self.home[f"v{len(self.home) + 1}"] = h

    # ---- names and addresses

    def backend_addr(self, family, i):
        side = "side" if i > len(self.backends) - self.side else "back"
        return addr(family, side, 10 + i)

    def way_in(self):
        """The gateways' interface where clients' packets arrive."""
        return "br0" if self.front == "bridge" else "front"

    def way_to(self, i):
        """The gateways' interface towards backend i."""
        side = "side" if i > len(self.backends) - self.side else "back"
        return f"{side}.{VLAN}" if self.tagged else side

    def mac(self, node, device):
        with inside(self, node):
            s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
            with s:
                s.bind((device, 0))
                return s.getsockname()[4].hex(":")

    # ---- building it

    def _sides(self):
        return ["edge", "front", "back"] + (["side"] if self.side else [])

    def _cables(self):
        cables = []
        for i, gw in enumerate(self.gateways):
            cables += [(gw, side, i + 1) for side in self._sides()
                       if side != "edge"]
        cables += [(c, "edge", 11 + i) for i, c in enumerate(self.clients)]
        cables += [(b, self.way_to(i + 1).split(".")[0], 11 + i)
                   for i, b in enumerate(self.backends)]
        cables += [(h, "back", 31 + i) for i, h in enumerate(self.hypervisors)]
        return cables

    def _build(self):
        cables = self._cables()
        nodes = (["rt"] + self.gateways + self.clients + self.backends +
                 self.hypervisors + list(self.home))
        self._batch(None, [f"netns add {self.ns(n)}" for n in nodes])
        for node in nodes:
            self.sysctl(node, self._sysctls(node))
        self._batch(None, [
            f"link add {node}-{side} netns {self.ns('rt')} type veth "
            f"peer name {side} netns {self.ns(node)}"
            for node, side, _ in cables] + [
            f"link add {v} netns {self.ns(h)} type veth "
            f"peer name e0 netns {self.ns(v)}" for v, h in self.home.items()])
        self.ip("rt", self._router(cables))
        for node in nodes[1:]:
            self.ip(node, ["link set lo up"] + [
                line for n, side, host in cables if n == node
                for line in self._connect(node, side, host)] +
                self._routes(node))
        for v, h in self.home.items():
            self._tap(v, h)
        self.spread(self.gateways)
        self._count()

    def _sysctls(self, node):
        values = super()._sysctls(node)
        if node == "rt" or node in self.hypervisors:
            values["net.ipv4.ip_forward"] = 1
            values["net.ipv6.conf.all.forwarding"] = 1
        if node == "rt":
            for f in ("ipv4", "ipv6"):
                values[f"net.{f}.fib_multipath_hash_policy"] = 1
        if node in self.backends and self.vip_on:
            values["net.ipv4.conf.all.arp_ignore"] = 1
            values["net.ipv4.conf.all.arp_announce"] = 2
        return values

    def _router(self, cables):
        lines = ["link set lo up"]
        for side in self._sides():
            lines += [f"link add {side} type bridge mcast_snooping 0"]
        lines += [f"link set {node}-{side} master {side} up"
                  for node, side, _ in cables]
        for side in self._sides():
            lines += self._connect("rt", side, RT)
        for f in FAMILIES:
            lines += [f"route add {CROWD[f]} via {client_addr(f)}",
                      f"route add blackhole {NOWHERE[f]}"]
        return lines + [f"route add {vm_addr(f, int(v[1:]))}/{FULL[f]} via "
                        f"{hypervisor_addr(f, int(h[1:]))}"
                        for v, h in self.home.items() for f in FAMILIES]

    def _connect(self, node, side, host):
        """The lines that put a node's end of a cable to use."""
        device, lines = side, []
        if self.tagged and side in ("back", "side"):
            device = f"{side}.{VLAN}"
            lines = [f"link set {side} up", f"link add link {side} name "
                     f"{device} type vlan id {VLAN}"]
        elif side == "front" and self.front == "bridge" and node != "rt":
            device = "br0"
            lines = ["link add br0 type bridge mcast_snooping 0",
                     "link set front master br0 up"]
        return lines + [f"link set {device} up"] + [
            f"ntable change name {table} dev {device} retrans 50 mcast_probes 40"
            for table in ("arp_cache", "ndisc_cache")] + [
            f"addr add {addr(f, side, host)}/{BITS[f]} dev {device}"
            + (" nodad" if f == 6 else "") for f in FAMILIES]

    def _routes(self, node):
        lines = []
        for f in FAMILIES:
            if node in self.clients:
                lines += [f"route add default via {addr(f, 'edge', RT)}"]
            elif node in self.gateways:
                lines += [f"route add default via {addr(f, 'front', RT)}",
                          f"route add {net(f, 'vms')} via {addr(f, 'back', RT)}"]
            elif node in self.home:
                i = int(node[1:])
                lines += [f"addr add {vm_addr(f, i)}/{FULL[f]} dev e0"
                          + (" nodad" if f == 6 else ""), "link set e0 up",
                          f"route add default via {TAP[f]} dev e0 onlink"]
            else:
                lines += [self._default(f, node)]
            if node == "c1":
                lines += [f"route add local {CROWD[f]} dev lo",
                          f"route add local {NOWHERE[f]} dev lo"]
            if node in self.backends and self.vip_on:
                lines += [f"addr add {vip(f, n)}/{FULL[f]} dev lo"
                          for n in self.vips]
        return lines

    def _default(self, family, node, gateway=1):
        """The default route of a backend or hypervisor."""
        side = "back"
        if node in self.backends:
            side = self.way_to(int(node[1:])).split(".")[0]
        through = RT if self.answers == "direct" else gateway
        return f"route replace default via {addr(family, side, through)}"

    def _tap(self, v, h):
        i = int(v[1:])
        self.ip(h, [f"link set {v} address {TAP_MAC} up"] + [
            f"addr add {TAP[f]}/{FULL[f]} dev {v}"
            + (" nodad" if f == 6 else "") for f in FAMILIES] + [
            f"route add {vm_addr(f, i)}/{FULL[f]} dev {v}" for f in FAMILIES])

    # ---- changing it

    def spread(self, gateways):
        """rt sends what is for services to these gateways, flow by flow."""
        self.ip("rt", [f"route replace {VIP_NET[f]} " + " ".join(
            f"nexthop via {addr(f, 'front', self.gateways.index(g) + 1)}"
            for g in gateways) for f in FAMILIES])

    def answer_through(self, gw):
        """Backends that answer through a gateway: which one."""
        for node in self.backends:
            self.ip(node, [self._default(f, node, self.gateways.index(gw) + 1)
                           for f in FAMILIES])

    def migrate(self, v, h):
        """A running VM is on another hypervisor from now on."""
        self.ip(self.home[v], [f"link set {v} netns {self.ns(h)}"])
        self._tap(v, h)
        self.ip("rt", [
            f"route replace {vm_addr(f, int(v[1:]))}/{FULL[f]} via "
            f"{hypervisor_addr(f, int(h[1:]))}" for f in FAMILIES])
        self.home[v] = h

    def edge_mtu(self, mtu):
        """From now on rt sends clients no packet longer than that."""
        self.ip("rt", [f"link set edge mtu {mtu}"])

    def gro(self):
        """Packets of a flow are put together at all ends of all cables.

        (What TCP sends is a bundle of segments already: veth has TSO.)
        """
        for node, side, _ in self._cables():
            with inside(self, node):
                sums.switch(side, sums.SET_GRO, 1)

    # ---- what it counts

    def _count(self):
        """In rt, of what each gateway sends: towards services (as dsr does),
        from services (answers), tunnelled, and for services but back to where
        it came from: that is nobody's, and rt does not send it round again."""
        counters, chains = [], []
        for g in self.gateways:
            names = [f"{g}-{word}-{f}" for f in FAMILIES
                     for word in ("to", "from", "tunnel", "lost")]
            counters += [f"counter {name} {{ }}" for name in names]
            for side in self._sides()[1:]:
                chains += [f"chain {g}-{side} {{", "type filter hook ingress "
                           f"device {g}-{side} priority 0"]
                for f, ip, next_is in ((4, "ip", "ip protocol"),
                                       (6, "ip6", "ip6 nexthdr")):
                    to = f"counter name {g}-to-{f}" if side != "front" else \
                        f"counter name {g}-lost-{f} drop"
                    chains += [
                        f"{ip} daddr {VIP_NET[f]} {to}",
                        f"{ip} saddr {VIP_NET[f]} counter name {g}-from-{f}",
                        f"{next_is} {{ 4, 41 }} counter name {g}-tunnel-{f}"]
                chains += ["}"]
        self.nft("-f", "-", gw="rt", input="\n".join(
            ["table netdev count {", *counters, *chains, "}"]) + "\n")

    def gateway_sent(self, what):
        """Packets that gateways have sent: {(gateway, family): n}.

        "to": with a service's address as destination; "from": as source;
        "tunnel": IPv4 or IPv6 in a packet of this family; "lost": for a
        service, but sent back to rt.
        """
        text = self.nft("-j", "list", "counters", "table", "netdev", "count",
                        gw="rt")
        found = {}
        for o in json.loads(text)["nftables"]:
            if "counter" in o:
                g, word, f = o["counter"]["name"].split("-")
                if word == what:
                    found[g, int(f)] = o["counter"]["packets"]
        return found
