# SPDX-License-Identifier: GPL-2.0-or-later
"""From a gateway's mode ipip to the VMs of hypervisors, with hvagent, and
straight back to the clients."""

import daemon
from direct import both
from fabric import Fabric, addr, vm_addr
from hvagent import Agent, binding
from lab import FAMILIES, client_addr, vip
from marks import vm_needs
from process import equal
from uploads import Upload, transfers

tunnels = vm_needs("ipip and ip6tnl devices")


def prepared(lab):
    """Servers in all VMs; an agent on each hypervisor with all bindings: port 80
    says a line, 90 streams; and the gateway."""
    wanted = {f"{v}-{port}-{f}": binding(f, v, port, 8000 + to)
              for v in lab.home for f in FAMILIES
              for port, to in ((80, 80), (90, 81))}
    for v in lab.home:
        lab.serve(v)
    for h in lab.hypervisors:
        a = Agent(lab, h)
        a.write(wanted)
        a.start()
    lines = {v + ("" if f == 4 else "-v6"): vm_addr(f, int(v[1:]))
             for v in lab.home for f in FAMILIES}
    source = ", ".join(addr(f, "back", 1) for f in FAMILIES)
    return daemon.start(lab, {"www": daemon.service(
        lines, mode="ipip", interface="front", port="80, 90")},
        **{"tunnel-source": source})


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
