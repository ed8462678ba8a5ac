# SPDX-License-Identifier: GPL-2.0-or-later
"""Dynamic pools: members that come and go at run time."""

import json

import daemon
from asking import ask
from daemon import service
from lab import FAMILIES, Lab, backend_addr, vip
from process import check, equal


def line(family, i, port=8080):
    addr = backend_addr(family, i)
    return f"[{addr}]:{port}" if family == 6 else f"{addr}:{port}"


def pool(*servers, **keys):
    """A pool with these servers, both families."""
    return {"web": {**keys, **{f"backend.{daemon.member(i, f)}": line(f, i)
                               for i in servers for f in FAMILIES}}}


def started(lab, **keys):
    lab.serve_all()
    d = daemon.Daemon(lab)
    d.write(TWO, pools=pool(1, 2, dynamic="yes"), **keys)
    return d.start()


TWO = {"www": service({}, pool="web"), "more": service({}, pool="web", port=81)}


def serves(lab, backends, words):
    for port in (80, 81):
        for f in FAMILIES:
            r = lab.flow("c1", vip(f), port, 12).all_ok(words)
            equal(set(r.counts()), set(backends), f"IPv{f}:{port} {words}")


def sources(d):
    return {m["name"]: m["source"] for m in d.get("/v1/pools/web")["members"]}


def test_member_serves():
    """Added: in all services at once, over reload and kill -9; removed."""
    with Lab() as lab:
        d = started(lab)
        serves(lab, ("b1", "b2"), "the file's")
        for f in FAMILIES:
            d.do("backend", "add", "web", daemon.member(3, f), line(f, 3),
                 "weight=1")
        serves(lab, ("b1", "b2", "b3"), "added")
        equal(sources(d), {"b1": "file", "b2": "file", "b1-v6": "file",
                           "b2-v6": "file", "b3": "api", "b3-v6": "api"},
              "sources")
        d.reload()
        serves(lab, ("b1", "b2", "b3"), "after a reload")
        # what is on disk and was not loaded does not come along
        d.write(TWO, pools=pool(1, dynamic="yes"))
        d.do("backend", "add", "web", "b9", line(4, 9), "weight=0")
        serves(lab, ("b1", "b2", "b3"), "an edited file")
        d.restart(kill=True)
        serves(lab, ("b1", "b3"), "after a crash, the file was read")
        for name in ("b3", "b3-v6", "b9"):
            d.do("backend", "remove", "web", name)
        serves(lab, ("b1",), "removed")
        equal(d.json("config", "history")[-1]["cause"], "start",
              "members are no revisions")


def test_established_stay():
    """Transfers through a member that is removed go on."""
    with Lab() as lab:
        lab.serve_all()
        d = daemon.start(lab, {"long": service({}, pool="web")}, pools={"web": {
            "dynamic": "yes", "backend.b1": line(4, 1, 8081),
            "backend.b1-v6": line(6, 1, 8081)}})
        for f in FAMILIES:
            d.do("backend", "add", "web", daemon.member(3, f), line(f, 3, 8081))
        holds = {f: lab.hold("c1", vip(f), 80, 4) for f in FAMILIES}
        for f in FAMILIES:
            d.do("backend", "remove", "web", daemon.member(3, f))
            told = lab.hold("c1", vip(f), 80, 2).stop().transfers
            equal({t["backend"] for t in told}, {"b1"}, "new ones")
        for f in FAMILIES:
            told = holds[f].stop().transfers
            equal({t["backend"] for t in told}, {"b1", "b3"}, "old ones")
            equal([t for t in told if not t["survived"]], [], "they stay")


def events(d):
    return [e["reason"] for e in d.json("show", "events")
            if e["kind"] == "pool"]


def test_file_wins():
    with Lab() as lab:
        d = started(lab)
        d.do("backend", "add", "web", "b3", line(4, 3))
        d.do("backend", "add", "web", "other", line(6, 3))
        d.write(TWO, pools=pool(1, 3, dynamic="yes"))
        d.reload()
        equal(set(sources(d).values()), {"file"}, "the file wins")
        check("a member of this name" in str(events(d)), events(d))
        check("of this address and port" in str(events(d)), events(d))
        p = d.ctl("backend", "add", "web", "b3", line(4, 3))
        check(p.returncode == 1 and "is the file's" in p.stderr, p.stderr)
        # a pool that is not dynamic any more sets them aside, and keeps them
        d.write(TWO, pools=pool(1, 2))
        d.reload()
        equal(set(sources(d)), {"b1", "b2", "b1-v6", "b2-v6"}, "static")
        p = d.ctl("backend", "add", "web", "b4", line(4, 3))
        check(p.returncode == 1 and "dynamic = yes" in p.stderr, p.stderr)
        d.do("config", "rollback", 1)
        check(sources(d)["b3"] == sources(d)["other"] == "api", sources(d))
        serves(lab, ("b1", "b2", "b3"), "they are back")
        p = d.ctl("backend", "remove", "web", "b1")
        check(p.returncode == 1 and "is the file's" in p.stderr, p.stderr)
        # a file that cannot go together with them is refused in words
        d.write({"www": service({"b3": line(4, 2, 81)}, pool="web"),
                 "more": TWO["more"]}, pools=pool(1, dynamic="yes"))
        p = d.ctl("config", "reload")
        check(p.returncode == 1 and "added at run time" in p.stderr, p.stderr)


