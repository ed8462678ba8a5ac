# SPDX-License-Identifier: GPL-2.0-or-later
"""What --dry-run says of a change: nothing happens by it, and then just that
does: slots, clients, flows and services are counted."""

import json
import os

import daemon
from daemon import member, members, service
from lab import FAMILIES, Lab, crowd, vip
from process import check, equal, wait_until

CLIENTS = 200
PORTS = {"hash": 80, "turns": 81, "shares": 82}


def services(count=4, **more):
    of = members(count)
    return {"hash": service(of, port=80, protocol="tcp, udp",
                            scheduler="source-hash"),
            "turns": service(of, port=81, protocol="tcp, udp"),
            "shares": service({**of, **more}, port=82, scheduler="weighted",
                              slots=60)}


def slots(d):
    """{(service, family, slot): backend}, as the kernel has them."""
    return {(t["service"], t["family"], i): owner
            for t in d.json("show", "slots")
            for i, owner in enumerate(t["owners"])}


def what_there_is(lab, d):
    """All that a dry run must leave as it is."""
    state = os.path.join(lab.dir, "gw-state")
    files = {}
    for name in sorted(os.listdir(state)):
        path = os.path.join(state, name)
        if os.path.isfile(path):
            with open(path, "rb") as f:
                files[name] = f.read()
    backends = [(s["name"], s["state"], b["name"], b["admin"], b["state"],
                 b["weight"], b["slots"])
                for s in d.json("show", "services") for b in s["backends"]]
    events = [e for e in d.json("show", "events") if e["kind"] != "prober"]
    return (lab.ruleset(), backends, files, events,
            d.json("status")["revision"])


def udp_flows(lab):
    return {" ".join(w for w in line.split() if "=" in w)
            for f in FAMILIES
            for line in lab.conntrack("-p", "udp", "-f", f"ipv{f}")}


def where(lab, port):
    """{client: backend}: one connection of each, both families."""
    return {k: v for f in FAMILIES
            for k, v in lab.flow("c1", vip(f), port, CLIENTS, log=True,
                                 source=crowd(f, CLIENTS)).by_source().items()}


def foretold(lab, d, *words):
    """What --dry-run says, as text and JSON; nothing happens."""
    before = what_there_is(lab, d)
    said = d.json(*words, "--dry-run")
    text = d.do("--dry-run", *words)
    equal(text.splitlines()[0], said["summary"], "text and JSON")
    after = what_there_is(lab, d)
    for was, now in zip(before, after):
        equal(now, was, f"{words} --dry-run changed something")
    return said


def happens(lab, d, *words, clients=0):
    """Say it, do it, count; returns what was said. @clients: the share of
    hash's clients that move, as a factor of all that do; 0 = not counted."""
    said = foretold(lab, d, *words)
    price = said["price"]
    before, udp = slots(d), udp_flows(lab)
    places = where(lab, PORTS["hash"]) if clients else {}
    udp |= udp_flows(lab)
    d.do(*words)
    after = slots(d)
    if set(before) == set(after):
        equal(price["slots_moved"], sum(before[k] != after[k] for k in before),
              f"{words}: slots")
    if price["flows_ended"]:
        wait_until(lambda: len(udp - udp_flows(lab)) == price["flows_ended"],
                   5, f"{words}: {price['flows_ended']} of {len(udp)} flows end,"
                   f" not {len(udp - udp_flows(lab))}")
    else:
        equal(udp - udp_flows(lab), set(), f"{words}: flows that end")
    if places:
        now = where(lab, PORTS["hash"])
        share = sum(places[c] != now[c] for c in places) / len(places)
        check(abs(share - clients * price["clients_moved"]) < 0.08,
              f"{words}: {price['clients_moved']} of clients foretold, {share}")
    return said


def test_foretold_and_done():
    with Lab(backends=4) as lab:
        lab.serve_all()
        d = daemon.start(lab, {**services(),
                               "long": service(members(4, 8081), port=83)})
        for f in FAMILIES:
            for port in (80, 81):
                lab.flow("c1", vip(f), port, 40, proto="udp",
                         source=crowd(f, 40)).all_ok("udp")
        held = lab.hold("c1", vip(4), 83, 8)
        for words, name, moved, ended in (
                (("backend", "drain", "hash", "b1"), "hash", True, False),
                (("backend", "disable", "hash", "b1"), "hash", False, True),
                (("backend", "enable", "hash", "b1"), "hash", True, False),
                (("backend", "disable", "turns", "b2-v6"), "turns", True, True),
                (("backend", "disable", "long", "b1"), "long", True, False),
                (("backend", "weight", "shares", "b3", "4"), "shares", True,
                 False),
                (("backend", "weight", "shares", "b3", "default"), "shares",
                 True, False)):
            said = happens(lab, d, *words, clients=words[1] == "drain")
            equal((said["price"]["slots_moved"] > 0,
                   said["price"]["flows_ended"] > 0), (moved, ended), f"{words}")
            touched = [{"name": name, "change": "changed"}] if moved else []
            equal(said["services"], touched, f"{words}: services")
        said = foretold(lab, d, "backend", "drain", "shares", "b1")
        check(said["summary"].startswith("would move 15 of 120 slots (12.5 % of "
                                         "new clients), 0 established flows "
                                         "end, 1 service"), said["summary"])
        said = happens(lab, d, "service", "disable", "hash")
        equal((said["services"], said["price"]["clients_moved"]),
              ([{"name": "hash", "change": "changed"}], 1), "disable")
        check(said["price"]["flows_ended"] > 0, "UDP flows of a disabled service")
        equal(foretold(lab, d, "service", "enable", "hash")["price"]
              ["clients_moved"], 1, "enable")
        d.do("service", "enable", "hash")
        said = foretold(lab, d, "service", "enable", "hash")
        equal((said["empty"], said["services"]), (True, []), "nothing to do")
        equal([t["survived"] for t in held.stop().transfers], [True] * 8,
              "TCP connections that were there")


