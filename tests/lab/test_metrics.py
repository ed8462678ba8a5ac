# SPDX-License-Identifier: GPL-2.0-or-later
"""GET /metrics and /healthz; Prometheus reads them, its alerts fire."""

import http.client
import json
import os
import re
import socket

import daemon
from asking import ask
from daemon import FAST_CHECK, members, service
from lab import Lab, vip
from process import PATIENCE, check, equal, wait_until
from scraped import Prometheus, Scrape, get, promtool, scrape

TOP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../..")
API = 9443
TOKEN = "0123456789abcdef0123456789abcdef"
# of the alerts and of dashboards, beside our own: Prometheus makes them
NOT_OURS = {"up"}


def text_of(path):
    with open(os.path.join(TOP, path), encoding="utf-8") as f:
        return f.read()


def some_of_all(lab, **global_keys):
    """A service of each kind that has metrics of its own."""
    lab.serve_all()
    d = daemon.Daemon(lab)
    d.write({
        "www": service(members(3, families=(4,)), address=vip(4), check="fast",
                       counters="yes", persist="source 10m",
                       **{"limit-connections-per-source": 100}),
        "plain": service(members(2), port=81, check="fast"),
        "follow": service(members(2, families=(4,)), address=vip(4), port=82,
                          scheduler="least-connections",
                          **{"max-connections": 7}),
    }, {"fast": FAST_CHECK}, **global_keys)
    d.start()
    wait_until(lambda: all(s["state"] == "up"
                           for s in d.json("show", "services")), 10, "all up")
    return d


def test_form():
    """promtool has nothing to say; the manual tells of the same metrics."""
    with Lab() as lab:
        d = some_of_all(lab)
        d.do("backend", "drain", "plain", "b1")
        s, headers = scrape(d)
        check(headers["Content-Type"].startswith("text/plain; version=0.0.4"),
              headers["Content-Type"])
        promtool("check", "metrics", stdin=s.text)
        o, headers = scrape(d, Accept="application/openmetrics-text;q=1")
        check(headers["Content-Type"].startswith(
            "application/openmetrics-text; version=1.0.0"), headers)
        check(o.text.endswith("\n# EOF\n"), o.text[-100:])
        equal(set(o.samples), set(s.samples), "samples of both forms")
        manual(s)
        dashboards(s)


def manual(s):
    """nftlbd(8) has a table of all families, and no others."""
    found = {}
    page = text_of("man/nftlbd.8")
    for m in re.finditer(r"^\.It Li (\w+)(?: Bro ([\w,]+) Brc)? (gauge|counter|"
                         r"histogram)\n((?:[^.\n].*\n)+)", page, re.M):
        found[m[1]] = (m[3], frozenset(m[2].split(",")
                                       if m[2] else ()),
                       " ".join(m[4].split()))
    equal(set(found), set(s.type), "metrics of nftlbd(8)")
    for name, (kind, labels, words) in found.items():
        equal(kind, s.type[name], f"type of {name}")
        equal(words, s.help[name], f"words about {name}")
        for keys in s.labels(name):
            equal(keys, labels, f"labels of {name}")


def exprs(panel):
    """Expressions of a dashboard's panel and those in it."""
    for p in panel.get("panels", []):
        yield from exprs(p)
    for t in panel.get("targets", []):
        yield t["expr"]


def names_in(expr):
    """Metrics of an expression."""
    found = re.findall(r"\b((?:nftlb|process|up)\w*)", re.sub(r"\[.*?\]|{.*?}",
                                                              "", expr))
    return {re.sub(r"_(bucket|sum|count)$", "", n) for n in found}


def dashboards(s):
    """What the alerts and the dashboard ask for is there."""
    board = json.loads(text_of("doc/grafana.json"))
    asked = list(exprs(board))
    check(len(asked) > 20, f"{len(asked)} expressions in the dashboard")
    alerts = re.findall(r"expr: (?:>-\n)?((?:.*\n)+?)\s+(?:for|labels):",
                        text_of("doc/alerts.yml"))
    check(len(alerts) > 10, f"{len(alerts)} alerts")
    for expr in asked + alerts:
        names = names_in(expr)
        check(names, f"no metric in {expr!r}")
        for name in names - NOT_OURS:
            check(name in s.type, f"{name} of {expr!r} is nowhere")
    ids = [p["id"] for top in board["panels"]
           for p in [top, *top.get("panels", [])]]
    equal(len(ids), len(set(ids)), "panels with one id")
    for v in board["templating"]["list"]:
        check(f"${v['name']}" in json.dumps(board["panels"])
              or v["type"] == "datasource", f"${v['name']} is not used")


