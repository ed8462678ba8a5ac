# SPDX-License-Identifier: GPL-2.0-or-later
"""Configuration files that must be refused, each for a reason of its own."""

import os

SERVICE = """[service www]
address = 192.0.2.10
port = 80
backend.b1 = 10.2.0.11:8080
"""


def with_service(extra):
    return SERVICE + extra + "\n"


def replaced(old, new):
    assert old in SERVICE
    return SERVICE.replace(old, new)


def second(address="192.0.2.10", port="80", protocol="tcp", name="two"):
    return SERVICE + (f"[service {name}]\naddress = {address}\nport = {port}\n"
                      f"protocol = {protocol}\nbackend.b1 = 10.2.0.12:8080\n")


def check_key(line):
    return f"[check c]\ntype = tcp\n{line}\n" + SERVICE


KEYS = {
    "unknown key": "colour = blue",
    "key given twice": "port = 81",
    "unknown scheduler": "scheduler = fastest",
    "unknown mode": "mode = teleport",
    "unknown protocol": "protocol = icmp",
    "protocol twice": "protocol = tcp, tcp",
    "unknown on-empty": "on-empty = ignore",
    "unknown hash-key": "scheduler = source-hash\nhash-key = moon",
    "hash-key without source-hash": "hash-key = source",
    "slots not prime": "scheduler = source-hash\nslots = 1000",
    "slots too many": "slots = 99999999",
    "slots not a number": "slots = some",
    "unknown pool": "pool = nowhere",
    "unknown check": "check = nowhere",
    "check listed twice": "check = tcp, tcp",
    "more checks required than there are": "check = tcp\ncheck-require = 2",
    "slow-start without weights": "slow-start = 30s",
    "feed with weights that stay": "feed = cpu",
    "unknown feed": "scheduler = least-cpu\nfeed = gpu",
    "least-cpu without feeds": "scheduler = least-cpu\nfeed = none",
    "least-response without a check": "scheduler = least-response",
    "floor above 1": "scheduler = least-connections\nfloor = 1.5",
    "source-address without snat": "source-address = 10.2.0.1",
    "weight too large": "backend.b2 = 10.2.0.12:8080 weight=65536",
    "weight negative": "backend.b2 = 10.2.0.12:8080 weight=-1",
    "weight not a number": "backend.b2 = 10.2.0.12:8080 weight=heavy",
    "backend option unknown": "backend.b2 = 10.2.0.12:8080 fast",
    "backend without address": "backend.b2 =",
    "backend host name": "backend.b2 = www.example.org:80",
    "backend bad address": "backend.b2 = 10.2.0.256:80",
    "backend port 0": "backend.b2 = 10.2.0.12:0",
    "backend port too large": "backend.b2 = 10.2.0.12:65536",
    "backend IPv6 without bracket end": "backend.b2 = [2001:db8::1:80",
    "backend name twice": "backend.b1 = 10.2.0.12:8080",
    "backend of no family of the service": "backend.b2 = [2001:db8::1]:80",
    "nft syntax in a backend name": 'backend.b2"; drop; # = 10.2.0.12:8080',
    "nft syntax in a value": "backend.b2 = 10.2.0.12:8080 }; flush ruleset",
    "no equals sign": "just words",
}

CHECKS = {
    "interval without unit": "interval = 5",
    "interval too short": "interval = 1ms",
    "timeout above interval": "interval = 1s\ntimeout = 2s",
    "rise 0": "rise = 0",
    "fall not a number": "fall = often",
    "unknown start": "start = maybe",
    "check key unknown": "colour = blue",
    "check key of another type": "path = /healthz",
    "check key that does nothing": "sni = www.example.org",
    "check's authorities missing": "tls = yes\nca-file = /nonexistent/ca.pem",
    "check's escape unknown": "send = a\\q",
}

FILES = {
    "empty section name": "[service]\nport = 80\n",
    "unknown section": "[servce www]\nport = 80\n",
    "broken section": "[service www\nport = 80\n",
    "key before any section": "port = 80\n",
    "service without address": replaced("address = 192.0.2.10\n", ""),
    "service without port": replaced("port = 80\n", ""),
    "bad service address": replaced("192.0.2.10", "192.0.2"),
    "address of a family without backends": replaced(
        "192.0.2.10", "192.0.2.10, 2001:db8::10"),
    "prefix as address": replaced("192.0.2.10", "192.0.2.0/24"),
    "port 0": replaced("port = 80", "port = 0"),
    "port too large": replaced("port = 80", "port = 65536"),
    "port range backwards": replaced("port = 80", "port = 90-80"),
    "port half a range": replaced("port = 80", "port = 80-"),
    "nft syntax in a service name": replaced("www", "www { } ; add table ip x"),
    "nft syntax in an address": replaced(
        "192.0.2.10", "192.0.2.10 . tcp . 80 : drop"),
    "service twice": SERVICE + SERVICE,
    "same address and port": second(),
    "overlap of ranges": second(port="70-90"),
    "overlap with any": second(port="any"),
    "overlap in one protocol of a list": second(protocol="udp, tcp"),
    "overlap in one of two addresses": second("192.0.2.99, 192.0.2.10"),
    "name too long": replaced("www", "w" * 64),
    "missing include": "[global]\ninclude = /nonexistent/nftlb.conf\n" + SERVICE,
    "bad hash-seed": "[global]\nhash-seed = 0x1ffffffff\n" + SERVICE,
    "bad log level": "[global]\nlog-level = loud\n" + SERVICE,
    "nft syntax in the table's name":
        "[global]\ntable = nftlb; flush ruleset\n" + SERVICE,
    "check of unknown type": "[check c]\ntype = tarot\n" + SERVICE,
    "65,536 backends": SERVICE + "".join(
        f"backend.x{i} = 10.{i >> 16}.{i >> 8 & 255}.{i & 255}:80\n"
        for i in range(65536)),
}

BYTES = {
    "NUL byte": SERVICE.encode() + b"on-empty = re\0ject\n",
    "broken UTF-8": SERVICE.encode() + b"backend.b\xc3\x28 = 10.2.0.12:80\n",
    "line of 1 MB": SERVICE.encode() + b"slots = " + b"1" * (1 << 20) + b"\n",
    "binary": bytes(range(256)) * 16,
}


def cases(directory, head):
    """
    {what is wrong: bytes of the file}.
    @head: a good [global] section, so that nothing else is wrong.
    """
    found = {name: with_service(line) for name, line in KEYS.items()}
    found.update({name: check_key(line) for name, line in CHECKS.items()})
    found.update(FILES)
    os.makedirs(os.path.join(directory, "a-directory.conf"), exist_ok=True)
    found["directory as include"] = (
        f"[global]\ninclude = {directory}/a-directory.conf\n" + SERVICE)
    loop = os.path.join(directory, "gw.conf")
    found["include of itself"] = f"[global]\ninclude = {loop}\n" + SERVICE
    whole = {}
    for name, text in found.items():
        whole[name] = (text if "[global]" in text else head + text).encode()
    for name, data in BYTES.items():
        whole[name] = head.encode() + data
    return whole
