# SPDX-License-Identifier: GPL-2.0-or-later
"""HTTP over a UNIX socket, without a program of its own for each question."""

import http.client
import json
import socket

from process import PATIENCE, Failure, equal


class UnixConnection(http.client.HTTPConnection):
    """HTTP over a UNIX socket."""

    def __init__(self, path, timeout_s=30):
        super().__init__("localhost", timeout=timeout_s)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


class Answer:
    """Status, headers and body of an HTTP answer."""

    def __init__(self, response):
        self.status = response.status
        self.headers = response.headers
        self.body = response.read()

    def json(self):
        try:
            return json.loads(self.body)
        except ValueError as e:
            raise Failure(f"not JSON: {e}: {self.body[:500]!r}") from e

    def ok(self):
        equal(self.status, 200, f"status of {self.body[:500]!r}")
        return self.json()


def ask(path, method, url, body=None, timeout_s=30, **headers):
    """One request to the socket at `path`, on a connection of its own."""
    connection = UnixConnection(path, timeout_s * PATIENCE)
    try:
        connection.request(method, url, body, headers)
        return Answer(connection.getresponse())
    except http.client.HTTPException as e:
        raise ConnectionError(f"{url}: {e!r}") from e
    finally:
        connection.close()