def counters_of(s):
    return {key: v for key, v in s.samples.items()
            if s.type.get(re.sub(r"_(bucket|sum|count)$", "", key[0]),
                          s.type.get(key[0])) in ("counter", "histogram")}


def test_counters_go_on():
    """Over commits, a reload and a flush no counter falls; over a restart those
    of packets do not, and the others begin again with another start time."""
    with Lab() as lab:
        d = some_of_all(lab)
        lab.flow("c1", vip(4), 80, 12).all_ok("flows")
        before = scrape(d)[0]
        wait_until(lambda: scrape(d)[0].get("nftlb_service_new_flows_total",
                                            service="www") == 12, 5, "counted")
        before = scrape(d)[0]
        for words in (("backend", "disable", "www", "b1"),
                      ("config", "reload"), ("flush",), ("sync",)):
            d.do(*words)
            after = scrape(d)[0]
            for key, value in counters_of(before).items():
                check(after.samples.get(key, -1) >= value,
                      f"after {words}: {key} {value} -> "
                      f"{after.samples.get(key)}")
            before = after
        moved = before.get("nftlb_slots_moved_total")
        check(moved > 0, f"slots moved: {moved}")
        equal(before.get("nftlb_config_reloads_total", result="ok"), 1, "reloads")
        equal(before.get("nftlb_resyncs_total", reason="operator"), 1, "syncs")
        d.restart()
        after = scrape(d)[0]
        for name in ("packets", "bytes", "new_flows"):
            for key, value in before.samples.items():
                if key[0] == f"nftlb_service_{name}_total":
                    check(after.samples[key] >= value, f"restart: {key}")
        check(after.get("nftlb_start_time_seconds") >
              before.get("nftlb_start_time_seconds"), "start time")


def test_healthz():
    with Lab() as lab:
        d = some_of_all(lab)

        def health():
            a = ask(d.socket, "GET", "/healthz")
            return a.status, a.json()["status"], a.json()["reasons"]
        equal(health(), (200, "ok", []), "well")
        d.do("flush")
        status, word, reasons = health()
        equal((status, word, len(reasons)), (503, "failing", 1), "flushed")
        check("flushed" in reasons[0], reasons)
        equal(scrape(d)[0].get("nftlb_healthy"), 0, "nftlb_healthy")
        d.do("sync")
        equal(health(), (200, "ok", []), "well again")
        with open(d.conf_path, "a", encoding="utf-8") as f:
            f.write("nonsense\n")
        check(d.ctl("config", "reload").returncode, "nonsense is taken")
        equal(health(), (200, "ok", []), "the old configuration serves")
        equal(scrape(d)[0].get("nftlb_config_last_reload_successful"), 0,
              "the reload that failed")


# ---- clients that are slow, or go

def asked(d):
    """A connection that has asked and reads nothing yet."""
    s = socket.socket(socket.AF_UNIX)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    s.settimeout(20 * PATIENCE)
    s.connect(d.socket)
    s.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
    return s


def many(d, first, last):
    d.write({f"s{i}": service({f"b{j}": f"10.9.{i % 250}.{j}:80"
                               for j in range(1, 5)}, check="none",
                              address=f"192.0.2.{i % 250}", port=1000 + i)
             for i in range(first, last)})


def test_reload_meanwhile():
    """An answer that a reload meets is whole: each family once, no sample
    twice, of old services and new ones."""
    with Lab(backends=0) as lab:
        d = daemon.Daemon(lab)
        many(d, 0, 3000)    # more than a socket holds
        d.start()
        with asked(d) as s:
            answer = http.client.HTTPResponse(s)
            answer.begin()
            text = answer.read(100_000)
            many(d, 1000, 4000)
            d.do("config", "reload")
            text += answer.read()
        found = Scrape(text.decode())
        equal(set(found.type), set(scrape(d)[0].type), "families")
        names = {}
        for name, labels in found.samples:
            if name.startswith("nftlb_service_"):
                names.setdefault(name, set()).add(dict(labels)["service"])
            elif name.startswith("nftlb_backend_slots"):
                names.setdefault("last", set()).add(dict(labels)["service"])
        equal(names.pop("last"), {f"s{i}" for i in range(1000, 4000)}, "new ones")
        for name, services in names.items():
            lost = {f"s{i}" for i in range(1000, 3000)} - services
            check(not lost, f"{name} lacks {sorted(lost)}")