def test_reload_and_sync():
    with Lab(backends=4) as lab:
        lab.serve_all()
        d = daemon.start(lab, services())
        for f in FAMILIES:
            lab.flow("c1", vip(f), 80, 40, proto="udp", source=crowd(f, 40))
        new = services(3)
        d.write(new)
        said = happens(lab, d, "config", "reload")
        equal([s["name"] for s in said["services"]], sorted(PORTS), "services")
        equal(said["price"]["backends_removed"], 6, "backends that go")
        check(said["price"]["flows_ended"] > 0, "flows of b4")
        # one that the file disables loses what it has, like the operator's
        for name in member(1, 4), member(1, 6):
            new["hash"][f"backend.{name}"] += " disabled"
        d.write(new)
        equal(d.json("config", "diff")["price"],
              foretold(lab, d, "config", "reload")["price"], "diff and dry run")
        # two of three services have nothing that moves
        check(happens(lab, d, "config", "reload", clients=3)["price"]
              ["flows_ended"] > 0, "flows of a backend that the file disables")
        equal(foretold(lab, d, "sync")["empty"], True, "sync")
        d.do("flush")
        equal([s["change"] for s in foretold(lab, d, "sync")["services"]],
              ["added"] * 3, "sync after a flush")
        equal(foretold(lab, d, "backend", "drain", "hash", "b2")["empty"], True,
              "nothing is in the kernel that could move")


def test_members_and_files():
    """Members of a dynamic pool, and a file that is applied."""
    with Lab(backends=4) as lab:
        lab.serve_all()
        keys = {"address": vip(4), "port": 80, "protocol": "tcp, udp",
                "scheduler": "source-hash", "pool": "web"}
        pools = {"web": {"dynamic": "yes", **{
            f"backend.{k}": v for k, v in members(2, families=(4,)).items()}}}
        d = daemon.start(lab, {"hash": keys}, pools=pools)
        said = happens4(lab, d, "backend", "add", "web", "m3", "10.2.0.13:8080")
        equal((said["services"], said["price"]["flows_ended"]),
              ([{"name": "hash", "change": "changed"}], 0), "a new member")
        lab.flow("c1", vip(4), 80, 60, proto="udp", source=crowd(4, 60))
        said = happens4(lab, d, "backend", "remove", "web", "m3")
        check(said["price"]["flows_ended"] > 5, f"{said['price']}")
        other = d.write({"hash": {**keys, "port": "80, 90"}}, pools=pools,
                        path=os.path.join(lab.dir, "other.conf"))
        said = happens4(lab, d, "config", "apply", other)
        equal([s["name"] for s in said["services"]], ["hash"], "apply")


def happens4(lab, d, *words):
    """As happens(), of a service that only IPv4 has."""
    said = foretold(lab, d, *words)
    before, udp = slots(d), udp_flows(lab)
    d.do(*words)
    after = slots(d)
    if set(before) == set(after):
        equal(said["price"]["slots_moved"],
              sum(before[k] != after[k] for k in before), f"{words}: slots")
    wait_until(lambda: len(udp - udp_flows(lab)) == said["price"]["flows_ended"],
               5, f"{words}: {said['price']['flows_ended']} flows end")
    return said


def test_refused():
    """Bad words and bad files: the same errors as without --dry-run."""
    with Lab(backends=1) as lab:
        d = daemon.start(lab, {"www": service(members(1))})
        for words in (("backend", "drain", "www", "b9"),
                      ("service", "disable", "nobody")):
            p = d.ctl(*words, "--dry-run")
            equal((p.returncode, p.stderr), (1, d.ctl(*words).stderr), words)
        p = d.ctl("status", "--dry-run")
        equal(p.returncode, 2, "status")
        check("--dry-run" in p.stderr, p.stderr)
        before = what_there_is(lab, d)
        d.write_text("[service www]\naddress = nowhere\nport = 70000\n"
                     "[service alt]\nmode = sideways\n")
        for words in (("config", "check"), ("config", "diff"),
                      ("config", "reload", "--dry-run")):
            p = d.ctl(*words)
            equal(p.returncode, 1, words)
            for place in (":2: ", ":3: ", ":5: "):
                check(d.conf_path + place in p.stderr, f"{words}: {p.stderr}")
        equal(what_there_is(lab, d), before, "nothing happened")
        problem = json.loads(lab.do("gw", "curl", "-s", "--unix-socket", d.socket,
                                    "-X", "POST",
                                    "http://x/v1/sync?dry_run=perhaps"))
        check("dry_run" in problem["detail"], problem)
