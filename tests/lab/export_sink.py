# SPDX-License-Identifier: GPL-2.0-or-later
"""
An HTTP server that takes lists: export_sink.py PORT DIR. How it behaves is the
word in DIR/mode: good, refuse (503), hang (no answer), slow (reads nothing),
late (answers after 2 s), redirect. Each list that came in full is one line in
DIR/lists: headers and body as JSON.
"""

import http.server
import json
import os
import sys
import time

HANG_S = 60
LATE_S = 2


class Sink(http.server.BaseHTTPRequestHandler):
    def mode(self):
        with open(os.path.join(self.server.dir, "mode"), encoding="ascii") as f:
            return f.read()

    def do_POST(self):
        mode = self.mode()
        if mode == "slow":
            time.sleep(HANG_S)
            return
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if mode in ("hang", "late"):
            time.sleep(HANG_S if mode == "hang" else LATE_S)
        status = {"refuse": 503, "redirect": 307}.get(mode, 204)
        with open(os.path.join(self.server.dir, "lists"), "a",
                  encoding="utf-8") as f:
            f.write(json.dumps({"mode": mode, "path": self.path,
                                "headers": dict(self.headers),
                                "body": body.decode()}) + "\n")
        self.send_response(status)
        if mode == "redirect":
            self.send_header("Location", "/elsewhere")
        self.end_headers()

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("", int(sys.argv[1])), Sink)
server.daemon_threads = True
server.dir = sys.argv[2]
print("ready", flush=True)
server.serve_forever()
