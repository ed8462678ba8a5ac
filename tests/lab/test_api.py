# SPDX-License-Identifier: GPL-2.0-or-later
"""The API on TCP: TLS, tokens, roles, the process that takes the requests."""

import json
import os
import pwd
import signal
import ssl
import subprocess

import daemon
from api import OPS, PORT, SCREEN, TOKENS, Api, descriptors, status_of, write
from lab import Lab, program, vip
from process import Process, check, equal, wait_until

CHANGE = '{"weight":%d}'
BACKEND = "/v1/services/www/backends/b1"


def problem(answer, status, words):
    """An error as RFC 9457 has it, that says so."""
    equal(answer[0], status, answer[1])
    said = json.loads(answer[1])
    equal(said["status"], status, "status inside")
    check(words in said["detail"], said["detail"])


# ---- tokens and roles

def test_tokens():
    with Lab(backends=3) as lab:
        api = Api(lab).start()
        problem(api.ask("/v1/status"), 401, "needed: Bearer TOKEN")
        problem(api.ask("/v1/status", OPS[:-1]), 401, "not the right one")
        problem(api.ask("/v1/status", OPS + "x"), 401, "not the right one")
        problem(api.ask("/nowhere"), 401, "needed")
        equal(api.ok("/v1/services")[0]["name"], "www", "a look")
        equal(api.ask("/v1/status", SCREEN, method="HEAD")[0], 200, "HEAD")
        # whatever a page of ours says beside the token
        equal(api.ask(BACKEND, OPS, "-H", f"Origin: {api.url('')}", "-d",
                      CHANGE % 7, method="PATCH")[0], 200, "of our page")
        equal(api.d.backend("b1")["weight"]["effective"], 7, "weight")
        problem(api.ask(BACKEND, SCREEN, "-d", CHANGE % 9, method="PATCH"),
                403, "role operator; screen is read-only")
        problem(api.ask("/v1/sync", SCREEN, method="POST"), 403, "operator")
        for verb in ("check", "diff"):
            api.ok(f"/v1/config/{verb}", SCREEN, method="POST")
        problem(api.ask("/v1/config/check", OPS, "-d",
                        '{"path":"/etc/shadow"}', method="POST"),
                403, "for root only")
        equal(api.d.backend("b1")["weight"]["effective"], 7, "still")
        check(any("operator token=ops" in (e["reason"] or "")
                  for e in api.d.json("show", "events")), "who it was")
        check(api.ask("/healthz")[0] not in (0, 401), "health has no token")
        equal(api.ask("/")[0], 200, "nor has the page")
        # in the clear there is nothing
        p = lab.run("c1", "curl", "-s", "-m", "5",
                    f"http://{api.address}:{PORT}/healthz")
        check(p.returncode != 0, p.stdout)


def test_reload():
    with Lab(backends=3) as lab:
        api = Api(lab).start()
        follow = api_follow(lab, api, OPS, "ops")
        write(api.token_path, TOKENS.replace("read-only", "root"))
        p = api.d.ctl("config", "reload")
        check(p.returncode == 1 and "tokens:3: the second word" in p.stderr
              and SCREEN not in p.stderr, p.stderr)
        equal(api.ask("/v1/status", OPS)[0], 200, "as before")
        check(follow.running(), "nobody was ended")
        new = "new-0123456789abcdef"
        write(api.token_path, TOKENS.replace(OPS, new))
        cert, key = api.sign("second")
        api.keys.update({"api-cert-file": cert, "api-key-file": key})
        api.write()
        api.d.reload()
        wait_until(lambda: api.ask("/v1/status", new)[0] == 200, 5, "new token")
        equal(api.ask("/v1/status", OPS)[0], 401, "the old one")
        equal(follow.wait(), 18, "who followed with it is cut off")
        seen = lab.run("c1", "openssl", "s_client", "-connect",
                       f"{api.address}:{PORT}", "-servername", "gw",
                       input="").stdout
        with open(cert, encoding="ascii") as f:
            body = ssl.DER_cert_to_PEM_cert(ssl.PEM_cert_to_DER_cert(
                f.read()[:]))
        check(body.split("\n")[1] in seen, "the new certificate")
        # a key of another certificate: refused, with place
        api.keys["api-key-file"] = api.sign("third")[1]
        api.write()
        p = api.d.ctl("config", "reload")
        check(p.returncode == 1 and "api-key-file" in p.stderr, p.stderr)
        p = subprocess.run([program("nftlbd"), "-t", "-c", api.d.conf_path],
                           capture_output=True, text=True, check=False)
        check(p.returncode == 1 and "api-key-file" in p.stderr, p.stderr)
        equal(api.ask("/v1/status", new)[0], 200, "as before")


