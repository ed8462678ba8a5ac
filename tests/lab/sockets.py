# SPDX-License-Identifier: GPL-2.0-or-later
"""Connections that a test holds in its hands: opened all at once, closed one by
one. Sockets are made inside a node's network and used from outside."""

import ctypes
import errno
import os
import select
import socket
import struct
import time

CLONE_NEWNET = 0x40000000
IPV6_FREEBIND = 78
LIBC = ctypes.CDLL(None, use_errno=True)
# A SYN that nobody answered is sent again after a second.
QUIET_S = 0.3
SYN_AGAIN_S = 0.9


class inside:
    """This thread is in a node's network."""

    def __init__(self, lab, node):
        self.path = f"/run/netns/{lab.ns(node)}"

    def __enter__(self):
        self.home = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
        fd = os.open(self.path, os.O_RDONLY)
        self._enter(fd)
        os.close(fd)

    def __exit__(self, *_):
        self._enter(self.home)
        os.close(self.home)

    @staticmethod
    def _enter(fd):
        if LIBC.setns(fd, CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), "setns")


class Connection:
    """One attempt: `backend` says who answered, `error` why nobody did."""

    def __init__(self, lab, node, to, port, proto="tcp", source=None):
        kind = socket.SOCK_DGRAM if proto == "udp" else socket.SOCK_STREAM
        family = socket.AF_INET6 if ":" in to else socket.AF_INET
        self.backend = self.error = self.took_s = None
        self.proto, self.to, self.heard = proto, (to, port), b""
        with inside(lab, node):
            self.sock = socket.socket(family, kind | socket.SOCK_NONBLOCK)
        if source: # of the crowd: addresses that no interface has
            if family == socket.AF_INET6:
                self.sock.setsockopt(socket.IPPROTO_IPV6, IPV6_FREEBIND, 1)
            self.sock.bind((source, 0))

    def start(self):
        self.begun = time.monotonic()
        code = self.sock.connect_ex(self.to)
        if code not in (0, errno.EINPROGRESS):
            self._end(errno.errorcode[code])
        elif self.proto == "udp":
            self.sock.send(b"x")

    def _end(self, error=None):
        self.took_s = time.monotonic() - self.begun
        self.error = error

    def waits(self):
        return not self.error and not self.backend

    def read(self):
        try:
            data = self.sock.recv(256)
        except BlockingIOError:
            return
        except OSError as e:
            self._end(errno.errorcode[e.errno])
            return
        self.heard += data
        if b"\n" in self.heard:
            self.backend = self.heard.split()[0].decode()
            self._end()
        elif not data:
            self._end("end")

    def port(self):
        return self.sock.getsockname()[1]

    def close(self):
        self.sock.close()

    def reset(self):
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                             struct.pack("ii", 1, 0))
        self.sock.close()


def wait_all(connections, timeout_s, quiet_s=None):
    """Until each is decided, or nothing has happened for quiet_s."""
    poll = select.poll()
    by_fd = {c.sock.fileno(): c for c in connections if c.waits()}
    for fd in by_fd:
        poll.register(fd, select.POLLIN)
    end = time.monotonic() + timeout_s
    while by_fd and time.monotonic() < end:
        rest = end - time.monotonic()
        found = poll.poll(1000 * (min(rest, quiet_s) if quiet_s else rest))
        if not found and quiet_s:
            break
        for fd, _ in found:
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

    def open(self, n, source=None, timeout_s=5):
        """n at once; all are waited for. Returns them; those that were served
        are held."""
        made = self._start(n, source)
        wait_all(made, timeout_s)
        return self._sort(made)

    def attempt(self, n, source=None):
        """n at once, one SYN each: who is not served by then is given up
        before he asks again. Returns how many were served."""
        made = self._start(n, source)
        wait_all(made, SYN_AGAIN_S, QUIET_S)
        return len([c for c in self._sort(made) if c.backend])

    def _start(self, n, source):
        made = [Connection(self.lab, self.node, self.to, self.at, self.proto,
                           source) for _ in range(n)]
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
