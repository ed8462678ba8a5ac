# SPDX-License-Identifier: GPL-2.0-or-later
"""Configurations that are applied, confirmed, undone, rolled back and kept."""

import contextlib
import glob
import os
import subprocess
import threading
import time

import daemon
from api import OPS, SCREEN, Api
from asking import ask
from daemon import members, service
from lab import FAMILIES, Lab, vip
from process import check, equal, wait_until


def read(path):
    with open(path, encoding="utf-8") as f:
        return f.read()


def serves(lab, backends, words):
    """Exactly these answer, in both families."""
    for f in FAMILIES:
        r = lab.flow("c1", vip(f), 80, 12).all_ok(words)
        equal(set(r.counts()), set(backends), f"IPv{f}: {words}")


def only(d, i, path):
    """A file like the daemon's, but that b<i> is the only backend."""
    return d.write(both(1, i), path=path)


def both(count, first=1):
    """For short connections, and for long transfers."""
    return {"www": service(members(count, first=first)),
            "long": service(members(count, port=8081, first=first), port=81)}


def causes(d):
    return [r["cause"] for r in d.json("config", "history")]


def pending(d):
    return d.json("status")["pending"]


def has_event(d, kind, words):
    return any(e["kind"] == kind and words in (e["reason"] or "")
               for e in d.json("show", "events"))


def test_unconfirmed_is_undone_though_killed():
    """apply --confirm, kill -9, and at the next start the old one is back."""
    with Lab() as lab:
        lab.serve_all()
        d = daemon.start(lab, both(2))
        old = read(d.conf_path)
        os.chmod(d.conf_path, 0o640)
        new = only(d, 3, d.conf_path + ".wanted")
        holds = {f: lab.hold("c1", vip(f), 81, 2) for f in FAMILIES}
        serves(lab, ("b1", "b2"), "before")
        d.do("config", "apply", new, "--confirm", "3s")
        over = time.time() + 3
        serves(lab, ("b3",), "applied")
        equal(read(d.conf_path), read(new), "the file")
        check("waits for a confirm" in d.do("status"), "status says it")
        p = d.ctl("config", "reload")
        check(p.returncode == 1 and "confirm it" in p.stderr, p.stderr)
        d.kill()
        serves(lab, ("b3",), "without a daemon")
        wait_until(lambda: time.time() > over, 10, "its time is over")
        d.start()
        equal(read(d.conf_path), old, "the old file")
        equal(os.stat(d.conf_path).st_mode & 0o777, 0o640, "its mode")
        serves(lab, ("b1", "b2"), "the old one is back")
        equal(causes(d), ["start", "apply", "undone"], "history")
        equal(pending(d), None, "nothing is pending")
        check(has_event(d, "undone", "nobody confirmed"), "it is told")
        check(not has_event(d, "revision", "edited"), "nobody edited it")
        for f in FAMILIES:
            dead = [t for t in holds[f].stop().transfers if not t["survived"]]
            equal(dead, [], f"IPv{f}: flows from before")


def test_confirm_and_countdown():
    """A restart in between goes on counting; a confirm ends that; silence
    undoes it while the daemon lives."""
    with Lab() as lab:
        lab.serve_all()
        d = daemon.start(lab, both(2))
        old = read(d.conf_path)
        new = only(d, 3, d.conf_path + ".wanted")
        d.do("config", "apply", new, "--confirm", "600s")
        d.restart(kill=True)
        left = pending(d)["left_s"]
        check(500 < left <= 600, f"{left} s left")
        d.do("config", "confirm")
        equal(pending(d), None, "confirmed")
        serves(lab, ("b3",), "confirmed")
        equal(d.ctl("config", "confirm").returncode, 1, "nothing more waits")
        # rollback ends the wait, too
        d.write_text(old, new)
        d.do("config", "apply", new, "--confirm", "600s")
        d.do("config", "rollback")
        equal(pending(d), None, "rolled back")
        serves(lab, ("b3",), "rolled back")
        d.do("config", "apply", new, "--confirm", "1s")
        wait_until(lambda: pending(d) is None, 10, "it is undone")
        serves(lab, ("b3",), "undone")
        check(read(d.conf_path) != old, "so is the file")
        equal(causes(d)[-4:], ["apply", "rollback", "apply", "undone"],
              "history")


