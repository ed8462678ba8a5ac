# SPDX-License-Identifier: GPL-2.0-or-later
"""Filters: lists of addresses that services allow or deny."""

import os
import signal
import socket
import threading

import daemon
from daemon import members, service
from lab import FAMILIES, Lab, client_addr, crowd, vip
from marks import vm
from process import check, equal, wait_until

# The lab's client, and a network that it is not in.
NOBODY = {4: "198.18.0.0/24", 6: "2001:db8:77::/64"}
# The kernel answers at once: no test waits for a time-out.
REJECT = {"filter-action": "reject"}


def conf(d, services, lists, **more):
    """The daemon's file with [list] sections after the rest."""
    text = "".join(f"\n[list {name}]\n" + "".join(
        f"{k} = {v}\n" for k, v in keys) for name, keys in lists.items())
    d.write(services, **more)
    with open(d.conf_path, encoding="utf-8") as f:
        d.write_text(f.read() + text)


def started(lab, services, lists, **more):
    lab.serve_all()
    d = daemon.Daemon(lab)
    conf(d, services, lists, **more)
    return d.start()


def passes(lab, family, words, port=80, n=6):
    lab.flow("c1", vip(family), port, n).all_ok(words)


def blocked(lab, family, words, port=80, n=6):
    r = lab.flow("c1", vip(family), port, n)
    equal((r.counts(), r.failed), ({}, n), f"IPv{family} {words}: served")


def everywhere(function, lab, words, **options):
    for f in FAMILIES:
        function(lab, f, words, **options)


def me(family):
    return client_addr(family)


def on_list(d, name):
    """{"entries", "added", "removed"} of a list, as sets."""
    told = d.json("list", "show", name)
    return {k: set(told[k]) for k in ("entries", "added", "removed")}


@vm
def test_deny():
    """Blocks and lets in again at once, by address, network and range."""
    with Lab() as lab:
        d = started(lab, {"www": service(deny="bad", **REJECT),
                          "free": service(port=81)},
                    {"bad": [("entries", ", ".join(NOBODY.values()))]})
        everywhere(passes, lab, "not listed")
        forms = {4: ["{}", "{}/30", "10.0.0.0-239.255.255.255", "0.0.0.0/0"],
                 6: ["{}", "{}/120", "2000::-3fff::", "::/0"]}
        for f in FAMILIES:
            for form in forms[f]:
                entry = form.format(me(f))
                d.do("list", "add", "bad", entry)
                blocked(lab, f, f"added {entry}")
                passes(lab, f, f"{entry} concerns another service", port=81)
                passes(lab, 10 - f, f"{entry} concerns the other family")
                d.do("list", "remove", "bad", entry)
                passes(lab, f, f"removed {entry}")
        equal(on_list(d, "bad")["added"], set(), "left in the end")


def test_deny_from_file():
    """What the file says, and that the operator's word counts more."""
    with Lab() as lab:
        nets = {4: me(4) + "/24", 6: me(6) + "/64"}
        path = os.path.join(lab.dir, "bad.txt")
        with open(path, "w", encoding="ascii") as f:
            f.write("# ours\n" + "\n".join(nets.values()) + "\n")
        d = started(lab, {"www": service(deny="bad", **REJECT)},
                    {"bad": [("file", path)]})
        everywhere(blocked, lab, "in the file")
        for f in FAMILIES:
            d.do("list", "remove", "bad", me(f))
        everywhere(passes, lab, "one address of the network taken off")
        for f in FAMILIES:
            told = d.json("list", "test", "bad", me(f))
            equal((told["listed"], told["why"]), (False, "removed"), "test")
        d.reload()
        everywhere(passes, lab, "after a reload")
        with open(path, "w", encoding="ascii") as f:
            f.write("\n".join(NOBODY.values()) + "\n")
        d.reload()
        for f in FAMILIES:
            d.do("list", "add", "bad", me(f))
        everywhere(blocked, lab, "added to what the file says")
        told = on_list(d, "bad")
        equal(told["entries"], set(NOBODY.values()), "entries")
        equal(told["added"], {me(4), me(6)}, "added")


