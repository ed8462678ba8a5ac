# SPDX-License-Identifier: GPL-2.0-or-later
"""What packets of dsr and ipip find before all else: where their flow went a
moment ago."""

import json

from daemon import member
from direct import DSR, IPIP, table
from lab import FAMILIES
from marks import vm_needs
from process import check, equal, wait_until
from test_cache import Talks, all_are, elements


def knows_no_better(mode, noted, more=None):
    """What packets find first, where flows of a moment ago went, is never more
    than what services say: a port gets another service, a backend goes and
    comes back, and each time the next packets are where they should be.
    noted: the map; more: what else happens."""
    n = 8
    with mode.fabric(backends=2) as lab:
        mode.serve(lab)

        def services(first, second):
            return {name: mode.service(lab, port, weights=weights,
                                       protocol="udp", scheduler="weighted")
                    for name, port, weights in (("one", first, (1, 0)),
                                                ("two", second, (0, 1)))}

        def recent():
            return {f: len(elements(lab, mode, f, noted)) for f in FAMILIES}

        def all_known(name):
            def goes_on():
                equal(talks.ask(), all_are(name, n), "they go on")
                return recent() == {f: n for f in FAMILIES}
            wait_until(goes_on, 10, "a moment ago")
        d = mode.start(lab, services(80, 81))
        talks = Talks(lab, n)
        equal(talks.ask(), all_are("b1", n), "begin")
        equal(recent(), {f: 0 for f in FAMILIES}, "one packet each")
        all_known("b1")
        d.restart()
        check(d.json("show", "plan")["empty"], "adopted as it is")
        all_known("b1")
        d.write(services(81, 80), **mode.globals(lab, "gw"))
        d.reload()
        equal(talks.ask(), all_are("b2", n), "the port is two's")
        all_known("b2")
        for f in FAMILIES:
            d.do("backend", "weight", "two", member(1, f), 1)
        equal(talks.ask(), all_are("b2", n), "remembered")
        for f in FAMILIES:
            d.do("backend", "disable", "two", member(2, f))
        for _ in range(2):
            equal(talks.ask(), all_are("b1", n), "b2 takes nobody")
        for f in FAMILIES:
            d.do("backend", "enable", "two", member(2, f))
        for _ in range(2):
            equal(talks.ask(), all_are("b1", n), "b2 is back, they stay")
        all_known("b1")
        check("repaired" not in d.log(), "we know our own commits")
        if more:
            more(lab, talks, noted)
        d.write({"one": services(80, 81)["one"]},
                **mode.globals(lab, "gw"))
        d.reload()
        for f in FAMILIES:
            equal(elements(lab, mode, f, noted), {}, "nobody's now")


def test_moment_ago_knows_no_better():
    knows_no_better(DSR, "recent")


def made_again(lab, talks, noted):
    """nft lists it all. The tunnels are deleted, and others made:
    flows are sent into these."""
    def there():
        p = lab.run("gw", "ip", "-j", "link", "show")
        return {x["ifname"]: x["ifindex"] for x in json.loads(p.stdout)
                if x["ifname"].startswith("nlb-")}

    def served():
        return not any(None in who for who in talks.ask().values())

    def others():
        now = there()
        return set(now) == set(before) and not \
            set(now.values()) & set(before.values())

    def all_noted():
        known = [list(elements(lab, IPIP, f, noted).values())
                 for f in FAMILIES]
        return served() and all(
            len(k) == len(talks.flows[4]) and set(k) <= set(before)
            for k in known)
    for f in FAMILIES:
        check(noted in lab.nft("list", "table", *table(IPIP, f)), "listed")
    before = there()
    for name in before:
        lab.ip("gw", [f"link del {name}"])
    wait_until(others, 20, "tunnels are made again")
    wait_until(all_noted, 20, "flows go on")


@vm_needs("ipip and ip6tnl devices")
def test_ipip_moment_ago_knows_no_better():
    """What packets find first is a tunnel: nobody checks it again."""
    knows_no_better(IPIP, "recent-tunnels", made_again)
