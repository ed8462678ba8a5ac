# SPDX-License-Identifier: GPL-2.0-or-later
"""hvagent: from a gateway's tunnels to the VMs of a hypervisor, and straight
back to the client. What needs no tunnel device runs here as well."""

from fabric import Fabric, addr, hypervisor_addr, vm_addr
from hvagent import (ACROSS, DEVICE, IP, OTHER, TUNNEL, Agent, across, binding,
                     by_hand)
from lab import FAMILIES, client_addr, vip
from marks import vm_needs
from process import check, equal, wait_until

SOON_S = 20     # on a busy machine; alone it is a hundredth of that


def both(vms, **keys):
    """Bindings of the service to these VMs, of both families."""
    return {f"{v}-{f}": binding(f, v, **keys) for v in vms for f in FAMILIES}


def restored(lab, agent, family, words):
    """Wait until the rules are what they were; returns nothing."""
    def same():
        r = lab.run(agent.h, "nft", "list", "table", IP[family], "hvagent")
        return [x for x in r.stdout.splitlines() if "packets" not in x] == \
            agent.wanted[family]
    wait_until(same, SOON_S, words)


def started(lab, bindings, **keys):
    agent = Agent(lab)
    agent.write(bindings, **keys)
    agent.start()
    agent.wanted = {f: agent.rules(f, handles=False) for f in FAMILIES}
    return agent


def test_adopts_and_repairs_rules():
    with Fabric(backends=0, vms=(2,)) as lab:
        agent = started(lab, both(("v1", "v2")))
        for damage in (["flush", "table", "ip", "hvagent"],
                       ["delete", "table", "ip", "hvagent"],
                       ["flush", "map", "ip", "hvagent", "vms"],
                       ["flush", "set", "ip", "hvagent", "gateways"],
                       ["flush", "chain", "ip", "hvagent", "outer"],
                       ["flush", "ruleset"]):
            before = agent.status()["repairs"]
            lab.nft(*damage, gw="h1")
            for f in FAMILIES:
                restored(lab, agent, f, " ".join(damage))
            wait_until(lambda n=before: agent.status()["repairs"] > n, 5,
                       "a repair is counted")
        rules = {f: agent.rules(f) for f in FAMILIES}
        agent.process.kill()
        equal(lab.do("h1", *agent.argv("-n")), "nothing to do\n", "plan")
        agent.start()
        for f in FAMILIES:
            equal(agent.rules(f), rules[f], "rules after kill -9 and a start")
        equal(agent.process.stop(), 0, "exit status")
        for f in FAMILIES:
            equal(agent.rules(f), rules[f], "rules after SIGTERM")
        lab.do("h1", *agent.argv("--flush"))
        equal(lab.ruleset("h1"), "", "after a flush")


def test_changes_touch_no_other():
    """By file and by API; what is refused changes nothing."""
    with Fabric(backends=0, vms=(2,)) as lab:
        agent = started(lab, both(("v1",)))
        rules = agent.rules()
        status, _ = agent.ask("PUT", "/v1/bindings/more", binding(4, "v2"))
        check(status in (200, 201), f"status {status}")
        more = agent.rules()
        check(any("more/" in line for line in more), "more is not there")
        equal([x for x in rules if "chain" in x or "handle" in x],
              [x for x in more if "chain" in x or "handle" in x], "handles")
        status, why = agent.ask("PUT", "/v1/bindings/twice", binding(4, "v2"))
        check(status >= 400 and "more" in json_text(why), f"{status} {why}")
        status, why = agent.ask("PUT", "/v1/bindings/v1-4", binding(4, "v2"))
        check(status >= 400, f"the file's is changed: {status} {why}")
        equal(agent.rules(), more, "after refusals")
        status, _ = agent.ask("DELETE", "/v1/bindings/more")
        check(status in (200, 204), f"status {status}")
        equal(agent.rules(), rules, "as before")
        agent.write(both(("v1", "v2")))
        equal(agent.reload(), {"done": 1, "failed": 0}, "reloads")
        check(any("v2-4/" in line for line in agent.rules()), "v2 by file")
        agent.write({"bad": {"service": "nonsense", "vm": "x"}})
        equal(agent.reload(), {"done": 1, "failed": 1}, "reloads")
        check(any("v2-4/" in line for line in agent.rules()), "v2 stays")


