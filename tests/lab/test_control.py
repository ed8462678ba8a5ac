# SPDX-License-Identifier: GPL-2.0-or-later
"""The operator's tool and the daemon's options: words, JSON, exit codes."""

import os
import signal
import socket
import subprocess
import time

import badconf
import daemon
from daemon import member, members, service
from lab import FAMILIES, Lab, program, vip
from marks import vm
from process import check, equal, wait_until


def www(lab, **keys):
    lab.serve_all()
    return daemon.start(lab, {"www": service(**keys)})


def exits(d, status, *words):
    p = d.ctl(*words)
    equal(p.returncode, status, f"exit status of nftlbctl {' '.join(words)} "
          f"({p.stdout[-200:]}{p.stderr[-200:]})")
    if status:
        check(p.stderr.strip(), f"{words}: no reason on stderr")
    return p


def test_exit_codes():
    with Lab() as lab:
        d = www(lab)
        for words in (("status",), ("show", "services"), ("show", "version"),
                      ("sync",), ("config", "check"), ("config", "diff"),
                      ("backend", "weight", "www", "b1", "3"),
                      ("completion", "bash")):
            exits(d, 0, *words)
        for words in (("backend", "drain", "www", "b99"),
                      ("backend", "drain", "nobody", "b1"),
                      ("service", "disable", "nobody"),
                      ("show", "services", "nobody"),
                      ("route", "nobody", "192.0.2.1"),
                      ("config", "check", "/nonexistent"),
                      ("backend", "weight", "www", "b1", "65536")):
            check(d.ctl(*words).returncode in (1, 2), f"{words} is refused")
        exits(d, 1, "backend", "drain", "www", "b99")
        exits(d, 1, "service", "disable", "nobody")
        for words in ((), ("no-such-word",), ("backend", "drain", "www"),
                      ("show",), ("backend", "weight", "www", "b1", "many"),
                      ("-o", "xml", "status"), ("status", "too", "many", "x")):
            exits(d, 2, *words)
        d.stop()
        exits(d, 3, "status")
        exits(d, 3, "backend", "drain", "www", "b1")


def test_show_services_json():
    """The shape of contract.md; the same with one backend and with none."""
    with Lab() as lab:
        lab.serve_all()
        d = daemon.start(lab, {
            "www": service(scheduler="weighted", mode="snat",
                           port="80, 8000-8010"),
            "one": service(members(1, families=(4,)), address=vip(4), port=81)})
        services = {s["name"]: s for s in d.json("show", "services")}
        equal(set(services), {"www", "one"}, "services")
        for s in services.values():
            missing = {"name", "addresses", "protocol", "ports", "mode",
                       "scheduler", "state", "slots", "backends"} - set(s)
            equal(missing, set(), f"{s['name']}: missing keys")
            for key in ("addresses", "protocol", "ports", "backends"):
                check(isinstance(s[key], list), f"{s['name']}.{key} is a list")
            for b in s["backends"]:
                missing = {"name", "address", "port", "admin", "health", "state",
                           "weight", "slots", "share", "connections",
                           "check"} - set(b)
                equal(missing, set(), f"{s['name']}/{b['name']}: missing keys")
                equal({"configured", "effective"} - set(b["weight"]), set(),
                      "weight")
        s = services["www"]
        equal((s["mode"], s["scheduler"], s["state"]), ("snat", "weighted", "up"),
              "www")
        equal(set(s["addresses"]), {vip(4), vip(6)}, "addresses")
        shares = [b["share"] for b in s["backends"] if "-v6" not in b["name"]]
        check(all(abs(x - 1 / 3) < 0.01 for x in shares), f"shares {shares}")
        equal(len(services["one"]["backends"]), 1, "backends of one")
        only = d.json("show", "services", "www")
        check(isinstance(only, list) and len(only) == 1, "show services www")


def test_status_text():
    with Lab() as lab:
        d = www(lab)
        d.do("backend", "drain", "www", "b2")
        text = d.do("status")
        for word in ("www", "b1", "b2", "b3", "drain", vip(4)):
            check(word in text, f"status does not say {word}: {text}")


def test_drain_says_what_is_left():
    """How many connections a drain waits for, in text and JSON, down to none."""
    with Lab() as lab:
        lab.serve_all()
        d = daemon.start(lab, {"www": service(members(3, port=8081))})
        held = lab.hold("c1", vip(4), 80, 3)
        left = {b["name"]: b["connections"]
                for b in d.json("show", "backends", "www")}
        equal(sum(left.values()), 3, f"connections {left}")
        for n, name in enumerate(("b1", "b2", "b3")):
            d.do("backend", "drain", "www", name)
            for words in (("status",), ("show", "backends", "www")):
                equal(d.do(*words).count(f"drain ({left[name]} left)"), n + 1,
                      f"{words}, {left}")
        held.stop()
        wait_until(lambda: d.do("status").count("drain (0 left)") == 3, 10,
                   "nothing is left")