def test_allow():
    """Only who is on the list; deny wins."""
    with Lab() as lab:
        ours = ", ".join(me(f) for f in FAMILIES)
        others = ", ".join(NOBODY.values())
        d = started(lab, {"www": service(allow="ours", **REJECT),
                          "both": service(port=81, allow="ours", deny="bad",
                                          **REJECT),
                          "two": service(port=82, allow="empty, ours",
                                         **REJECT)},
                    {"ours": [("entries", ours)], "bad": [("entries", others)],
                     "empty": []})
        for port in (80, 81, 82):
            everywhere(passes, lab, "allowed", port=port)
        for f in FAMILIES:
            d.do("list", "add", "bad", me(f))
        everywhere(blocked, lab, "allowed and denied", port=81)
        everywhere(passes, lab, "denied by another service", port=80)
        for f in FAMILIES:
            d.do("list", "remove", "ours", me(f))
            d.do("list", "remove", "bad", me(f))
        for port in (80, 81, 82):
            everywhere(blocked, lab, "not allowed any more", port=port)
        for f in FAMILIES:
            d.do("list", "add", "empty", me(f))
        everywhere(passes, lab, "allowed by the other list", port=82)


def test_kept():
    """Changes live on: restart, kill, flush, and hands in the sets."""
    with Lab() as lab:
        entries = ", ".join(NOBODY.values())
        d = started(lab, {"www": service(deny="bad", **REJECT)},
                    {"bad": [("entries", entries)]})
        for f in FAMILIES:
            d.do("list", "add", "bad", me(f))
        d.restart()
        everywhere(blocked, lab, "after a restart")
        d.restart(kill=True)
        everywhere(blocked, lab, "after a kill")
        equal(on_list(d, "bad")["added"], {me(4), me(6)}, "added")
        for deed in ("flush ruleset", "flush set ip nftlb list.bad/added",
                     "add element ip nftlb list.bad/removed { 10.0.0.0/8 }",
                     f"add element ip nftlb list.bad/removed {{ {me(4)} }}",
                     "delete table ip6 nftlb"):
            seen = len(resyncs(d))
            lab.nft(deed)
            wait_until(lambda: len(resyncs(d)) > seen, 10, f"{deed}: repair")
            everywhere(blocked, lab, deed)
        for f in FAMILIES:
            d.do("list", "remove", "bad", me(f))
        everywhere(passes, lab, "removed")
        d.stop()
        everywhere(passes, lab, "without the daemon")


def resyncs(d):
    return [e for e in d.json("show", "events") if e["kind"] == "resync"]


def test_flows_go_on():
    """A flow that is there is not asked again."""
    with Lab() as lab:
        lab.serve_all()
        d = started_already(lab)
        holds = {f: lab.hold("c1", vip(f), 80, 3) for f in FAMILIES}
        for f in FAMILIES:
            d.do("list", "add", "bad", me(f))
        everywhere(blocked, lab, "new flows")
        for f, hold in holds.items():
            dead = [t for t in hold.stop().transfers if not t["survived"]]
            equal(dead, [], f"IPv{f}: flows that were there")


def started_already(lab):
    d = daemon.Daemon(lab)
    conf(d, {"www": service(members(3, port=8081), deny="bad", **REJECT)},
         {"bad": [("entries", NOBODY[4])]})
    return d.start()


def test_bad_words():
    """All of a change or nothing, and which entry was wrong."""
    with Lab() as lab:
        d = started(lab, {"www": service(deny="bad")},
                    {"bad": [("entries", NOBODY[4])], "idle": []})
        rows = {("add", "bad", "10.0.0.1", "10.0.0.0/33"): '"33" is not a',
                ("remove", "bad", "10.0.0.9-10.0.0.1"): "or above it",
                ("add", "good", "10.0.0.1"): 'no list "good"'}
        for words, reason in rows.items():
            p = d.ctl("list", *words)
            check(p.returncode in (1, 2) and reason in p.stderr,
                  f"{words}: {p.returncode} {p.stderr}")
        equal(on_list(d, "bad"), {"entries": {NOBODY[4]}, "added": set(),
                                  "removed": set()}, "bad")
        lists = {x["name"]: x for x in d.json("show", "lists")}
        equal((lists["bad"]["state"], lists["bad"]["services"]),
              ("loaded", ["www"]), "bad")
        equal((lists["idle"]["state"], lists["idle"]["services"]),
              ("unused", []), "idle")
        check("list.idle" not in lab.ruleset(), "a set that nobody needs")
        # A list that loses its last service leaves the kernel.
        conf(d, {"www": service()}, {"bad": [], "idle": []})
        d.reload()
        check("list." not in lab.ruleset(), lab.ruleset())


