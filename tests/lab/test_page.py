# SPDX-License-Identifier: GPL-2.0-or-later
"""
The status page in a real Chromium, on the gateway: one browser, one scene after
the other. What the page says is held beside what nftlbctl says.
"""

import os
import time

import page_rules
from browser import Browser
from daemon import FAST_CHECK, Daemon, members, service
from lab import Lab, vip
from process import Failure, check, equal, wait_until

LISTEN = "127.0.0.1:9443"
URL = f"http://{LISTEN}/"
OPERATOR, READER = "operator-for-the-page", "reader-for-the-page"
MANY = 1000
# A probe that is late on a busy machine is no failure of the page's.
CALM_CHECK = {**FAST_CHECK, "timeout": "900ms", "interval": "1s"}


def www(**keys):
    return service(members(3, families=(4,)), address=vip(4), check="fast", **keys)


class Scene:
    """The daemon, the browser, and what they are asked again and again."""

    def __init__(self, lab):
        self.lab = lab
        self.d = Daemon(lab)
        self.tokens = os.path.join(lab.dir, "tokens")
        with open(self.tokens, "w", encoding="ascii") as f:
            os.chmod(self.tokens, 0o600)
            f.write(f"ops operator {OPERATOR}\nwatch read-only {READER}\n")
        self.write({})
        self.d.start()
        self.d.wait_states("active")
        self.b = None

    def write(self, more):
        self.d.write({
            "www": www(scheduler="weighted", counters="yes"),
            "mail": www(port="25, 587", mode="snat"),
            "idle": service({"x1": "10.2.0.11:9"}, address=vip(4), port=7000,
                            check="fast"),
            **more}, checks={"fast": CALM_CHECK},
            **{"api-listen": LISTEN, "api-token-file": self.tokens})

    def load(self, token=OPERATOR, opened="www"):
        """The page as if it had just been opened, with this token."""
        b = self.b
        if not b.js("return location.href").startswith(URL):
            b.open(URL)
        b.js("sessionStorage.setItem('nftlb-token', arguments[0])", token)
        b.open(URL)
        b.wait("document.querySelector('#live').dataset.state == 'live' &&"
               "document.querySelectorAll('tr.svc').length > 2", "it is live")
        if opened:
            b.js(f"document.querySelector('[data-service={opened}]').click()")
            b.wait("document.querySelectorAll('.backends tbody tr').length == 3 &&"
                   "document.querySelectorAll('.health .bars').length == 3",
                   f"{opened} is opened")

    def backend(self, name, words):
        """JavaScript: this of a backend's row, as text."""
        row = ("[...document.querySelectorAll('.backends tbody tr')].find("
               f"r => r.querySelector('th').firstChild.data == '{name}')")
        return f"{row}.{words}"

    def wait_badge(self, name, state, timeout_s=15):
        state_of = self.backend(name, "querySelector('.state').dataset.state")
        self.b.wait(f"{state_of} == '{state}'", f"{name} is {state} on the page",
                    timeout_s)

    def active(self):
        return self.b.js("return document.activeElement.getAttribute('aria-label')"
                         "|| document.activeElement.textContent")


# ---- scenes

def keeps_to_itself(s):
    """No errors, no other hosts, a policy that holds."""
    s.b.log("browser")
    s.b.log("performance")
    s.load()
    page_rules.no_errors(s.b, allowed=("401",))
    page_rules.only_from(s.b, URL)
    answer = s.b.js("const a = await fetch('/'); return Object.fromEntries(a.headers)")
    page_rules.headers(answer)
    again = s.b.js("const a = await fetch('/', {cache: 'no-store', headers: "
                   "{'If-None-Match': arguments[0]}}); return a.status",
                   answer["etag"])
    equal(again, 304, "asked for again")
    size = s.b.js("const a = await fetch('/'); return (await a.text()).length")
    check(size < 62000, f"the page has {size} bytes")
    page_rules.policy_holds(s.b)


