# SPDX-License-Identifier: GPL-2.0-or-later
"""The rules around services, to the letter, as nft lists them and reads them.

golden/around-*.nft has each form once. `GOLDEN=write` writes the files anew: to
be read before they are committed.
"""

import os
import time

import daemon
from daemon import members, service
from lab import FAMILIES, Lab, client_addr, vip
from process import check, equal

GOLDEN = os.path.join(os.path.dirname(os.path.abspath(__file__)), "golden")
GROUP = {"pool": "both", "persist": "source 10m", "persist_group": "shop"}
PINS = {"pin.office": f"{client_addr(4)} b2",
        "pin.office6": "2001:db8:1::/64 b1-v6"}
LIMITS = {"limit_new_per_source": 5, "limit_new_burst": 8,
          "limit_connections_per_source": 3}

SERVICES = {
    "stick": service(members(2), port=80, persist="source 10m", **PINS),
    "stick-net": service(members(2), port=81, persist="source/24/64 90s",
                         counters="yes", log="new, drops", on_empty="drop"),
    "stick-port": service(members(2), port=82, persist="source-port 1m",
                          persist_size=100, protocol="tcp, udp"),
    "stick-mac": service(members(2), port=83, persist="mac 1m"),
    "pinned": service(members(2), port="84, 8000-8010", **PINS),
    "shop-http": service({}, port=85, **GROUP),
    "shop-tls": service({}, port=86, counters="yes", **GROUP),
    "limited": service(members(2), port=87, **LIMITS),
    "limited-nets": service(members(2), port=88, strict="yes", counters="yes",
                            limit_source="24/64", limit_action="reject",
                            limit_rst=10, limit_rst_burst=4, log="drops",
                            log_group=5, log_prefix="my words", **LIMITS),
    "filtered": service(members(2), port=96, allow="office",
                        deny="rude, worse", filter_action="reject", log="drops"),
    "strict": service(members(2), port=89, strict="yes", limit_rst=5,
                      protocol="tcp, udp"),
    "room": service(members(2), port=90, max_connections=3, slots=13,
                    scheduler="source-hash"),
    "room-stick": service(members(2), port=91, max_connections=1,
                          persist="source 10m", counters="yes"),
    "marked": service({"b1": "10.2.0.11:8080 dscp=cs1 priority=2:20",
                       "b2": "10.2.0.12:8080",
                       "b1-v6": "[2001:db8:2::b]:8080 packet-mark=1"},
                      port="92, 9000-9010", packet_mark="0x10/0xff",
                      conntrack_mark=7, dscp="ef", priority="1:10"),
    "counted": service(members(2, port=None), port="any", counters="yes",
                       address="192.0.2.11, 2001:db8:a::11"),
    "ftp": service(members(2), port=21, helper="ftp"),
    "sip": service(members(2), port=5060, helper="sip", protocol="tcp, udp"),
    "pptp": service(members(2), port=1723, helper="pptp"),
    "here": service({}, port=94, mode="local", counters="yes", dscp="cs1",
                    limit_new_per_source=5),
    "short": service(members(2), port=95),
}
LISTS = {"office": {"entries": "10.1.0.0/16, 2001:db8:1::/64"},
         "rude": {"entries": "10.3.0.0/16"}, "worse": {"entries": "10.4.0.1"}}
POOLS = {"both": {f"backend.{n}": text for n, text in members(2).items()}}


def golden(family, text):
    """What the file says; with GOLDEN=write it says @text from now on."""
    path = os.path.join(GOLDEN, f"around-{family}.nft")
    if os.environ.get("GOLDEN") == "write":
        with open(path, "w", encoding="ascii") as f:
            f.write(text)
    with open(path, encoding="ascii") as f:
        return f.read()


def test_rule_set():
    """Everything once: listed as it should be, and nft reads what it lists."""
    with Lab() as lab:
        daemon.start(lab, SERVICES, pools=POOLS, lists=LISTS)
        for family in ("ip", "ip6"):
            text = lab.nft("list", "table", family, "nftlb")
            equal(text, golden(family, text), f"table {family} nftlb")
            lab.do("c1", "nft", "-f", "-", input=text)
            equal(lab.do("c1", "nft", "list", "table", family, "nftlb"), text,
                  f"table {family} nftlb, read and listed by nft")


def test_a_restart_writes_nothing():
    """A daemon that finds all of it in the kernel has nothing to do."""
    with Lab() as lab:
        d = daemon.start(lab, SERVICES, pools=POOLS, lists=LISTS)
        before = lab.nft("-a", "list", "table", "ip", "nftlb")
        d.restart()
        equal(d.json("status")["commits"]["done"], 0, "commits of the second daemon")
        equal(lab.nft("-a", "list", "table", "ip", "nftlb"), before,
              "rules and their handles")
        check("handle" in before, "no handles")


def test_a_changed_limit_holds_at_once():
    """Elements keep the limit that they were made with: the sources of before
    have the limit of now, because it stands in another set."""
    with Lab() as lab:
        lab.serve_all()
        d = daemon.start(lab, {"www": service(limit_new_per_source=1,
                                              limit_new_burst=900)})
        for family in FAMILIES:
            lab.flow("c1", vip(family), 80, 10).all_ok("burst 900")
        for burst, name in ((4, "new.www/2"), (3, "new.www")):
            d.write({"www": service(limit_new_per_source="1",
                                    limit_new_burst=burst,
                                    limit_action="reject")})
            d.reload()
            sets = lab.nft("list", "sets", "ip")
            check(f"set {name} {{" in sets, f"no set {name}: {sets}")
            equal(sets.count("set new.www"), 1, "sets of the service")
            for family in FAMILIES:
                begun = time.monotonic()
                r = lab.flow("c1", vip(family), 80, 8)
                most = burst + int(time.monotonic() - begun)
                check(burst <= r.ok <= most,
                      f"IPv{family}: {r.ok} of 8, wanted {burst}..{most}")