def json_text(value):
    return str(value)


def test_follows_the_uplink():
    with Fabric(backends=0, vms=(1,)) as lab:
        agent = started(lab, both(("v1",)))
        old, new = hypervisor_addr(4, 1), addr(4, "back", 77)
        check(any(old in line for line in agent.rules()), "its own address")
        lab.ip("h1", [f"addr del {old}/16 dev back",
                      f"addr add {new}/16 dev back"])
        wait_until(lambda: any(new in line for line in agent.rules()), SOON_S,
                   "the new address")
        check(not any(old in line for line in agent.rules()), "the old one")
        lab.ip("h1", ["link set back mtu 1400"])
        wait_until(lambda: any("size set 1340" in line
                               for line in agent.rules()), SOON_S, "the new MSS")


# ---- packets

def flows(lab, words, vms, port=80, n=30):
    """Connections of both families: the client sees the service, the VM sees
    the client."""
    for f in FAMILIES:
        r = lab.flow("c1", vip(f), port, n, log=True)
        r.all_ok(f"{words} IPv{f}")
        equal({c.seen for c in r.log}, {client_addr(f)}, f"{words}: client")
        equal(set(r.counts()), set(vms), f"{words}: VMs")


def clamped(lab):
    """The machines' SYN-ACKs say what fits into the tunnel."""
    for f, mss in ((4, 1440), (6, 1392)):
        seen = lab.spawn("c1", f"syn-{f}", [
            "tcpdump", "-l", "-n", "-i", "edge", "-c", "1", "-v",
            f"{IP[f]} and src host {vip(f)}"])
        wait_until(lambda p=seen: "listening" in p.errors(), 20, "tcpdump")
        lab.flow("c1", vip(f), 80, 1).all_ok(f"IPv{f}")
        seen.wait()
        check(f"mss {mss}," in seen.output(), seen.output())


@vm_needs("ipip and ip6tnl devices")
def test_tunnels_to_vms():
    """Two VMs of one service on one hypervisor; killed, damaged, they go on."""
    with Fabric(backends=0, vms=(2,)) as lab:
        for v in lab.home:
            lab.serve(v)
        by_hand(lab, ports="{ 80, 81 }")
        agent = started(lab, {**both(("v1", "v2")),
                              **{f"long-{n}": b for n, b in both(
                                  ("v1", "v2"), port=81, to=8081).items()}})
        equal(agent.status()["error"], None, "error of the agent")
        flows(lab, "both", ("v1", "v2"))
        equal(set(lab.gateway_sent("from").values()), {0}, "answers by gw")
        clamped(lab)
        holds = [lab.hold("c1", vip(f), 81, 4) for f in FAMILIES]
        rules = agent.rules()
        agent.process.kill()
        agent.start()
        equal(agent.rules(), rules, "rules after kill -9 and a start")
        for f in FAMILIES:
            lab.ip("h1", [f"link del {DEVICE[f]}"])
            lab.nft("flush", "table", IP[f], "hvagent", gw="h1")
        for f in FAMILIES:
            wait_until(lambda d=DEVICE[f]: lab.run(
                "h1", "ip", "link", "show", d, "up").stdout, SOON_S, "device")
            restored(lab, agent, f, "rules")
        flows(lab, "repaired", ("v1", "v2"))
        equal(agent.ask("PUT", "/v1/bindings/x", binding(4, "v1", port=82))[0]
              in (200, 201), True, "one more")
        for h in holds:
            equal([t["reason"] for t in h.stop().transfers], [""] * 4, "ends")


def dropped(lab, agent, what, node, to, port):
    """A connection that leads nowhere, and is counted."""
    before = agent.drops(what)
    equal(lab.flow(node, to, port, 1, timeout_ms=2000).ok, 0, f"{what}: {to}")
    wait_until(lambda: agent.drops(what) > before, 20, f"{what}: {to}")


