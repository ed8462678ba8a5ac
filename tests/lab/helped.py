# SPDX-License-Identifier: GPL-2.0-or-later
"""
Servers and clients of protocols with more than one connection, on b<i> and c1.
The servers are the distribution's: vsftpd, in.tftpd, sipp, pptpd.
"""

import json
import os
import sys

from lab import FAMILIES, HERE, IN_VM, backend_addr
from process import check, wait_until

SIZE = 100000          # of the file that is fetched
WAIT_S = 20 if IN_VM else 6
PPTP_SERVER = b"server speaks first"
PPTP_CLIENT = b"client speaks"

# A firewall as people have them: what is new needs a rule, what helpers expect
# is "related".
FIREWALL = """
table inet users {
    chain forward {
        type filter hook forward priority filter; policy drop;
        ct state established,related accept
        meta l4proto { tcp, udp } th dport { 21, 69, 1723, 5060 } accept
        meta l4proto icmpv6 accept
    }
}
"""

VSFTPD = """
background=NO
listen={v4}
listen_ipv6={v6}
listen_address{suffix}={addr}
anonymous_enable=YES
no_anon_password=YES
anon_root={root}
secure_chroot_dir={empty}
ftp_username=ftp
nopriv_user=nobody
connect_from_port_20=YES
seccomp_sandbox=NO
isolate=NO
isolate_network=NO
"""


def listening(lab, node, proto, port, count=2):
    """Wait until `count` sockets of a node listen on this port."""
    wait_until(lambda: len(lab.do(node, "ss", f"-Hln{proto[0]}", "sport", "=",
                                  f":{port}").splitlines()) >= count,
               WAIT_S, f"{node} listens on {proto} {port}", 0.05)


def directory(lab, name):
    """A directory with one file, for everybody to read."""
    path = os.path.join(lab.dir, name)
    os.makedirs(path)
    with open(os.path.join(path, "file"), "w", encoding="ascii") as f:
        f.write("x" * SIZE)
    os.chmod(path, 0o755)
    return path


def ftp_server(lab, i=1):
    root = directory(lab, f"ftp{i}")
    empty = os.path.join(lab.dir, f"empty{i}")
    os.mkdir(empty)
    for family in FAMILIES:
        conf = os.path.join(lab.dir, f"vsftpd{i}-{family}.conf")
        with open(conf, "w", encoding="ascii") as f:
            f.write(VSFTPD.format(
                v4="YES" if family == 4 else "NO",
                v6="YES" if family == 6 else "NO",
                suffix="6" if family == 6 else "", root=root, empty=empty,
                addr=backend_addr(family, i)))
        lab.spawn(f"b{i}", f"vsftpd{i}-{family}", ["vsftpd", conf])
    listening(lab, f"b{i}", "tcp", 21)


def tftp_server(lab, i=1):
    root = directory(lab, f"tftp{i}")
    for family in FAMILIES:
        addr = backend_addr(family, i)
        lab.spawn(f"b{i}", f"tftpd{i}-{family}", [
            "in.tftpd", "--foreground", f"-{family}", "--user", "nobody",
            "--address", f"[{addr}]:69" if family == 6 else f"{addr}:69",
            "--secure", root])
    listening(lab, f"b{i}", "udp", 69)


def sip_server(lab, proto, i=1):
    """Takes every call, and sends media back to where it comes from."""
    for family in FAMILIES:
        addr = backend_addr(family, i)
        lab.spawn(f"b{i}", f"sipp{i}-{family}", [
            "sipp", "-sf", os.path.join(HERE, "sip_uas.xml"), "-i", addr,
            "-p", "5060", "-mi", addr, "-mp", "7078", "-rtp_echo", "-nostdin",
            "-t", "t1" if proto == "tcp" else "u1"],
            env=dict(os.environ, TERM="xterm"))
    listening(lab, f"b{i}", proto, 5060)


def ppp_frame(payload):
    """A PPP frame as on a serial line: what pppd would say."""
    data, crc = b"\xff\x03\xc0\x21" + payload, 0xffff
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc >> 1) ^ 0x8408 if crc & 1 else crc >> 1
    crc ^= 0xffff
    out = bytearray(b"\x7e")
    for byte in data + bytes([crc & 255, crc >> 8]):
        plain = byte >= 0x20 and byte not in (0x7d, 0x7e)
        out += bytes([byte] if plain else [0x7d, byte ^ 0x20])
    return bytes(out) + b"\x7e"


def pptp_server(lab, i=1):
    """pptpd; in pppd's place, for kernels without ppp, something that says one
    frame (pptpd waits for it) and then sends everything back."""
    path = os.path.join(lab.dir, "ppp")
    with open(path + ".frame", "wb") as f:
        f.write(ppp_frame(PPTP_SERVER))
    with open(path, "w", encoding="ascii") as f:
        f.write(f"#!/bin/sh\nstty raw -echo\ncat {path}.frame\nexec cat\n")
    os.chmod(path, 0o755)
    with open(path + ".conf", "w", encoding="ascii") as f:
        f.write(f"ppp {path}\nlocalip 10.9.0.1\nremoteip 10.9.0.2-20\n"
                "noipparam\n")
    lab.spawn(f"b{i}", f"pptpd{i}", [
        "pptpd", "-f", "-c", path + ".conf", "-p", path + ".pid",
        "-l", backend_addr(4, i)])
    listening(lab, f"b{i}", "tcp", 1723, 1)


def client(lab, *argv):
    """Run helper_client.py on c1; returns what it found."""
    p = lab.run("c1", sys.executable, os.path.join(HERE, "helper_client.py"),
                *map(str, argv), timeout_s=60)
    check(p.returncode == 0, f"{argv}: {p.stderr}")
    return json.loads(p.stdout)


def tftp_client(lab, addr, family, seconds):
    """Fetch the file by tftp(1); returns how much of it has come."""
    path = os.path.join(lab.dir, f"fetched-{next(lab.count)}")
    lab.run("c1", "timeout", str(seconds), "tftp", f"-{family}", addr, "69",
            "-m", "binary", "-c", "get", "file", path, timeout_s=60)
    return os.path.getsize(path) if os.path.exists(path) else 0