# (method, member, body, status, what the answer names)
BAD = (
    ("PUT", "b9", "", 400, "body"),
    ("PUT", "b9", "[]", 400, "body"),
    ("PUT", "b9", "{}", 400, "address"),
    ("PUT", "b9", {"address": 5}, 400, "address"),
    ("PUT", "b9", {"address": "10.0.0.9:80"}, 400, "address"),
    ("PUT", "b9", {"address": "0.0.0.0"}, 422, "b9"),
    ("PUT", "b9", {"address": "10.0.0.9", "port": 0}, 400, "port"),
    ("PUT", "b9", {"address": "10.0.0.9", "port": "80"}, 400, "port"),
    ("PUT", "b9", {"address": "10.0.0.9", "weight": -1}, 422, "weight"),
    ("PUT", "b9", {"address": "10.0.0.9", "weight": 65536}, 422, "weight"),
    ("PUT", "b9", {"address": "10.0.0.9", "weight": 1.5}, 400, "weight"),
    ("PUT", "b9", {"address": "10.0.0.9", "backup": "yes"}, 400, "backup"),
    ("PUT", "b9", {"address": "10.0.0.9", "check": "tcp disabled"}, 400,
     "check"),
    ("PUT", "b9", {"address": "10.0.0.9", "check": "nosuch"}, 422, "nosuch"),
    ("PUT", "b9", {"address": "10.0.0.9", "check-port": 80}, 400,
     "check-port"),
    ("PUT", "b9", {"address": "10.0.0.9", "check_port": 70000}, 422,
     "check-port"),
    ("PUT", "b9", {"address": "10.0.0.9", "wieght": 1}, 400, "wieght"),
    ("PUT", "b9", '{"address":"10.0.0.9","address":"10.0.0.8"}', 400, "body"),
    ("PUT", "-b9", {"address": "10.0.0.9"}, 400, "name"),
    ("PUT", "b1", {"address": "10.0.0.9"}, 409, "b1"),
    ("DELETE", "b1", None, 409, "b1"),
    ("DELETE", "b9", None, 404, "b9"),
)

BAD_CONFIG = (
    ("PUT", "/v1/config", "", {}, 400, "body"),
    ("PUT", "/v1/config", "{}", {"Content-Type": "application/json"}, 415,
     "Content-Type"),
    ("PUT", "/v1/config?confirm=1", "[global]\n", {}, 400, "confirm"),
    ("PUT", "/v1/config?confirm=25h", "[global]\n", {}, 400, "confirm"),
    ("PUT", "/v1/config?force=yes", "[global]\n", {}, 400, "force"),
    ("PUT", "/v1/config", "[global]\nx = 1\n", {}, 422, '\\"x\\"'),
    ("PUT", "/v1/config", "[global]\ntable = other\n", {}, 409, "restart"),
    ("POST", "/v1/config/check", "[servise x]\n",
     {"Content-Type": "text/plain"}, 422, "servise"),
    ("POST", "/v1/config/rollback", '{"revision":0}', {}, 400, "revision"),
    ("POST", "/v1/config/rollback", '{"revision":99}', {}, 404, "99"),
    ("POST", "/v1/config/rollback", '{"confirm":"soon"}', {}, 400, "confirm"),
    ("POST", "/v1/config/rollback", '{"number":1}', {}, 400, "number"),
    ("POST", "/v1/config/confirm", None, {}, 409, "confirm"),
    ("POST", "/v1/config/confirm", '{"x":1}', {}, 400, "x"),
    ("GET", "/v1/config/revisions/x", None, {}, 404, "revision"),
    ("GET", "/v1/config/revisions/9", None, {}, 404, "9"),
    ("GET", "/v1/pools/none", None, {}, 404, "none"),
)


def test_bad_input():
    """Every answer names what is wrong; nothing changes."""
    with Lab() as lab:
        d = started(lab)

        def state():
            with open(d.conf_path, encoding="utf-8") as f:
                return (f.read(), d.get("/v1/pools"),
                        d.json("config", "history"), lab.ruleset())

        before = state()
        for method, name, body, status, words in BAD:
            if isinstance(body, dict):
                body = json.dumps(body)
            a = ask(d.socket, method, f"/v1/pools/web/backends/{name}", body)
            equal((a.status, a.headers["Content-Type"]),
                  (status, "application/problem+json"), f"{body}: {a.body}")
            check(words in a.body.decode(), f"{body}: {a.body}")
        for method, url, body, headers, status, words in BAD_CONFIG:
            a = ask(d.socket, method, url, body, **headers)
            equal(a.status, status, f"{url} {body}: {a.body}")
            check(words in a.body.decode(), f"{url} {body}: {a.body}")
        equal(state(), before, "nothing was changed")