def test_dynamic_weights_are_shown():
    """What the load makes of weights, and why, in text and JSON; connections
    are the tracker's. Static services beside it look as ever."""
    with Lab() as lab:
        lab.serve_all()
        heads = daemon.start(lab, {"www": service()}).do("show", "backends")
        lab.daemons[-1].stop()
        d = daemon.start(lab, {
            "www": service(),
            "long": service(members(3, port=8081, families=(4,)), port=81,
                            address=vip(4), scheduler="least-connections",
                            tick="200ms", smoothing="0s")})
        for name in ("b2", "b3"):
            d.do("backend", "drain", "long", name)
        held = lab.hold("c1", vip(4), 81, 20)
        for name in ("b2", "b3"):
            d.do("backend", "enable", "long", name)
        wait_until(lambda: d.backend("b1", "long")["weight"]["dynamic"] < 0.9,
                   20, "a weight follows")
        b = d.backend("b1", "long")
        weight = b["weight"]
        check(abs(weight["effective"] - weight["dynamic"]) < 0.002, f"{weight}")
        equal((b["connections"], b["load"][0]["name"], b["load"][0]["value"]),
              (20, "connections", 20), "connections")
        status = d.json("status")
        equal(status["tracking"]["entries"], 20, f"{status['tracking']}")
        for words in (("status",), ("show", "backends", "long"), ("top",),
                      ("route", "long", "198.51.100.1")):
            text = d.do(*words)
            check("DYNAMIC" in text and "WHY" in text, f"{words}: {text}")
        equal(d.do("show", "backends", "www").split("\n")[0].split(),
              heads.split("\n")[0].split(), "heads of a static service")
        held.stop()


def test_shows():
    with Lab() as lab:
        d = www(lab)
        for what in ("services", "backends", "slots", "plan", "ruleset",
                     "events", "config", "version"):
            text = d.do("show", what)
            check(text.strip() or what in ("plan", "events"),
                  f"show {what} says nothing")
            d.json("show", what)
        check("service.www" in d.do("show", "ruleset"), "show ruleset")
        check("[service www]" in d.do("show", "config"), "show config")


def test_events():
    """What happens is told in order, with old and new state."""
    with Lab() as lab:
        d = www(lab)
        d.do("backend", "drain", "www", "b1")
        d.do("backend", "enable", "www", "b1")
        text = d.do("show", "events")
        check("drain" in text and "b1" in text, f"events: {text}")


def test_admin_states_live():
    """Through reload, restart and kill -9."""
    with Lab() as lab:
        d = www(lab)
        for f in FAMILIES:
            d.do("backend", "drain", "www", member(1, f))
            d.do("backend", "disable", "www", member(2, f))
            d.do("backend", "weight", "www", member(3, f), 7)
        wanted = d.states()
        equal((wanted["b1"], wanted["b2"], wanted["b3"]),
              ("drain", "disabled", "active"), "states")

        def judge(words):
            equal(d.states(), wanted, f"states after {words}")
            equal(d.backend("b3")["weight"]["effective"], 7, f"weight, {words}")
            for f in FAMILIES:
                r = lab.flow("c1", vip(f), 80, 30).all_ok(words)
                equal(r.counts(), {"b3": 30}, f"IPv{f} after {words}")
        judge("the commands")
        d.write({"www": service(), "new": service(port=99)})
        d.reload()
        judge("a reload")
        d.restart()
        judge("a restart")
        d.restart(kill=True)
        judge("kill -9")
        lab.nft("flush", "ruleset")
        d.do("sync")
        judge("a flush")


def test_service_disabled_lives():
    with Lab() as lab:
        d = www(lab)
        d.do("service", "disable", "www")
        for deed in (d.reload, d.restart, lambda: d.restart(kill=True)):
            deed()
            equal(d.service()["state"], "disabled", "state")
            equal(lab.flow("c1", vip(4), 80, 2, timeout_ms=300).ok, 0, "served")


def test_config_diff():
    """The plan and its price, and nothing happens."""
    with Lab(backends=10) as lab:
        lab.serve_all()
        d = daemon.start(lab, {"www": service(members(10),
                                              scheduler="source-hash")})
        before = lab.nft("-a", "list", "ruleset")
        left = {k: v for k, v in members(10).items() if not k.startswith("b7")}
        other = d.write({"www": service(left, scheduler="source-hash"),
                         "new": service(port=99)},
                        path=os.path.join(lab.dir, "other.conf"))
        text = d.do("config", "diff", other)
        check("new" in text and "%" in text, f"diff: {text}")
        equal(lab.nft("-a", "list", "ruleset"), before, "rule set after a diff")
        equal(len(d.json("show", "services")), 1, "services after a diff")
        exits(d, 0, "config", "check", other)
        bad = d.write_text("[service x]\nport = none\n",
                           os.path.join(lab.dir, "bad.conf"))
        p = exits(d, 1, "config", "check", bad)
        check("bad.conf:2" in p.stderr + p.stdout, f"file:line in {p.stderr}")


