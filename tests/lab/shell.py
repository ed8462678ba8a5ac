#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""
A shell on the demo's gateway (`./lab shell`): the network runs until the shell
ends. With arguments: runs them as one command there instead.
"""

import os
import signal
import subprocess
import sys

from daemon import Daemon, FAST_CHECK, members, service
from lab import BUILD, Lab, client_addr, vip
from process import Failure

RC = """
[ -f ~/.bashrc ] && . ~/.bashrc
PS1='gw:\\w# '
export PATH={build}/nftlbd:{build}:{build}/tests/tools:$PATH
nftlbctl() {{ command nftlbctl -s {socket} "$@"; }}
on() {{ local n=$1; shift; nsenter --net=/run/netns/{prefix}$n -- "$@"; }}
load() {{ on c1 flow -n "${{1:-300}}" {vip4} 80; }}
eval "$(nftlbctl completion bash 2>/dev/null)"
"""

WELCOME = """
You are on the gateway gw; nftlbd runs here with {conf}
  clients  c1                    {c1}
  servers  b1 b2 b3 (b4 is spare) 10.2.0.11 .. .14, port 8080 (TCP and UDP)
  service  www: {vip4} and {vip6}, port 80

  nftlbctl status                what it thinks
  load 300                       300 connections from c1; the answer is JSON
  on c1 flow -p udp -n 30 {vip6} 80    in any namespace: c1, b1, ..
  on b2 ip link set back down    pull b2's cable
  nft list ruleset               what the kernel holds
  $EDITOR gw.conf; nftlbctl config diff; nftlbctl config reload
  exit                           and all of it is gone
"""


def main():
    # The shell handles ^C itself; a handler, unlike SIG_IGN, is not inherited.
    signal.signal(signal.SIGINT, lambda *_: None)
    with Lab(backends=4) as lab:
        lab.serve_all()
        d = Daemon(lab)
        d.write({"www": service(members(3), check="fast",
                                protocol="tcp, udp")},
                checks={"fast": FAST_CHECK})
        d.start()
        rc = os.path.join(lab.dir, "bashrc")
        with open(rc, "w", encoding="utf-8") as f:
            f.write(RC.format(build=BUILD, socket=d.socket, prefix=lab.prefix,
                              vip4=vip(4)))
        if len(sys.argv) > 1:
            argv = ["bash", "-c", f'. {rc}; "$@"', "bash", *sys.argv[1:]]
        else:
            print(WELCOME.format(conf=d.conf_path, vip4=vip(4), vip6=vip(6),
                                 c1=client_addr(4)))
            argv = ["bash", "--rcfile", rc, "-i"]
        return subprocess.run(lab.inside("gw", argv), check=False,
                              cwd=lab.dir).returncode


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Failure as failure:
        print(f"shell: {failure}", file=sys.stderr)
        sys.exit(1)