def test_beyond_loopback():
    """Off by default; elsewhere refused without TLS and token."""
    with Lab(backends=3) as lab:
        api = Api(lab)
        all_keys = dict(api.keys)
        for less in ("api-token-file", "api-cert-file", "api-key-file"):
            api.keys = {k: v for k, v in all_keys.items() if k != less}
            api.write()
            p = subprocess.run([program("nftlbd"), "-t", "-c",
                                api.d.conf_path],
                               capture_output=True, text=True, check=False)
            check(p.returncode == 1 and less in p.stderr
                  and "a token and TLS are needed" in p.stderr
                  and ".conf:" in p.stderr, p.stderr)
        api.keys = {}
        api.write()
        api.start()
        equal(api.pid(), None, "no API, no process")
        api.keys = {**all_keys, "api-listen": f"{api.address}:{PORT + 1}"}
        api.write()
        api.d.reload()
        wait_until(api.pid, 5, "it is on")
        api.keys = all_keys
        api.write()
        api.d.reload()
        wait_until(lambda: api.ask("/healthz")[0], 5, "it has moved")
        api.keys = {}
        api.write()
        api.d.reload()
        wait_until(lambda: not api.pid(), 5, "it is off")
        equal(api.ask("/healthz")[0], 0, "nobody listens")


def test_loopback():
    """Without a token file everybody may look; no foreign page may."""
    with Lab(backends=3) as lab:
        api = Api(lab)
        api.keys = {"api-listen": "127.0.0.1:9443"}
        api.write()
        api.start()

        def ask(*more):
            p = lab.run("gw", "curl", "-s", "-m", "10", "-w",
                        "\n%{http_code}", *more,
                        "http://127.0.0.1:9443/v1/config/diff")
            text, _, status = p.stdout.rpartition("\n")
            return int(status), text

        wait_until(lambda: ask()[0] == 405, 5, "it answers")
        equal(ask("-XPOST")[0], 200, "compares")
        problem(ask("-XPOST", "-H", "Origin: http://evil.test"), 403, "Origin")
        problem(ask("-XPOST", "-H", "Host: evil.test:9443"), 403, "Host")
        equal(ask("-XPOST", "-H", "Origin: http://127.0.0.1:9443")[0], 200,
              "our own page")
        p = lab.run("gw", "curl", "-s", "-XPOST", "-d", "{}",
                    "http://127.0.0.1:9443/v1/sync")
        check("this API is read-only" in p.stdout, p.stdout)


# ---- the process

def test_process():
    with Lab(backends=3) as lab:
        services = {"www": daemon.service(check="fast")}
        api = Api(lab, services)
        api.d.write(services, checks={"fast": daemon.FAST_CHECK}, **api.keys)
        lab.serve_all()
        api.start()
        api.d.wait_states("active")
        equal(api.ask("/v1/status", OPS)[0], 200, "it answers")
        status = status_of(api.pid())
        nobody = str(pwd.getpwnam("nobody").pw_uid)
        equal(status["Uid"].split(), [nobody] * 4, "user")
        equal({status[f"Cap{x}"].strip("0") for x in
               ("Inh", "Prm", "Eff", "Bnd", "Amb")}, {""}, "capabilities")
        equal((status["NoNewPrivs"], status["Seccomp"]), ("1", "2"), "locked")
        with open(f"/proc/{api.pid()}/environ", encoding="ascii") as f:
            check("0123456789" not in f.read(), "no token in the environment")
        prober = api.d.prober_pid()
        flow = lab.flow_start("c1", vip(4), 80, seconds=3)
        for n in range(2):
            old = api.pid()
            os.kill(old, signal.SIGKILL)
            wait_until(lambda was=old: api.pid() not in (None, was), 15,
                       "another one")
            equal(api.ask("/v1/status", OPS)[0], 200, "it answers")
            check(api.reasons()[-2] == "killed signal=9: it starts again",
                  f"{n}: {api.reasons()}")
        flow.result().all_ok("traffic meanwhile")
        equal(api.d.prober_pid(), prober, "the prober")
        equal(set(api.d.states().values()), {"active"}, "health")
        last = api.pid()
        api.d.stop()
        wait_until(lambda: not os.path.exists(f"/proc/{last}"), 5,
                   "it ends with the daemon")


# ---- events

def api_follow(lab, api, token, name, *more):
    """curl that follows the events; its lines are in a file."""
    p = Process(f"follow-{name}", lab.inside("c1", api.argv(
        "/v1/events", token, "-N", "-H", "Accept: text/event-stream", *more)),
        lab.dir)
    wait_until(lambda: p.output(), 10, "the stream begins")
    return p


def ids(text):
    return [int(line[4:]) for line in text.split("\n")
            if line.startswith("id: ")]


def test_events():
    with Lab(backends=3) as lab:
        api = Api(lab).start()
        first = api_follow(lab, api, SCREEN, "first")
        for weight in (2, 3, 4):
            api.ok(BACKEND, OPS, "-d", CHANGE % weight, method="PATCH")
        wait_until(lambda: len(ids(first.output())) >= 3, 10, "three events")
        seen = ids(first.output())
        equal(seen, sorted(set(seen)), "in order, once")
        first.kill()
        # what happened after the first of them, once more
        again = api_follow(lab, api, SCREEN, "again", "-H",
                           f"Last-Event-ID: {seen[0]}")
        wait_until(lambda: ids(again.output())[:2] == seen[1:3], 10, "replay")
        again.kill()
        # of another daemon, which said more: all that this one knows
        other = api_follow(lab, api, SCREEN, "other", "-H",
                           "Last-Event-ID: 4000000")
        wait_until(lambda: seen[0] in ids(other.output()), 10, "all")
        other.kill()
        wait_until(lambda: descriptors(api.pid()) < 20, 60, "all are gone")
