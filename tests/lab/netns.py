# SPDX-License-Identifier: GPL-2.0-or-later
"""A thread that is in a node's network for a while: sockets that it makes there
stay there."""

import ctypes
import os

CLONE_NEWNET = 0x40000000
LIBC = ctypes.CDLL(None, use_errno=True)


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