def test_too_many_changes():
    """So many by hand and no more; what makes them fewer is always taken."""
    with Lab() as lab:
        d = started(lab, {"www": service(deny="bad", **REJECT)}, {"bad": []})
        many = [f"198.{18 + i // 32768}.{i // 128 % 256}.{i % 128 * 2}"
                for i in range(32768)]
        for part in (many[:16384], many[16384:]):
            d.do("list", "add", "bad", *reversed(part))
        p = d.ctl("list", "add", "bad", me(4))
        check(p.returncode == 1 and "32769 ranges" in p.stderr and
              "at most 32768 may" in p.stderr, f"{p.returncode} {p.stderr}")
        passes(lab, 4, "not added")
        d.do("list", "remove", "bad", many[7])
        d.do("list", "add", "bad", me(4))
        blocked(lab, 4, "added when there was room")
        d.restart(kill=True)
        blocked(lab, 4, "after a restart")
        equal(on_list(d, "bad")["added"],
              set(many) - {many[7]} | {me(4)}, "after a restart")


def test_refused_reload():
    """A bad file leaves the lists as they were."""
    with Lab() as lab:
        d = started(lab, {"www": service(deny="bad", **REJECT)},
                    {"bad": [("entries", me(4) + ", " + me(6))]})
        conf(d, {"www": service(deny="bad, more", **REJECT)},
             {"bad": [], "more": [("entries", "10.0.0.0/33")]})
        equal(d.ctl("config", "reload").returncode, 1, "exit status")
        everywhere(blocked, lab, "after a refused reload")
        check("list.more" not in lab.ruleset(), "sets of a refused reload")


def told(heard):
    """What systemd is told next that is not for people."""
    while True:
        words = set(heard.recv(999).split(b"\n"))
        for word in list(words):
            if word.split(b"=")[0] in (b"STATUS", b"WATCHDOG", b"MONOTONIC_USEC"):
                words.remove(word)
        if words:
            return words


def test_reload_while_one_waits():
    """One that loads a list goes on; another is refused, and systemd is told
    that nothing is under way for it."""
    with Lab() as lab:
        path = os.path.join(lab.dir, "bad.txt")
        heard = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        heard.bind(os.path.join(lab.dir, "notify"))
        heard.settimeout(20)
        os.environ["NOTIFY_SOCKET"] = heard.getsockname()
        with open(path, "w", encoding="ascii"):
            pass
        d = started(lab, {"www": service(deny="bad", **REJECT)},
                    {"bad": [("file", path)]})
        equal(told(heard), {b"READY=1"}, "start")
        with open(path, "w", encoding="ascii") as f:
            f.writelines(f"198.{18 + i // 32768}.{i // 128 % 256}.{i % 128 * 2}"
                         "\n" for i in range(65536))
            f.write("".join(me(f) + "\n" for f in FAMILIES))
        first = threading.Thread(target=d.reload)
        first.start()
        wait_until(lambda: "list.bad/2" in lab.nft("-t", "list", "sets"), 10,
                   "it is loaded")
        p = d.ctl("config", "reload")
        check(p.returncode == 1 and "under way" in p.stderr, p.stderr)
        d.process.signal(signal.SIGHUP)
        equal(told(heard), {b"RELOADING=1"}, "SIGHUP")
        equal(told(heard), {b"READY=1"}, "SIGHUP is over")
        everywhere(passes, lab, "not adopted by halves")
        first.join()
        everywhere(blocked, lab, "reloaded")
        equal(d.json("status")["last_error"], None, "status")
        d.restart(kill=True)
        words = told(heard)
        while b"READY=1" not in words:
            words |= told(heard)
        equal(words, {b"EXTEND_TIMEOUT_USEC=60000000", b"READY=1"}, "a start")
        everywhere(blocked, lab, "after a restart")