@vm_needs("ipip and ip6tnl devices")
def test_strangers():
    """Tunnels of others, to VMs and to the host; and what no binding is for."""
    with Fabric(backends=1, vms=(1,)) as lab:
        lab.serve("v1")
        by_hand(lab, ports="{ 80, 90 }")
        agent = started(lab, both(("v1",)))
        flows(lab, "gateway", ("v1",), n=5)
        equal(agent.drops("strangers"), 0, "strangers")
        equal(agent.drops("unbound"), 0, "unbound")
        for f in FAMILIES:
            for k, to in enumerate((vm_addr(f, 1), hypervisor_addr(f, 1))):
                lab.ip("b1", [
                    f"link add s{k}-{f} type {TUNNEL[f]} local "
                    f"{lab.backend_addr(f, 1)} remote {to}",
                    f"link set s{k}-{f} up",
                    f"route replace {vip(f, 99)} dev s{k}-{f}"])
                dropped(lab, agent, "strangers", "b1", vip(f, 99), 80)
            dropped(lab, agent, "unbound", "c1", vip(f), 90)
        flows(lab, "gateway again", ("v1",), n=5)


@vm_needs("ipip and ip6tnl devices")
def test_machine_is_client():
    """Of a service whose gateway sends it to another machine of its hypervisor:
    its packets go by twice, first without a tunnel."""
    with Fabric(backends=0, vms=(2,)) as lab:
        lab.serve("v2")
        by_hand(lab, vms=["v2"])
        agent = started(lab, both(("v2",)))
        for f in FAMILIES:
            r = lab.flow("v1", vip(f), 80, 10, log=True)
            r.all_ok(f"v1 IPv{f}")
            equal({c.seen for c in r.log}, {vm_addr(f, 1)}, f"IPv{f}: seen")
            equal(set(r.counts()), {"v2"}, f"IPv{f}: who answered")
        equal(agent.drops("unbound"), 0, "unbound")


def tunnel(lab, node, f, name, to):
    """A service by a tunnel of the other family."""
    own = addr(OTHER[f], "back", 1 if node == "gw" else 11)
    lab.ip(node, [f"link add {name}-{f} type {ACROSS[f]} local {own} remote {to}",
                  f"link set {name}-{f} up",
                  f"route replace {vip(f, 99)} dev {name}-{f}"])


@vm_needs("ip6tnl and sit devices")
def test_strangers_across_families():
    """IPv4 in IPv6 and IPv6 in IPv4: of others, and for no binding; what takes
    them out is there as long as a binding needs it."""
    with Fabric(backends=1, vms=(1,)) as lab:
        agent = started(lab, both(("v1",)))
        equal(lab.run("h1", "ip", "link", "show", "nlb-ip6sit").stdout, "",
              "a device that nobody needs")
        for f in FAMILIES:
            status, why = agent.ask("PUT", f"/v1/bindings/across-{f}",
                                    across(f, "v1", port=82))
            check(status in (200, 201), f"{status} {why}")
        for damaged in (False, True):
            if damaged:
                lab.ip("h1", ["link del nlb-ip6sit"])
            wait_until(lambda: lab.run("h1", "ip", "link", "show", "nlb-ip6sit",
                                       "up").stdout, SOON_S, "device")
        equal(agent.status()["error"], None, "error of the agent")
        check(any("size set 1412" in line for line in agent.rules()), "the MSS")
        for f in FAMILIES:
            for k, to in enumerate((vm_addr(OTHER[f], 1),
                                    hypervisor_addr(OTHER[f], 1))):
                tunnel(lab, "b1", f, f"s{k}", to)
                dropped(lab, agent, "strangers", "b1", vip(f, 99), 80)
            tunnel(lab, "gw", f, "u", vm_addr(OTHER[f], 1))
            dropped(lab, agent, "unbound", "gw", vip(f, 99), 80)
        for f in FAMILIES:
            agent.ask("DELETE", f"/v1/bindings/across-{f}")
        equal(agent.rules(handles=False), agent.wanted[4], "as before")
