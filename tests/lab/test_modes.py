# SPDX-License-Identifier: GPL-2.0-or-later
"""How packets reach the backend: dnat and snat, addresses and ports."""

import daemon
from daemon import members, service
from lab import FAMILIES, Lab, backend_addr, client_addr, gw_addr, vip
from marks import vm, vm_only
from process import check, equal

PORTS = "80,443,8000-8003"


def seen(result):
    """The client addresses that the backends saw."""
    return {c.seen for c in result.log}


def mode_sees(proto, mode, side, source=None):
    """In `mode` the backends see this address of IPv4 and IPv6 clients."""
    with Lab() as lab:
        lab.serve_all(f"{proto}/0.0.0.0/8080", f"{proto}/::/8080")
        keys = {"source-address": source} if source else {}
        daemon.start(lab, {"www": service(mode=mode, protocol=proto, **keys)})
        for family in FAMILIES:
            r = lab.flow("c1", vip(family), 80, 30, log=True, proto=proto)
            r.all_ok(f"{mode} IPv{family}")
            equal(seen(r), {side(family)}, f"{mode} {proto} IPv{family}: source")
            equal(len(r.counts()), 3, f"{mode} IPv{family}: backends")


@vm
def test_dnat_keeps_the_client():
    mode_sees("tcp", "dnat", client_addr)


def test_dnat_keeps_the_client_udp():
    mode_sees("udp", "dnat", client_addr)


@vm_only
def test_dnat_keeps_the_client_sctp():
    mode_sees("sctp", "dnat", client_addr)


@vm
def test_snat_masquerades():
    mode_sees("tcp", "snat", lambda f: gw_addr(f, "back"))


def test_snat_masquerades_udp():
    mode_sees("udp", "snat", lambda f: gw_addr(f, "back"))


@vm_only
def test_snat_masquerades_sctp():
    mode_sees("sctp", "snat", lambda f: gw_addr(f, "back"))


def test_snat_source_address():
    """A source address that the backends' answers find by their default."""
    with Lab() as lab:
        lab.serve_all()
        source = {4: "198.51.100.7", 6: "2001:db8:5::7"}
        lab.ip("gw", [f"addr add {source[f]}/{32 if f == 4 else 128} dev lo"
                      for f in FAMILIES])
        daemon.start(lab, {"www": service(
            mode="snat", source_address=", ".join(source.values()))})
        for family in FAMILIES:
            r = lab.flow("c1", vip(family), 80, 30, log=True).all_ok("snat")
            equal(seen(r), {source[family]}, f"IPv{family}: source")


def test_snat_and_dnat_side_by_side():
    """Only the snat service's flows are changed, on the same backends."""
    with Lab() as lab:
        lab.serve_all()
        daemon.start(lab, {"www": service(mode="snat", port=80),
                           "alt": service(mode="dnat", port=81)})
        for family in FAMILIES:
            r = lab.flow("c1", vip(family), 80, 30, log=True).all_ok("snat")
            equal(seen(r), {gw_addr(family, "back")}, f"snat IPv{family}")
            r = lab.flow("c1", vip(family), 81, 30, log=True).all_ok("dnat")
            equal(seen(r), {client_addr(family)}, f"dnat IPv{family}")


def test_vip_only_routed():
    """The service address is on no interface of the gateway."""
    with Lab(vip="routed") as lab:
        lab.serve_all()
        daemon.start(lab, {"www": service(protocol="tcp, udp")})
        for family in FAMILIES:
            for proto in ("tcp", "udp"):
                r = lab.flow("c1", vip(family), 80, 30, proto=proto)
                r.all_ok(f"{proto} IPv{family}")
                check(len(r.counts()) == 3, f"{r.counts()}")


def test_port_list_and_range():
    """80, 443, 8000-8003 reach the backends' one port; others do not."""
    with Lab() as lab:
        lab.serve_all()
        daemon.start(lab, {"www": service(port="80, 443, 8000-8003")})
        for family in FAMILIES:
            r = lab.flow("c1", vip(family), PORTS, 60, log=True)
            r.all_ok(f"IPv{family}")
            equal({c.port for c in r.log}, {80, 443, 8000, 8001, 8002, 8003},
                  "ports tried")
            equal(r.counts(), {"b1": 20, "b2": 20, "b3": 20}, f"IPv{family}")
            for port in (79, 81, 442, 444, 7999, 8004):
                r = lab.flow("c1", vip(family), port, 1, timeout_ms=300)
                equal(r.ok, 0, f"IPv{family}: answers on port {port}")