def test_leavers():
    """Who goes before the answer, or in the middle of it, harms nobody."""
    with Lab(backends=0) as lab:
        d = daemon.Daemon(lab)
        many(d, 0, 200)
        d.start()
        for i in range(60):
            with asked(d) as s:
                if i % 3:
                    s.recv(1 + i * 100)
        some = [asked(d) for _ in range(20)]
        equal(len(scrape(d)[0].labels("nftlb_backend_slots")), 1, "an answer")
        for s in some:
            s.close()
        equal(ask(d.socket, "GET", "/healthz").status, 200, "well")
        check(scrape(d)[0].get("process_open_fds") < 60, "descriptors leak")


# ---- Prometheus itself

def quick(lab):
    """The alert rules, in a hurry."""
    path = os.path.join(lab.dir, "alerts.yml")
    with open(path, "w", encoding="utf-8") as f:
        f.write(re.sub(r"\bfor: \w+", "for: 1s", text_of("doc/alerts.yml")))
    return path


def test_rules():
    promtool("check", "rules", os.path.join(TOP, "doc/alerts.yml"))
    with Lab(backends=0) as lab:
        for name in ("doc/alerts.yml", "tests/lab/alerts_test.yml"):
            with open(os.path.join(lab.dir, os.path.basename(name)), "w",
                      encoding="utf-8") as f:
                f.write(text_of(name))
        promtool("test", "rules", os.path.join(lab.dir, "alerts_test.yml"))


def test_prometheus():
    """It scrapes with a token and without; it says what nftlbctl says."""
    with Lab() as lab:
        tokens = os.path.join(lab.dir, "tokens")
        with open(tokens, "w", encoding="ascii") as f:
            f.write(f"prometheus read-only {TOKEN}\n")
        os.chmod(tokens, 0o600)
        keys = {"api-listen": f"127.0.0.1:{API}"}
        d = some_of_all(lab, **keys, **{"api-token-file": tokens})
        target = {"static_configs": [{"targets": [f"127.0.0.1:{API}"]}]}
        with_token = {"authorization": {"credentials": TOKEN}, **target}
        p = Prometheus(lab, {"nftlb": with_token, "stranger": target},
                       quick(lab))
        wait_until(lambda: p.health().get("nftlb") == "up", 10, "scraped", 0.1)
        wait_until(lambda: "401" in p.health()["stranger"], 10,
                   "who has no token gets nothing", 0.1)
        equal(get(lab, API, "/healthz")[0], 200, "health needs no token")
        agrees(lab, d, p)
        expressions(p)
        lab.servers["b2"].kill()
        wait_until(lambda: "NftlbBackendDown" in p.firing(), 20,
                   "the alert", 0.1)
        check("NftlbServiceDown" not in p.firing(), p.firing())


def agrees(lab, d, p):
    """Numbers of Prometheus are those of nftlbctl -o json."""
    held = lab.hold("c1", vip(4), 80, 6)
    lab.flow("c1", vip(4), 80, 9).all_ok("flows")
    d.do("backend", "weight", "plain", "b1", 7)
    wanted = expected(d)
    wanted['nftlb_service_new_flows_total{job="nftlb",service="www"}'] = 15

    def differs():
        return {k: (v, p.value(k)) for k, v in wanted.items()
                if p.value(k) != v}
    try:
        wait_until(lambda: not differs(), 10, "agreement", 0.2)
    except Exception as e:
        raise type(e)(f"{e}: {differs()}") from e
    held.stop()


def expected(d):
    """{query: number}"""
    found = {"nftlb_config_revision{job=\"nftlb\"}":
             d.json("status")["revision"]}
    for s in d.json("show", "services"):
        name = f'job="nftlb",service="{s["name"]}"'
        found[f'nftlb_service_state{{{name},state="{s["state"]}"}}'] = 1
        for b in s["backends"]:
            at = f'{name},backend="{b["name"]}"'
            found[f"nftlb_backend_slots{{{at}}}"] = b["slots"]
            found[f"nftlb_backend_connections{{{at}}}"] = b["connections"]
            found[f"nftlb_backend_up{{{at}}}"] = b["health"] == "up"
            for kind in ("configured", "effective"):
                found[f'nftlb_backend_weight{{{at},kind="{kind}"}}'] = \
                    b["weight"][kind]
    return found


def expressions(p):
    """Prometheus can read all of the dashboard."""
    for expr in exprs(json.loads(text_of("doc/grafana.json"))):
        for name, value in (("$__rate_interval", "1m"), ("$__range", "1h"),
                            ("$service", ".*"), ("$instance", ".*"),
                            ("$job", "nftlb")):
            expr = expr.replace(name, value)
        check("$" not in expr, expr)
        p.query(expr)