def says_what_is(s):
    """Rows and backends are what nftlbctl says."""
    s.load()
    shown = {r["name"]: r for r in s.b.js("""
        return [...document.querySelectorAll('tr.svc')].map(r => ({
            name: r.querySelector('.name').textContent,
            state: r.querySelector('.state').dataset.state,
            up: r.querySelector('.ups b').textContent,
            how: r.querySelector('.how').innerText.split('\\n'),
            where: r.querySelector('.where').textContent}))""")}
    services = {x["name"]: x for x in s.d.json("show", "services")}
    equal(sorted(shown), sorted(services), "services")
    for name, x in services.items():
        up = sum(b["state"] in ("active", "standby", "full") for b in x["backends"])
        found = shown[name]
        equal((found["state"], found["up"], found["how"]),
              (x["state"], f"{up}/{len(x['backends'])}", [x["mode"], x["scheduler"]]),
              f"row of {name}")
        for words in (*x["addresses"], *x["ports"], *x["protocol"]):
            check(words in found["where"], f"{words} in {found['where']!r}")
    for b in services["www"]["backends"]:
        text = s.b.js(f"return {s.backend(b['name'], 'innerText')}")
        for words in (f"{b['address']}:{b['port']}", f"{b['slots']} slot",
                      f"{b['share'] * 100:.0f} %", b["check"]["type"],
                      f"configured {b['weight']['configured']}"):
            check(words in text, f"{words!r} in the row of {b['name']}: {text!r}")


def tells_of_a_failure(s):
    """A server dies: red at once, told, and in the picture of the past."""
    s.load()
    begun = time.monotonic()
    s.lab.servers["b2"].kill()
    s.wait_badge("b2", "down")
    s.b.wait("document.querySelector('#totals').innerText.includes('1 down') ||"
             "document.querySelector('#totals').innerText.includes('3 down')",
             "the totals say so")
    print(f"# down on the page {time.monotonic() - begun:.1f} s after the kill")
    s.b.wait("document.querySelector('#said').textContent.includes('down')",
             "a screen reader is told")
    s.b.wait("document.querySelector('.detail .events').innerText.match("
             "/b2[\\s\\S]*down[\\s\\S]*refused/)", "it is among the events")
    s.b.wait("[...document.querySelectorAll('.health > div')].find(e => e.innerText"
             ".startsWith('b2')).querySelector('rect:last-of-type').dataset.c != 'good'",
             "the last bar of b2 is not green")
    equal(s.b.js("return [...document.querySelectorAll('.health > div')].find(e => "
                 "e.innerText.startsWith('b1')).querySelector('rect:last-of-type')"
                 ".dataset.c"), "good", "the last bar of b1")
    s.lab.serve("b2")
    s.wait_badge("b2", "active")


def changes_by_click(s):
    """Drain and weight, with their price; who did it is told."""
    s.load()
    s.b.click("[aria-label='Drain b1 of www']")
    s.b.wait("document.querySelector('#dialog').open", "a dialog asks")
    s.b.wait("document.querySelector('#dialog .price').textContent.match(/slots? /)",
             "it says what it costs")
    equal(s.d.backend("b1")["admin"], "enabled", "before it is confirmed")
    s.b.click("#dialog button.main")
    s.wait_badge("b1", "drain")
    equal(s.d.backend("b1")["admin"], "drain", "what the daemon has")
    s.b.wait("document.querySelector('.detail .events').innerText.includes('by ops')",
             "whose token it was is told")
    s.b.click("[aria-label='Enable b1 of www']")
    s.b.wait("document.querySelector('#dialog').open", "a dialog asks")
    s.b.click("#dialog button.main")
    s.wait_badge("b1", "active")
    s.b.click("[aria-label='Weight b2 of www']")
    s.b.wait("document.querySelector('#dialog input').value == '1'", "its weight")
    s.b.js("const i = document.querySelector('#dialog input'); i.value = 5;"
           "i.dispatchEvent(new Event('input'))")
    s.b.click("#dialog button.main")
    s.b.wait(s.backend("b2", "innerText.includes('set 5')"), "the weight is shown")
    equal(s.d.backend("b2")["weight"]["effective"], 5, "the daemon's weight")
    s.d.do("backend", "weight", "www", "b2", "default")


