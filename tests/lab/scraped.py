# SPDX-License-Identifier: GPL-2.0-or-later
"""Metrics as Prometheus reads them, and Prometheus itself on a lab's gateway."""

import http.client
import json
import os
import re
import subprocess
import urllib.parse

from asking import ask
from netns import inside
from process import PATIENCE, Failure, check, equal, wait_until

PORT = 9090
SAMPLE = re.compile(r'([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$')
LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')


class Scrape:
    """The families and samples of one answer."""

    def __init__(self, text):
        self.text = text
        self.help, self.type, self.samples = {}, {}, {}
        for line in text.splitlines():
            if line.startswith("# HELP "):
                name, _, words = line[7:].partition(" ")
                self.help[name] = words
            elif line.startswith("# TYPE "):
                name, kind = line[7:].split(" ")
                check(name not in self.type, f"{name} has two heads")
                self.type[name] = kind
            elif not line.startswith("#"):
                m = SAMPLE.match(line)
                check(m, f"no sample: {line!r}")
                key = (m[1], frozenset(LABEL.findall(m[2] or "")))
                check(key not in self.samples, f"twice: {line!r}")
                self.samples[key] = float(m[3])

    def get(self, name, **labels):
        """The value of one sample; None: there is none."""
        return self.samples.get((name, frozenset(labels.items())))

    def labels(self, name):
        """The sets of keys of a family's samples, le aside."""
        return {frozenset(k for k, _ in key if k != "le")
                for n, key in self.samples
                if re.sub(r"_(bucket|sum|count)$", "", n) == name or n == name}


def scrape(d, **headers):
    """What the daemon says on its control socket."""
    answer = ask(d.socket, "GET", "/metrics", **headers)
    equal(answer.status, 200, "GET /metrics")
    return Scrape(answer.body.decode()), answer.headers


def promtool(*words, stdin=None):
    """Run promtool; it must find nothing to say against it."""
    p = subprocess.run(["promtool", *words], input=stdin, text=True,
                       capture_output=True, check=False)
    if p.returncode:
        raise Failure(f"promtool {' '.join(words)}: {p.stdout}{p.stderr}")
    return p.stdout + p.stderr


def get(lab, port, url, **headers):
    """Status and body of what a port on the gateway's loopback answers."""
    c = http.client.HTTPConnection("127.0.0.1", port, timeout=10 * PATIENCE)
    with inside(lab, "gw"):
        c.connect()
    try:
        c.request("GET", url, headers=headers)
        answer = c.getresponse()
        return answer.status, answer.read().decode()
    except http.client.HTTPException as e:
        raise ConnectionError(f"{url}: {e!r}") from e
    finally:
        c.close()


class Prometheus:
    """Debian's, on the gateway; it scrapes what listens there."""

    def __init__(self, lab, targets, rules=None, interval="500ms"):
        """@targets: {job: keys of its scrape_config}"""
        self.lab = lab
        self.dir = os.path.join(lab.dir, "prometheus")
        os.mkdir(self.dir)
        conf = {"global": {"scrape_interval": interval,
                           "scrape_timeout": interval,
                           "evaluation_interval": interval},
                "rule_files": [rules] if rules else [],
                "scrape_configs": [{"job_name": job, **keys}
                                   for job, keys in targets.items()]}
        path = os.path.join(self.dir, "prometheus.json")  # JSON is YAML
        with open(path, "w", encoding="utf-8") as f:
            json.dump(conf, f)
        self.process = lab.spawn("gw", "prometheus", [
            "prometheus", f"--config.file={path}",
            f"--storage.tsdb.path={self.dir}/data",
            f"--web.listen-address=127.0.0.1:{PORT}", "--log.level=warn"])
        wait_until(self.ready, 30, "Prometheus is ready", 0.1)

    def ready(self):
        check(self.process.running(), self.process.errors()[-2000:])
        try:
            return get(self.lab, PORT, "/-/ready")[0] == 200
        except OSError:
            return False

    def ask(self, path, **query):
        """Its HTTP API's data."""
        url = path + ("?" + urllib.parse.urlencode(query) if query else "")
        status, body = get(self.lab, PORT, url)
        answer = json.loads(body)
        check(status == 200 and answer["status"] == "success",
              f"{url}: {status} {body[:500]}")
        return answer["data"]

    def query(self, expr):
        """[({label: value}, number)] as of now."""
        return [({k: v for k, v in r["metric"].items() if k != "__name__"},
                 float(r["value"][1]))
                for r in self.ask("/api/v1/query", query=expr)["result"]]

    def value(self, expr):
        """The one number that @expr is; None: nothing."""
        found = self.query(expr)
        check(len(found) < 2, f"{expr}: {found}")
        return found[0][1] if found else None

    def health(self):
        """{job: "up", or its last error}"""
        return {t["labels"]["job"]: t["lastError"] or t["health"]
                for t in self.ask("/api/v1/targets")["activeTargets"]}

    def firing(self):
        """Names of alerts that fire."""
        return {a["labels"]["alertname"]
                for a in self.ask("/api/v1/alerts")["alerts"]
                if a["state"] == "firing"}