def test_nobody_slips_in_while_it_is_loaded():
    """Our tables are deleted, and touched again while a large list is loaded:
    who is on it is kept out all the time."""
    with Lab() as lab:
        path = os.path.join(lab.dir, "bad.txt")
        with open(path, "w", encoding="ascii") as f:
            f.writelines(f"198.{i // 32768}.{i // 128 % 256}.{i % 128 * 2}\n"
                         for i in range(120000))
            f.write(me(4) + "\n")
        d = started(lab, {"www": service(deny="bad", **REJECT)},
                    {"bad": [("file", path)]})

        def state():
            return d.json("show", "lists")[0]["state"]

        lab.nft("delete", "table", "ip", "nftlb")
        wait_until(lambda: state() == "loading", 15, "the repair")
        for i in range(3):
            lab.nft("add", "counter", "ip6", "nftlb", f"theirs{i}")
            blocked(lab, 4, "touched again", n=2)
        while state() == "loading":
            blocked(lab, 4, "while it is loaded", n=2)
        blocked(lab, 4, "when it is")


def test_replaced():
    """A list is replaced a hundred times: who is on all of them is never let in,
    who is on none never kept out."""
    with Lab() as lab:
        path = os.path.join(lab.dir, "bad.txt")

        def write(i):
            with open(path + ".new", "w", encoding="ascii") as f:
                for k in range(500):
                    f.write(f"172.{16 + (k + i) % 16}.{k % 256}.{i}\n")
                for fam in FAMILIES:
                    # the denied ones, each time in another entry
                    f.write(crowd_range(fam, i) + "\n")
            os.rename(path + ".new", path)

        write(0)
        d = started(lab, {"www": service(deny="bad", **REJECT)},
                    {"bad": [("file", path)]})
        bad = {f: lab.flow_start("c1", vip(f), 80, interval_ms=2, seconds=60,
                                 source=crowd(f, 100)) for f in FAMILIES}
        good = {f: lab.flow_start("c1", vip(f), 80, interval_ms=2, seconds=60)
                for f in FAMILIES}
        for i in range(1, 101):
            write(i)
            d.reload()
        for f in FAMILIES:
            r = good[f].stop().all_ok(f"IPv{f}: who is on none")
            check(r.ok > 100, f"{r.ok} connections")
            r = bad[f].stop()
            equal(r.ok, 0, f"IPv{f}: let in, of {r.failed}")
            check(r.failed > 100, f"{r.failed} connections")


def crowd_range(family, i):
    """Always the crowd, and something else each time."""
    return {4: f"10.3.0.{i}-10.3.1.255",
            6: f"2001:db8:3::1:0-2001:db8:3::1:{256 + i:x}"}[family]


def write_large(path, first, *more):
    """More than is changed in one transaction."""
    with open(path + ".new", "w", encoding="ascii") as f:
        for k in range(20000):
            f.write(f"{first}.{k // 100}.{k % 100 * 2}.1\n")
            f.write(f"2001:db8:{first}:{k:x}::/64\n")
        f.write("\n".join(more) + "\n")
    os.rename(path + ".new", path)


def test_large():
    """A list that is too large for one transaction: loaded beside the old one;
    a denied client gets in at no time, not even when the tables are flushed."""
    with Lab() as lab:
        path = os.path.join(lab.dir, "bad.txt")
        crowds = [crowd_range(f, 1) for f in FAMILIES]
        write_large(path, 20, *crowds)
        d = started(lab, {"www": service(deny="bad", **REJECT),
                          "free": service(port=81)},
                    {"bad": [("file", path)]})
        bad = [lab.flow_start("c1", vip(f), 80, interval_ms=2, seconds=120,
                              timeout_ms=500, source=crowd(f, 100))
               for f in FAMILIES]
        everywhere(passes, lab, "not on the list")
        for first in (30, 40):
            write_large(path, first, *crowds)
            d.reload()
            for f, entry in ((4, f"{first}.1.2.1"),
                             (6, f"2001:db8:{first}:7::9")):
                told = d.json("list", "test", "bad", entry)
                check(told["listed"], f"IPv{f}: {told}")
            everywhere(passes, lab, "not on the list")
        check(lab.ruleset().count("set list.bad") == 6, "sets: 3 a family")
        lab.nft("flush ruleset")
        for port, words in ((81, "the others"), (80, "loaded again")):
            for f in FAMILIES:
                wait_until(lambda: lab.flow("c1", vip(f), port, 1).ok, 30,
                           f"IPv{f}: {words}", 0.05)
        for told in [t.stop() for t in bad]:
            equal(told.ok, 0, f"let in, of {told.failed}")
            check(told.failed > 50, f"{told.failed} connections")