def test_rollback_restores_all_files():
    """Three revisions with an include; back to the first, and its author."""
    with Lab() as lab:
        lab.serve_all()
        d = daemon.Daemon(lab)
        extra = os.path.join(lab.dir, "extra")
        os.mkdir(extra)
        keys = {"include": extra + "/*.conf"}
        d.write({"www": service(members(1))}, **keys)
        first = read(d.conf_path)
        d.start()
        d.do("backend", "weight", "www", daemon.member(1, 4), 7)
        d.write({"www": service(members(1, first=2))}, **keys)
        d.write({"more": service(members(1), port=81)},
                path=extra + "/a.conf")
        text = read(extra + "/a.conf")
        text = text[text.index("[service"):]
        d.write_text(text, extra + "/a.conf")
        d.reload()
        d.write({"www": service(members(1, first=3))}, **keys)
        d.reload()
        serves(lab, ("b3",), "the third")
        d.do("config", "rollback", 1)
        equal((read(d.conf_path), os.listdir(extra)), (first, []),
              "all files")
        serves(lab, ("b1",), "the first again")
        # back to the second: its include is back
        d.do("config", "rollback", 2)
        equal(os.listdir(extra), ["a.conf"], "the include")
        serves(lab, ("b2",), "the second again")
        equal({s["name"] for s in d.json("show", "services")},
              {"www", "more"}, "services")
        told = d.json("config", "history")
        equal([(r["number"], r["cause"]) for r in told],
              [(1, "start"), (2, "reload"), (3, "reload"), (4, "rollback"),
               (5, "rollback")], "history")
        equal([r["author"] for r in told], 5 * [{"uid": 0, "token": None}],
              "authors")
        equal([r["number"] for r in told if r["current"]], [5], "current")
        diff = d.json("config", "history", 2)["diff"]
        check("+[service more]" in diff and "+++ " + extra in diff, diff)
        # what was edited and never loaded is not lost
        d.write_text(read(d.conf_path) + "; mine\n")
        d.do("config", "rollback", 1)
        kept = glob.glob(lab.dir + "/gw-state/revisions/edited-*")
        check(len(kept) == 1 and "; mine" in read(kept[0]), kept)
        # numbers go up over restarts, the same text is no new one
        d.restart()
        equal(d.json("status")["revision"], 6, "the number after a restart")
        # a stray file would be read, too
        d.write_text(text, extra + "/z.conf")
        p = d.ctl("config", "rollback", 2)
        check(p.returncode == 1 and "z.conf" in p.stderr, p.stderr)
        serves(lab, ("b1",), "refused")


def test_damaged_revision_is_skipped():
    with Lab() as lab:
        d = daemon.start(lab, {"www": service(members(1))})
        for i in (2, 3):
            d.write({"www": service(members(1, first=i))})
            d.reload()
        d.stop()
        directory = lab.dir + "/gw-state/revisions/"
        equal({oct(os.stat(p).st_mode & 0o777)
               for p in glob.glob(directory + "*")}, {"0o600"}, "modes")
        with open(directory + "0000000003.conf", "r+b") as f:
            f.truncate(100)
        with open(directory + "0000000002.conf", "r+b") as f:
            f.seek(-2, 2)
            f.write(b"!")
        d.start()
        # 3 is cut: it is what runs, so it is kept again; 2 is found out when
        # it is read
        equal([r["number"] for r in d.json("config", "history")], [1, 2, 4],
              "history")
        check("revision 3 is damaged" in d.log(), "it is told")
        p = d.ctl("config", "rollback", 2)
        check(p.returncode == 1 and "damaged" in p.stderr, p.stderr)
        d.do("config", "rollback", 1)


@contextlib.contextmanager
def tiny_disk(path):
    """A file system of 256 kB."""
    os.mkdir(path)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", path],
                   check=True)
    try:
        yield path
    finally:
        subprocess.run(["umount", "-l", path], check=True)


def fill(path):
    with contextlib.suppress(OSError), open(path, "wb", buffering=0) as f:
        while True:
            f.write(b"x" * 4096)


