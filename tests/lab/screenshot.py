#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""
`./lab screenshot [DIRECTORY]`: makes doc/status-page.png, of a gateway where
something goes on: a server is dead, one is drained, weights move. With a
DIRECTORY also pictures of the page in the dark and on a phone, there.
"""

import math
import os
import random
import socket
import sys
import threading
import time

import palette
from browser import Browser
from daemon import Daemon, members, service
from lab import Lab, vip
from netns import inside

LISTEN = "127.0.0.1:9443"
DOC = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../doc")
CHECK = {"type": "tcp", "interval": "1s", "timeout": "900ms", "rise": 2, "fall": 3}
SERVERS = ("tcp/0.0.0.0/8080/stream", "udp/0.0.0.0/8080")
TOKEN = "example-operator-token"
SHOWN = {
    "www": dict(port="80, 443", scheduler="least-connections", counters="yes"),
    "api": dict(port="8443", scheduler="weighted", counters="yes"),
    "mail": dict(port="25, 587, 993", mode="snat", counters="yes"),
    "dns": dict(port="53", scheduler="source-hash", protocol="udp"),
    "search": dict(port="9200", scheduler="least-response"),
    "registry": dict(port="5000"),
    "legacy": dict(port="7001"),
}


SERVED_BY = {"mail": (1, 3), "dns": (3, 4), "registry": (1, 4), "api": (1, 3, 4)}


def families4(name, keys):
    """Of servers b1 to b4, or some of them: b2's end is not everybody's."""
    by = [f"b{i}" for i in SERVED_BY.get(name, (1, 2, 3, 4))]
    some = {b: text for b, text in members(4, families=(4,)).items() if b in by}
    return service(some, address=vip(4), check="fast", **keys)


def write(d):
    services = {name: families4(name, keys) for name, keys in SHOWN.items()}
    services["legacy"] = service(
        {"old1": "10.2.0.14:7001", "old2": "10.2.0.14:7002"}, address=vip(4),
        port="7001", check="fast")
    token = os.path.join(d.lab.dir, "token")
    with open(token, "w", encoding="ascii") as f:
        os.chmod(token, 0o600)
        f.write(f"ops operator {TOKEN}\n")
    d.write(services, checks={"fast": CHECK},
            **{"api-listen": LISTEN, "api-token-file": token})


class Visitors(threading.Thread):
    """Clients that come now and then and stay for a while."""

    def __init__(self, lab, rates):
        super().__init__(daemon=True)
        self.lab = lab
        self.rates = rates      # {port: arrivals a second}
        self.ended = False
        self.start()

    def arrive(self, port):
        s = socket.socket()
        s.setblocking(False)
        s.bind((f"10.3.1.{random.randrange(1, 250)}", 0))
        s.connect_ex((vip(4), port))
        return s

    def run(self):
        here = []
        with inside(self.lab, "c1"):
            while not self.ended:
                now = time.monotonic()
                wave = 1 + 0.6 * math.sin(now / 9)
                for port, rate in list(self.rates.items()):
                    if random.random() < rate * wave * 0.05:
                        here.append((now + random.expovariate(1 / 12), self.arrive(port)))
                for _, s in [h for h in here if h[0] <= now]:
                    s.close()
                here = [h for h in here if h[0] > now]
                time.sleep(0.05)
        for _, s in here:
            s.close()


def story(lab, d, seconds):
    """What there is to be seen."""
    begun = time.monotonic()
    visitors = Visitors(lab, {443: 8, 8443: 5, 25: 3, 5000: 2, 9200: 4})
    time.sleep(seconds * 0.25)
    lab.servers["b3"].kill()
    d.wait_state("b3", "down")
    time.sleep(seconds * 0.1)
    lab.serve("b3", *SERVERS)
    d.wait_state("b3", "active")
    visitors.rates[443] = 14
    time.sleep(seconds * 0.2)
    d.do("backend", "drain", "www", "b4")
    d.do("backend", "weight", "api", "b1", "4")
    time.sleep(seconds * 0.15)
    lab.servers["b2"].kill()
    d.wait_state("b2", "down")
    d.do("service", "disable", "registry")
    while time.monotonic() - begun < seconds:
        time.sleep(0.2)
    return visitors


def opened(b, token=TOKEN):
    b.open(f"http://{LISTEN}/")
    b.js("sessionStorage.setItem('nftlb-token', arguments[0])", token)
    b.open(f"http://{LISTEN}/")
    b.wait("document.querySelectorAll('tr.svc').length > 3", "services are listed")
    b.js("document.querySelector('[data-service=www]').click()")
    b.wait("document.querySelectorAll('.health .bars').length == 4", "www is opened")
    b.wait("[...document.querySelectorAll('tr.svc svg.spark')].some("
           "s => !s.getAttribute('aria-label').includes('not known'))", "its past")


def main():
    more = sys.argv[1] if len(sys.argv) > 1 else None
    seconds = float(os.environ.get("STORY_S", "300"))
    with Lab(backends=4) as lab:
        lab.serve_all(*SERVERS)
        d = Daemon(lab)
        write(d)
        d.start()
        d.wait_states("active")
        visitors = story(lab, d, seconds)
        with Browser(lab) as b:
            b.size(1360, 1500)
            b.scheme("light")
            opened(b)
            time.sleep(1)       # its own animations
            b.picture(os.path.join(DOC, "status-page.png"))
            palette.shrink(os.path.join(DOC, "status-page.png"))
            if more:
                b.picture(os.path.join(more, "light-whole.png"), True)
                b.scheme("dark")
                time.sleep(0.5)
                b.picture(os.path.join(more, "dark.png"), True)
                b.click("[data-verb=Drain]")
                time.sleep(1)
                b.picture(os.path.join(more, "dialog.png"))
                b.keys("Escape", "?")
                time.sleep(0.5)
                b.picture(os.path.join(more, "help.png"))
                b.keys("Escape")
                b.scheme("light")
                b.size(390, 844, 2)
                time.sleep(1)
                b.picture(os.path.join(more, "phone.png"), True)
        visitors.ended = True
        visitors.join()


if __name__ == "__main__":
    main()
