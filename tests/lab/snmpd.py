# SPDX-License-Identifier: GPL-2.0-or-later
"""Net-SNMP's agent on a server of the lab, and the keys to ask it."""

import os

from lab import backend_addr
from probing import argv
from process import wait_until

SERVICES = "1.3.6.1.2.1.1.7.0"      # an INTEGER: sysServices
UPTIME = "1.3.6.1.2.1.1.3.0"
PORT = 161

# user: (auth, priv) by name of snmpd; passwords are made of the user's name
USERS = {
    "nobodycares": (None, None),
    "md5": ("MD5", None), "md5des": ("MD5", "DES"), "sha": ("SHA", None),
    "shaaes": ("SHA", "AES"), "sha224": ("SHA-224", None),
    "sha256aes": ("SHA-256", "AES"), "sha384": ("SHA-384", None),
    "sha512aes": ("SHA-512", "AES"), "sha512des": ("SHA-512", "DES"),
}


def passwords(user):
    return f"{user}-sign-it", f"{user}-hide-it"


def level(user):
    auth, priv = USERS[user]
    return "priv" if priv else "auth" if auth else "noauth"


def agent_start(lab, node="b1", more=(), conf=None):
    """snmpd with files of its own and `more` lines, or with `conf` and nothing
    else; returns its Process."""
    where = os.path.join(lab.dir, f"snmpd-{node}-{len(lab.processes)}")
    os.mkdir(where)
    lines = ["rocommunity right", "rocommunity6 right", "sysServices 72",
             "sysContact somebody", "load 12 12 12", *more]
    for user, (auth, priv) in USERS.items():
        sign, hide = passwords(user)
        lines += [f"createUser {user} " + (f"{auth} {sign} " if auth else "")
                  + (f"{priv} {hide}" if priv else ""),
                  f"rouser {user} {level(user)}"]
    path = os.path.join(where, "snmpd.conf")
    with open(path, "w", encoding="utf-8") as f:
        f.write(conf or "\n".join(lines) + "\n")
    p = lab.spawn(node, f"snmpd-{len(lab.processes)}",
                  ["/usr/sbin/snmpd", "-f", "-Lo", "-C", "-c", path,
                   "--noPersistentLoad=yes", "--noPersistentSave=yes",
                   *([] if conf else [f"udp:{PORT}", f"udp6:{PORT}"])],
                  env=dict(os.environ, SNMP_PERSISTENT_DIR=where,
                           SNMPCONFPATH=where, MIBS=""))
    agent_wait(lab, node, {"community": "public", "oid": UPTIME} if conf else {})
    return p


def agent_wait(lab, node, keys):
    address = backend_addr(4, int(node[1:]))
    ask = argv(lab, v2(timeout="500ms", **keys), f"{address}:{PORT}")
    wait_until(lambda: lab.run("gw", *ask).returncode == 0, 20,
               "snmpd answers")


def v2(**keys):
    return {"type": "snmp", "community": "right", "oid": SERVICES, **keys}


def v3(who, **keys):
    auth, priv = USERS[who]
    sign, hide = passwords(who)
    said = {"type": "snmp", "version": "3", "user": who, "oid": SERVICES}
    if auth:
        said |= {"auth": auth.lower().replace("-", ""), "auth-password": sign}
    if priv:
        said |= {"priv": priv.lower(), "priv-password": hide}
    said |= {key.replace("_", "-"): value for key, value in keys.items()}
    return {key: value for key, value in said.items() if value is not None}