def test_disk_refuses():
    """No room, or read-only: told, and neither file nor kernel changes."""
    with Lab() as lab, tiny_disk(lab.dir + "/etc") as etc, \
            tiny_disk(lab.dir + "/gw-state") as state:
        lab.serve_all()
        d = daemon.Daemon(lab)
        d.conf_path = etc + "/nftlbd.conf"
        d.write({"www": service(members(1))})
        d.start()
        old = read(d.conf_path)
        new = only(d, 2, lab.dir + "/wanted")

        def refused(words, *more):
            p = d.ctl("config", "apply", new, *more)
            check(p.returncode == 1 and words in p.stderr and
                  "nothing was changed" in p.stderr, p.stderr)
            equal((read(d.conf_path), os.listdir(etc)),
                  (old, ["nftlbd.conf"]), "what is on disk")
            serves(lab, ("b1",), words)

        subprocess.run(["mount", "-o", "remount,ro", etc], check=True)
        refused("Read-only file system")
        subprocess.run(["mount", "-o", "remount,rw", etc], check=True)
        fill(state + "/full")
        refused("No space left", "--confirm", "60s")
        equal(pending(d), None, "nothing is pending")
        # without a confirm it serves, and it is told that it is not kept
        d.do("config", "apply", new)
        serves(lab, ("b2",), "applied")
        equal(d.json("status")["revision"], 0, "no revision")
        check(has_event(d, "revision", "could not be kept"), "it is told")
        os.unlink(state + "/full")
        d.restart()
        equal(causes(d), ["start", "start"], "kept at the next start")


def test_two_writers():
    """Each adds one to a weight, having read it: nothing is lost."""
    url = "/v1/pools/web/backends/b9"
    with Lab() as lab:
        d = daemon.start(lab, {"www": service({}, pool="web", address=vip(4))},
                         pools={"web": {"dynamic": "yes"}})
        body = '{"address":"10.99.0.9","port":80,"weight":%d}'
        ask(d.socket, "PUT", url, body % 0, **{"If-None-Match": "*"}).ok()
        equal(ask(d.socket, "PUT", url, body % 0,
                  **{"If-None-Match": "*"}).status, 412, "it is there")
        done, conflicts = [], []

        def writer():
            for _ in range(10):
                now = ask(d.socket, "GET", url)
                a = ask(d.socket, "PUT", url,
                        body % (now.json()["weight"] + 1),
                        **{"If-Match": now.headers["ETag"]})
                (done if a.status == 200 else conflicts).append(a.status)

        threads = [threading.Thread(target=writer) for _ in range(3)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        equal(set(conflicts) - {412}, set(), "refusals")
        equal(d.get(url)["weight"], len(done), "no update is lost")
        # the configuration as a whole
        text = {"Content-Type": "text/plain"}
        was = ask(d.socket, "GET", "/v1/config", Accept="text/plain")
        equal(was.body.decode(), read(d.conf_path), "the file as it is")
        match = {"If-Match": was.headers["ETag"], **text}
        ask(d.socket, "PUT", "/v1/config", was.body + b"; one\n", **match).ok()
        a = ask(d.socket, "PUT", "/v1/config", was.body + b"; two\n", **match)
        equal((a.status, read(d.conf_path)[-6:]), (412, "; one\n"), "the late")
        # a backend's state
        path = "/v1/services/www/backends/b9"
        tag = {"If-Match": ask(d.socket, "GET", path).headers["ETag"]}
        ask(d.socket, "PATCH", path, '{"admin":"drain"}', **tag).ok()
        equal(ask(d.socket, "PATCH", path, '{"admin":"disabled"}',
                  **tag).status, 412, "a second word")
        equal(d.backend("b9")["admin"], "drain", "the first one's counts")


def test_authors_by_token():
    """By way of the API's process: a token is the author, tags are handed on,
    and who only looks does not read files."""
    with Lab() as lab:
        a = Api(lab).start()
        text = read(a.d.conf_path)
        new = os.path.join(lab.dir, "new")
        a.d.write_text(text + "; by token\n", new)
        send = ("--data-binary", "@" + new, "-H", "Content-Type: text/plain")
        status, _ = a.ask("/v1/config", SCREEN)
        equal(status, 403, "a file, for who only looks")
        status, _ = a.ask("/v1/config", SCREEN, *send, method="PUT")
        equal(status, 403, "a change, by who only looks")
        status, said = a.ask("/v1/config", OPS, "-H", 'If-Match: "other"',
                             *send, method="PUT")
        equal((status, read(a.d.conf_path)), (412, text), said)
        a.ok("/v1/config?confirm=600s", OPS, *send, method="PUT")
        equal(read(a.d.conf_path), text + "; by token\n", "the file")
        equal(pending(a.d)["author"], {"uid": None, "token": "ops"}, "pending")
        a.ok("/v1/config/confirm", OPS, method="POST")
        told = a.ok("/v1/config/revisions")[-1]
        equal((told["cause"], told["author"]["token"]), ("put", "ops"), "author")
        check("token ops" in a.d.do("config", "history"), "history")
