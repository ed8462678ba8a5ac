#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""
Clients of protocols with a second connection. Each prints one line of JSON: who
the second connection was with, and what came over it; or {"failed": why}.

    helper_client.py ftp HOST PORT pasv|epsv|port|eprt SECONDS   fetches "file"
    helper_client.py sip HOST PORT udp|tcp SECONDS               a call, with media
    helper_client.py pptp HOST SECONDS                           a tunnel, by pptp(8)
"""

import ftplib
import json
import re
import socket
import subprocess
import sys
import time

from helped import PPTP_CLIENT, PPTP_SERVER, ppp_frame


def ftp_passive(ftp, mode):
    """The server says where; a client that believes it."""
    if mode == "pasv":
        where = ftplib.parse227(ftp.sendcmd("PASV"))
    else:
        where = ftplib.parse229(ftp.sendcmd("EPSV"), ftp.sock.getpeername())
    data = socket.create_connection(where, ftp.timeout)
    ftp.putcmd("RETR file")
    ftp.getresp()
    return data


def ftp_active(ftp, mode):
    """The client says where, and is called back."""
    here = ftp.sock.getsockname()[0]
    with socket.create_server((here, 0), family=ftp.af) as server:
        server.settimeout(ftp.timeout)
        send = ftp.sendport if mode == "port" else ftp.sendeprt
        send(here, server.getsockname()[1])
        ftp.putcmd("RETR file")
        data, _ = server.accept()
    ftp.getresp()
    return data


def ftp_client(host, port, mode, seconds):
    ftp = ftplib.FTP(timeout=float(seconds))
    ftp.connect(host, int(port))
    ftp.login()
    fetch = ftp_passive if mode in ("pasv", "epsv") else ftp_active
    with fetch(ftp, mode) as data:
        data.settimeout(ftp.timeout)
        peer, size = data.getpeername(), 0
        while piece := data.recv(65536):
            size += len(piece)
    return {"peer": peer[0], "bytes": size}


class Call:
    """One call over SIP; the media is one packet that has to come back."""

    def __init__(self, host, port, proto, seconds):
        self.v6 = ":" in host
        family = socket.AF_INET6 if self.v6 else socket.AF_INET
        self.proto, self.port = proto, port
        self.control = socket.socket(
            family, socket.SOCK_STREAM if proto == "tcp" else socket.SOCK_DGRAM)
        self.control.settimeout(float(seconds))
        self.control.connect((host, int(port)))
        self.to = self.bracketed(host)
        self.addr, self.here = self.control.getsockname()[:2]
        self.me = self.bracketed(self.addr)
        self.media = socket.socket(family, socket.SOCK_DGRAM)
        self.media.bind((self.addr, 0))
        self.media.settimeout(float(seconds) / 3)

    def bracketed(self, addr):
        return f"[{addr}]" if self.v6 else addr

    def send(self, method, number, body="", tag=""):
        self.control.send("\r\n".join([
            f"{method} sip:test@{self.to}:{self.port} SIP/2.0",
            f"Via: SIP/2.0/{self.proto.upper()} {self.me}:{self.here}"
            f";branch=z9hG4bK{number}{method}",
            f"From: <sip:me@{self.me}:{self.here}>;tag=1",
            f"To: <sip:test@{self.to}:{self.port}>{tag}",
            f"Call-ID: {self.here}@{self.addr}", f"CSeq: {number} {method}",
            f"Contact: <sip:me@{self.me}:{self.here}>", "Max-Forwards: 70",
            *(["Content-Type: application/sdp"] if body else []),
            f"Content-Length: {len(body)}", "", body]).encode())

    def description(self):
        net = "IP6" if self.v6 else "IP4"
        return "\r\n".join([
            "v=0", f"o=me 1 1 IN {net} {self.addr}", "s=-",
            f"c=IN {net} {self.addr}", "t=0 0",
            f"m=audio {self.media.getsockname()[1]} RTP/AVP 0",
            "a=rtpmap:0 PCMU/8000", ""])

    def run(self):
        self.send("INVITE", 1, self.description())
        text = ""
        while "m=audio" not in text:
            text += self.control.recv(65536).decode()
        tag = re.search(r"^To:.*?(;tag=\S+)", text, re.M).group(1)
        addr = re.search(r"c=IN IP[46] (\S+)", text).group(1)
        port = int(re.search(r"m=audio (\d+)", text).group(1))
        contact = re.search(r"^Contact: <sip:(.*);", text, re.M).group(1)
        self.send("ACK", 1, tag=tag)
        found = {"peer": addr, "contact": contact, "media": self.talk(addr, port)}
        self.send("BYE", 2, tag=tag)
        return found

    def talk(self, addr, port):
        for _ in range(3):
            self.media.sendto(b"\x80\x00\x00\x01" + bytes(8) + b"voice",
                              (addr, port))
            try:
                return self.media.recv(2048)[12:].decode()
            except TimeoutError:
                pass
        return None


def sip_client(host, port, proto, seconds):
    return Call(host, port, proto, seconds).run()


def pptp_client(host, seconds):
    """pptp(8) without pppd: frames in and out of its standard input. It keeps a
    socket below /run by the server's address: a /run of its own."""
    near, far = socket.socketpair()
    script = 'mount -t tmpfs run /run && exec pptp "$0" --nolaunchpppd'
    argv = ["unshare", "--mount", "sh", "-c", script, host]
    with subprocess.Popen(argv, stdin=far,
                          stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL) as p:
        far.close()
        near.settimeout(0.1)
        end, got = time.monotonic() + float(seconds), b""
        while time.monotonic() < end and PPTP_CLIENT not in got:
            try:
                near.sendall(ppp_frame(PPTP_CLIENT))
                got += near.recv(4096)
            except TimeoutError:
                pass
            except OSError:
                break
        p.kill()
    return {"server": PPTP_SERVER in got, "echo": PPTP_CLIENT in got}


def main():
    clients = {"ftp": ftp_client, "sip": sip_client, "pptp": pptp_client}
    try:
        found = clients[sys.argv[1]](*sys.argv[2:])
    except (OSError, EOFError, ftplib.Error) as e:
        found = {"failed": f"{type(e).__name__}: {e}"}
    print(json.dumps(found))


if __name__ == "__main__":
    main()