def readers_only_look(s):
    """No buttons for a read-only token, and no way round them."""
    s.load(READER)
    equal(s.b.js("return document.querySelectorAll('[data-verb], .facts .acts button')"
                 ".length"), 0, "buttons that change something")
    check("read-only" in s.b.js("return document.querySelector('#account').innerText"),
          "the role is told")
    status = s.b.js("try { await patch('/v1/services/www/backends/b1', {admin: 'drain'});"
                    "return 200; } catch (e) { return e.status; }")
    equal(status, 403, "PATCH by a reader")
    equal(s.d.backend("b1")["admin"], "enabled", "b1")


def strangers_are_asked(s):
    """A token that nobody knows: the page asks for another one."""
    s.b.js("useToken('nobody-knows-this-token')")
    s.b.wait("document.querySelector('#dialog').open && document.querySelector("
             "'#dialog input[type=password]')", "it asks for a token")
    check(OPERATOR not in s.b.js("return location.href"), "no token in the address")
    s.b.js("document.querySelector('#token').value = arguments[0]", OPERATOR)
    s.b.click("#dialog button.main")
    s.b.wait("mayChange() && $('live').dataset.state == 'live'", "signed in")


def names_are_text(s):
    """What looks like markup is shown, not obeyed."""
    s.load()
    evil = "<img src=x onerror=\"document.title='gone'\">'\"&amp;<script>alert(1)</script>"
    s.b.js("""
        const e = arguments[0], one = structuredClone(view.services[0]);
        Object.assign(one, {name: e, addresses: [e], ports: [e], pool: e, hay: null});
        view.services = [one];
        view.events = [{id: 1e9, time: new Date().toISOString(), kind: e, service: e,
            backend: e, old: e, new: e, reason: e}];
        view.status.last_reload_ok = false;
        view.status.last_error = e;
        paintHead(); paintRows(); paintEvents();
        """, evil)
    for where in (".name", "#recent", "#alerts", ".where"):
        check(evil in s.b.js("return document.querySelector(arguments[0]).textContent",
                             where), f"{where} shows it")
    equal(s.b.js("return document.querySelectorAll('main img, main script').length"), 0,
          "elements made of names")
    check("gone" not in s.b.js("return document.title"), "nothing ran")


def keyboard_is_enough(s):
    """Open a service and drain a backend without a mouse."""
    s.load(opened=None)
    s.b.keys("?")
    s.b.wait("document.querySelector('#dialog').open", "help by ?")
    s.b.keys("Escape", "/")
    equal(s.b.js("return document.activeElement.id"), "filter", "focus after /")
    s.b.keys("w", "w", "w")
    s.b.wait("document.querySelectorAll('tr.svc').length == 1", "filtered")
    s.b.keys("Escape", "j")
    while s.active() != "www":
        s.b.keys("j")
    s.b.keys("Enter")
    s.b.wait("document.querySelectorAll('.backends tbody tr').length == 3", "opened")
    for _ in range(30):
        if s.active() == "Drain b3 of www":
            break
        s.b.keys("Tab")
    equal(s.active(), "Drain b3 of www", "reached by Tab")
    check(s.b.js("return getComputedStyle(document.activeElement).outlineStyle")
          != "none", "the focus is seen")
    s.b.keys("Enter")
    s.b.wait("document.querySelector('#dialog').open && document.activeElement."
             "textContent == 'Drain'", "asked")
    s.b.keys("Enter")
    s.d.wait_state("b3", "drain")
    s.wait_badge("b3", "drain")
    s.d.do("backend", "enable", "www", "b3")


def readers_can_tell(s):
    """The accessibility tree, and colours with contrast, in both schemes."""
    s.load()
    page_rules.accessible(s.b)
    seen = {}
    s.b.cdp("Emulation.setEmulatedMedia", features=[
        {"name": "prefers-reduced-motion", "value": "reduce"}])
    for scheme in ("light", "dark"):
        s.b.scheme(scheme)
        s.b.wait(f"document.documentElement.hasAttribute('data-dark') == "
                 f"{'true' if scheme == 'dark' else 'false'}", scheme)
        seen[scheme] = page_rules.contrast(s.b, scheme)
    check(seen["light"] != seen["dark"], "the schemes differ")
    s.b.keys("t", "t")
    s.b.open(URL)
    check(s.b.js("return document.documentElement.hasAttribute('data-dark')"),
          "the choice is kept")
    s.b.js("localStorage.clear()")
    s.b.scheme("light")