def keep_port(lab, listen, service_port, try_ports):
    """Backends without port get the flow on the port that the client asked."""
    for i, b in enumerate(lab.backends):
        for p in listen:
            lab.serve(b, f"tcp/0.0.0.0/{p}", f"tcp/::/{p}",
                      f"udp/0.0.0.0/{p}", f"udp/::/{p}", name=f"b{i + 1}:{p}")
    daemon.start(lab, {"www": service(members(port=None), port=service_port,
                                      protocol="tcp, udp")})
    for family in FAMILIES:
        for proto in ("tcp", "udp"):
            for port in try_ports:
                r = lab.flow("c1", vip(family), port, 9, proto=proto)
                r.all_ok(f"IPv{family} {proto} port {port}")
                equal(set(r.counts()), {f"b{i}:{port}" for i in (1, 2, 3)},
                      f"IPv{family} {proto} port {port}")


def test_keep_port_of_a_range():
    with Lab() as lab:
        keep_port(lab, (80, 8001, 8003), "80, 8000-8003", (80, 8001, 8003))


def test_any_port():
    with Lab() as lab:
        keep_port(lab, (1, 22, 65535), "any", (1, 22, 65535))


def test_any_port_to_one_port():
    """Any destination port, and backends that listen on one."""
    with Lab() as lab:
        lab.serve_all()
        daemon.start(lab, {"www": service(port="any")})
        for family in FAMILIES:
            r = lab.flow("c1", vip(family), "1,80,65535", 30).all_ok("any")
            equal(r.counts(), {"b1": 10, "b2": 10, "b3": 10}, f"IPv{family}")


def test_several_addresses():
    """Two addresses of each family are one service: one counter, one share."""
    with Lab() as lab:
        lab.serve_all()
        addresses = [vip(f, n) for f in FAMILIES for n in (10, 11)]
        daemon.start(lab, {"www": service(address=", ".join(addresses))})
        for address in addresses:
            r = lab.flow("c1", address, 80, 30).all_ok(address)
            equal(r.counts(), {"b1": 10, "b2": 10, "b3": 10}, address)


def test_same_address_other_services():
    """Services of one address differ by port and protocol, and do not mix."""
    with Lab() as lab:
        for i, b in enumerate(lab.backends):
            lab.serve(b, "tcp/0.0.0.0/8080", "udp/0.0.0.0/8080", "tcp/::/8080",
                      "udp/::/8080", name=f"b{i + 1}")
        daemon.start(lab, {
            "one": service(members(1, first=1), port=80),
            "two": service(members(1, first=2), port=81),
            "three": service(members(1, first=3), port="80-81", protocol="udp")})
        for family in FAMILIES:
            for port, proto, wanted in ((80, "tcp", "b1"), (81, "tcp", "b2"),
                                        (80, "udp", "b3"), (81, "udp", "b3")):
                r = lab.flow("c1", vip(family), port, 10, proto=proto)
                equal(r.all_ok(f"{port}/{proto}").counts(), {wanted: 10},
                      f"IPv{family} {port}/{proto}")


def on_the_gateway(where):
    """Clients on the gateway itself use the service like anybody."""
    with Lab(vip=where) as lab:
        lab.serve_all()
        daemon.start(lab, {"www": service(protocol="tcp, udp")})
        for family in FAMILIES:
            for proto in ("tcp", "udp"):
                r = lab.flow("gw", vip(family), 80, 30, proto=proto)
                r.all_ok(f"VIP {where}, {proto} IPv{family}")
                check(len(r.counts()) == 3, f"{proto} IPv{family}: {r.counts()}")


@vm
def test_client_on_gateway():
    on_the_gateway("lo")


def test_client_on_gateway_vip_routed():
    on_the_gateway("routed")


def test_other_traffic_is_left_alone():
    """What is not for a service is forwarded as if we were not there."""
    with Lab() as lab:
        lab.serve_all()
        daemon.start(lab, {"www": service()})
        for family in FAMILIES:
            r = lab.flow("c1", backend_addr(family, 2), 8080, 30, log=True)
            equal(r.all_ok("direct").counts(), {"b2": 30}, f"IPv{family}")
            equal(seen(r), {client_addr(family)}, f"IPv{family}: source")
