# SPDX-License-Identifier: GPL-2.0-or-later
"""Connections that a test holds in its hands: opened all at once, closed one by
one. Sockets are made inside a node's network and used from outside."""

import errno
import select
import socket
import struct
import time

from lab import backend_addr
from netns import inside
from process import Failure

IPV6_FREEBIND, SO_MARK = 78, 36
SETTLED_S = 0.1     # for what may overtake on its way through the kernel


class Connection:
    """One attempt: `backend` says who answered, `error` why nobody did."""

    def __init__(self, lab, node, to, port, proto="tcp", source=None, mark=0):
        kind = socket.SOCK_DGRAM if proto == "udp" else socket.SOCK_STREAM
        family = socket.AF_INET6 if ":" in to else socket.AF_INET
        self.backend = self.error = None
        self.proto, self.to, self.heard = proto, (to, port), b""
        with inside(lab, node):
            self.sock = socket.socket(family, kind | socket.SOCK_NONBLOCK)
        if mark:
            self.sock.setsockopt(socket.SOL_SOCKET, SO_MARK, mark)
        if source: # of the crowd: addresses that no interface has
            if family == socket.AF_INET6:
                self.sock.setsockopt(socket.IPPROTO_IPV6, IPV6_FREEBIND, 1)
            self.sock.bind((source, 0))

    def start(self):
        code = self.sock.connect_ex(self.to)
        if code not in (0, errno.EINPROGRESS):
            self.error = errno.errorcode[code]
        elif self.proto == "udp":
            self.sock.send(b"x")

    def waits(self):
        return not self.error and not self.backend

    def read(self):
        try:
            data = self.sock.recv(256)
        except BlockingIOError:
            return
        except OSError as e:
            self.error = errno.errorcode[e.errno]
            return
        self.heard += data
        if b"\n" in self.heard:
            self.backend = self.heard.split()[0].decode()
        elif not data:
            self.error = "end"

    def port(self):
        return self.sock.getsockname()[1]

    def close(self):
        self.sock.close()

    def reset(self):
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                             struct.pack("ii", 1, 0))
        self.sock.close()


def wait_all(connections, timeout_s):
    """Until each is decided, or the time is over."""
    poll = select.poll()
    by_fd = {c.sock.fileno(): c for c in connections if c.waits()}
    for fd in by_fd:
        poll.register(fd, select.POLLIN)
    end = time.monotonic() + timeout_s
    while by_fd and time.monotonic() < end:
        for fd, _ in poll.poll(1000 * max(0, end - time.monotonic())):
            by_fd[fd].read()
            if not by_fd[fd].waits():
                poll.unregister(fd)
                del by_fd[fd]


class Crowd:
    """Connections of one test to one address; what is there when it ends is
    closed."""

    def __init__(self, lab, to, port=80, node="c1", proto="tcp"):
        self.lab, self.to, self.at, self.node = lab, to, port, node
        self.proto = proto
        self.held = []

    def open(self, n, source=None, timeout_s=10):
        """n at once; all are waited for. Returns them; those that were served
        are held. Nobody asks twice: a SYN that is lost is silence."""
        made = self._start(n, source)
        wait_all(made, timeout_s)
        return self._sort(made)

    def attempt(self, n, source=None, port=8081):
        """n at once, one SYN each. Returns those that were served; all that
        was tried is in `tried`. Who comes later and past the service is served
        by then: so are those before, or they never will be. `port`: the
        servers'."""
        self.tried = self._start(n, source)
        later = [Connection(self.lab, self.node,
                            backend_addr(6 if ":" in self.to else 4, i + 1), port)
                 for i in range(len(self.lab.backends))]
        for c in later:
            c.start()
        wait_all(later, 10)
        for c in later:
            if not c.backend:
                raise Failure(f"past the service: {c.error or 'silence'}")
            c.close()
        wait_all(self.tried, SETTLED_S)
        return len([c for c in self._sort(self.tried) if c.backend])

    def _start(self, n, source):
        mark = self.lab.one_syn(self.node) if (
            self.proto == "tcp" and self.node in self.lab.clients) else 0
        made = [Connection(self.lab, self.node, self.to, self.at, self.proto,
                           source, mark) for _ in range(n)]
        for c in made:
            c.start()
        return made

    def _sort(self, made):
        for c in made:
            if c.backend:
                self.held.append(c)
            else:
                c.error = c.error or "silence"
                c.close()
        return made

    def counts(self):
        """{backend: connections that are held}."""
        found = {}
        for c in self.held:
            found[c.backend] = found.get(c.backend, 0) + 1
        return dict(sorted(found.items()))

    def close(self, n=None, backend=None):
        """Close n (or all), of one backend or any."""
        chosen = [c for c in self.held if backend in (None, c.backend)][:n]
        for c in chosen:
            c.close()
            self.held.remove(c)
        return chosen