def test_sighup_reloads():
    with Lab() as lab:
        d = www(lab)
        d.write({"www": service(), "new": service(port=99)})
        d.process.signal(signal.SIGHUP)
        wait_until(lambda: len(d.json("show", "services")) == 2, 5, "reloaded")
        d.write_text("[global\n")
        d.process.signal(signal.SIGHUP)
        wait_until(lambda: "nftlbd" in d.log() and ".conf:1" in d.log(), 5,
                   "the log names file and line")
        equal(len(d.json("show", "services")), 2, "services after a bad file")


def test_check_option():
    """nftlbd -t: 0 for a good file, 1 and file:line for a bad one."""
    with Lab(backends=1) as lab:
        d = daemon.Daemon(lab)
        d.write({"www": service()})
        p = subprocess.run([program("nftlbd"), "-t", "-c", d.conf_path],
                           capture_output=True, text=True, check=False)
        equal(p.returncode, 0, f"exit of -t: {p.stderr}")
        d.write({"www": service(scheduler="none-such")})
        p = subprocess.run([program("nftlbd"), "-t", "-c", d.conf_path],
                           capture_output=True, text=True, check=False)
        equal(p.returncode, 1, "exit of -t with a bad file")
        check("gw.conf:" in p.stderr and "none-such" in p.stderr
              and "round-robin" in p.stderr, f"stderr: {p.stderr}")


def test_bad_files():
    """Each is refused with file:line by -t and by a reload, which is none."""
    with Lab() as lab:
        d = www(lab)
        ruleset = lab.nft("-a", "list", "ruleset")
        config = d.do("show", "config")
        with open(d.conf_path, encoding="utf-8") as f:
            head = f.read().split("[service")[0]
        cases = badconf.cases(lab.dir, head)
        check(len(cases) >= 40, f"{len(cases)} cases only")
        wrong = []
        for name, text in cases.items():
            with open(d.conf_path, "wb") as f:
                f.write(text)
            p = subprocess.run([program("nftlbd"), "-t", "-c", d.conf_path],
                               capture_output=True, check=False, timeout=60)
            said = p.stderr.decode(errors="replace")
            if p.returncode != 1 or ".conf" not in said:
                wrong.append(f"{name}: -t exits {p.returncode}: {said[:300]}")
            p = d.ctl("config", "reload")
            if p.returncode != 1 or ".conf" not in p.stderr:
                wrong.append(f"{name}: reload exits {p.returncode}: "
                             f"{p.stderr[:300]}")
            if lab.nft("-a", "list", "ruleset") != ruleset:
                wrong.append(f"{name}: the rule set has changed")
                ruleset = lab.nft("-a", "list", "ruleset")
        equal(wrong, [], "bad files")
        equal(d.do("show", "config"), config, "show config after bad files")
        for f in FAMILIES:
            r = lab.flow("c1", vip(f), 80, 30).all_ok("after bad files")
            equal(len(r.counts()), 3, f"IPv{f}")


def test_socket_mode():
    """Nobody but root may speak to the socket."""
    with Lab() as lab:
        d = www(lab)
        equal(os.stat(d.socket).st_mode & 0o777, 0o600, "mode of the socket")
        os.chmod(d.socket, 0o666)   # even if somebody opens the door
        p = subprocess.run(
            ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups",
             program("nftlbctl"), "-s", d.socket, "service", "disable", "www"],
            capture_output=True, text=True, check=False)
        check(p.returncode != 0, "nobody may disable a service")
        equal(d.service()["state"], "up", "state")


def test_stale_socket():
    """kill -9 leaves a socket file; the next start replaces it."""
    with Lab() as lab:
        d = www(lab)
        d.kill()
        check(os.path.exists(d.socket), "a stale socket")
        d.start()
        d.stop()
        check(not os.path.exists(d.socket), "a socket after SIGTERM")


def test_stalled_client_does_not_stall_the_daemon():
    """Somebody connects to the socket and says half a word."""
    with Lab() as lab:
        d = www(lab)
        idle = []
        for text in (b"", b"GET /v1/st", b"GET / HTTP/1.1\r\nX: y\r\n",
                     b"\x00\xff" * 5000):
            s = socket.socket(socket.AF_UNIX)
            s.connect(d.socket)
            s.sendall(text)
            idle.append(s)
        begun = time.monotonic()
        d.do("status")
        check(time.monotonic() - begun < 5, "status takes long")
        for s in idle:
            s.close()
        d.do("status")