def fits_a_phone(s):
    s.b.size(360, 740)
    s.load()
    for width in (360, 768):
        s.b.size(width, 740)
        wide = s.b.js("return [document.scrollingElement.scrollWidth, innerWidth]")
        check(wide[0] <= wide[1], f"{width} pixels: {wide[0]} wide")
    s.b.size(1360, 900)


def tells_what_waits(s):
    """A configuration that has to be confirmed, and that it was."""
    s.load(opened=None)
    s.write({"extra": www(port=8088)})
    s.d.do("config", "apply", s.d.conf_path, "--confirm", "60s")
    s.b.wait("$('alerts').textContent.includes('waits to be confirmed')", "it is said")
    s.d.do("config", "confirm")
    s.b.wait("$('alerts').textContent == ''", "it is over")


def finds_the_daemon_again(s):
    """The daemon restarts: the page says so, comes back, and misses nothing."""
    s.load()
    s.d.stop()
    s.b.wait("$('live').dataset.state != 'live'", "it is seen to be gone")
    s.d.start()
    s.b.wait("$('live').dataset.state == 'live'", "it is there again", 30)
    s.d.do("backend", "drain", "www", "b1")
    s.wait_badge("b1", "drain")
    s.d.do("backend", "enable", "www", "b1")
    s.wait_badge("b1", "active")


def bears_a_thousand(s):
    """1,000 services: few rows, quick filters, and polls that cost nothing."""
    s.write({f"s{i:04d}": service({"b1": "10.2.0.11:8080", "b2": "10.2.0.12:8080"},
                                  address=vip(4, 11), port=1000 + i, check="none")
             for i in range(MANY)})
    s.d.reload()
    s.load(opened=None)
    s.b.wait(f"view.services.length == {MANY + 3}", "all are known")
    check(s.b.js("return document.querySelectorAll('tr.svc').length") <= 300,
          "not all are drawn")
    took = s.b.js("""
        const t = performance.now();
        $('filter').value = 's0777';
        $('filter').dispatchEvent(new Event('input'));
        document.body.offsetHeight;
        return performance.now() - t;""")
    equal(s.b.js("return [...document.querySelectorAll('.name')].map(x => x.textContent)"),
          ["s0777"], "filtered")
    whole = s.b.js("""
        $('filter').value = view.filter = '';
        const t = performance.now();
        paintRows();
        document.body.offsetHeight;
        return performance.now() - t;""")
    print(f"# 1,003 services: filtered in {took:.0f} ms, painted in {whole:.0f} ms")
    wait_until(lambda: s.b.js("return (await get('/v1/services?fields=summary', true))"
                              " === null"), 20, "a poll that says 304")


SCENES = (keeps_to_itself, says_what_is, tells_of_a_failure, changes_by_click,
          readers_only_look, strangers_are_asked, names_are_text,
          keyboard_is_enough, readers_can_tell, fits_a_phone,
          tells_what_waits, finds_the_daemon_again, bears_a_thousand)


def test_page():
    with Lab() as lab:
        lab.serve_all()
        s = Scene(lab)
        failed = []
        with Browser(lab) as s.b:
            for scene in SCENES:
                begun = time.monotonic()
                words = ""
                try:
                    scene(s)
                except Failure as e:
                    words = f": {e}"
                    failed.append(f"{scene.__name__}{words}")
                print(f"# {scene.__name__} {time.monotonic() - begun:.1f} s{words}")
            pids = lab.do("gw", "ip", "netns", "pids", lab.ns("gw")).split()
        check(len(pids) > 3, "the browser was in the gateway's network")
        check(not failed, "; ".join(failed))
