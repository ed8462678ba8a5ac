# SPDX-License-Identifier: GPL-2.0-or-later
"""
A real browser in a node: chromedriver, spoken to by plain W3C WebDriver, and
Chromium without a window. Everything it writes is in the lab's directory, and
it ends with the lab.
"""

import base64
import http.client
import json
import os
import socket

from netns import inside
from process import PATIENCE, Failure, check, wait_until

PORT = 9515
ELEMENT = "element-6066-11e4-a52e-4f735466cecf"
KEYS = {"Tab": "\ue004", "Enter": "\ue007", "Escape": "\ue00c", "Space": " "}


class Browser:
    """One session; pages come and go."""

    def __init__(self, lab, node="gw"):
        self.lab = lab
        self.node = node
        home = os.path.join(lab.dir, "browser")
        os.makedirs(home, exist_ok=True)
        env = {**os.environ, "HOME": home, "TMPDIR": home, "XDG_CONFIG_HOME": home,
               "XDG_CACHE_HOME": home, "DBUS_SESSION_BUS_ADDRESS": "disabled:"}
        self.driver = lab.spawn(node, "chromedriver",
                                ["chromedriver", f"--port={PORT}"], env)
        wait_until(self._listens, 20, "chromedriver listens", 0.02)
        self.http = None
        self.session = None
        made = self.ask("POST", "/session", {"capabilities": {"alwaysMatch": {
            "pageLoadStrategy": "none",
            "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"},
            "goog:chromeOptions": {
                "binary": "/usr/bin/chromium",
                "args": ["--headless=new", "--no-sandbox", "--disable-gpu",
                         "--disable-dev-shm-usage", "--hide-scrollbars",
                         "--no-first-run", "--disable-extensions",
                         "--disable-background-networking", "--disable-sync",
                         "--disable-component-update", "--no-proxy-server",
                         "--force-color-profile=srgb", "--window-size=1360,900",
                         f"--user-data-dir={home}/profile", "about:blank"]}}}})
        self.session = made["sessionId"]

    def _listens(self):
        check(self.driver.running(), f"chromedriver ended: {self.driver.errors()}")
        with inside(self.lab, self.node), socket.socket() as s:
            return s.connect_ex(("127.0.0.1", PORT)) == 0

    def _connect(self):
        self.http = http.client.HTTPConnection("127.0.0.1", PORT,
                                               timeout=60 * PATIENCE)
        with inside(self.lab, self.node):
            self.http.connect()

    def ask(self, method, path, body=None):
        """One command of WebDriver; returns its value, an error is a Failure."""
        if not self.http:
            self._connect()
        if self.session:
            path = f"/session/{self.session}{path}"
        self.http.request(method, path, None if body is None else json.dumps(body),
                          {"Content-Type": "application/json"})
        value = json.loads(self.http.getresponse().read())["value"]
        if isinstance(value, dict) and "error" in value:
            raise Failure(f"browser: {path}: {value['message'].splitlines()[0]}")
        return value

    def close(self):
        """End Chromium, then chromedriver."""
        if self.session:
            self.ask("DELETE", "")
            self.session = None
        self.http.close()
        self.driver.stop()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    # ---- what it can do

    def open(self, url):
        """Go there, and wait until the document is there. Not by chromedriver's
        own means: it waits 25 s for the new-tab page, which misses the world."""
        self.js("window.isTheOldOne = true")
        self.ask("POST", "/url", {"url": url})
        self.wait("!window.isTheOldOne && document.readyState == 'complete'", url)

    def js(self, script, *args):
        """Run a function's body in the page."""
        return self.ask("POST", "/execute/sync", {"script": script, "args": args})

    def wait(self, script, words, timeout_s=15):
        """Until the expression is true; returns its value."""
        return wait_until(lambda: self.js(f"return {script}"), timeout_s, words, 0.03)

    def cdp(self, command, **params):
        """A command of the DevTools protocol."""
        return self.ask("POST", "/goog/cdp/execute", {"cmd": command, "params": params})

    def log(self, kind):
        """What came since the last time: "browser" or "performance"."""
        return self.ask("POST", "/se/log", {"type": kind})

    def keys(self, *names):
        """Press keys, wherever the focus is."""
        for name in names:
            key = KEYS.get(name, name)
            self.ask("POST", "/actions", {"actions": [{
                "type": "key", "id": "keyboard", "actions": [
                    {"type": "keyDown", "value": key}, {"type": "keyUp", "value": key}]}]})

    def click(self, selector):
        """A click as by a mouse."""
        found = self.ask("POST", "/element",
                         {"using": "css selector", "value": selector})[ELEMENT]
        self.ask("POST", f"/element/{found}/click", {})

    def size(self, width, height, scale=1):
        self.cdp("Emulation.setDeviceMetricsOverride", width=width, height=height,
                 deviceScaleFactor=scale, mobile=width < 600)

    def scheme(self, name):
        """What the system is said to prefer: light or dark."""
        self.cdp("Emulation.setEmulatedMedia", features=[
            {"name": "prefers-color-scheme", "value": name}])

    def picture(self, path, whole=False):
        """A picture of the window, or of the whole page."""
        data = self.cdp("Page.captureScreenshot", format="png",
                        captureBeyondViewport=whole)["data"]
        with open(path, "wb") as f:
            f.write(base64.b64decode(data))
