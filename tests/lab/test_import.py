# SPDX-License-Identifier: GPL-2.0-or-later
"""`nftlbctl import`: files of tests/import become what is beside them, samples
of keepalived's own become configurations that are good, and one of them
balances."""

import glob
import json
import os
import subprocess

import daemon
from lab import BUILD, Lab, backend_addr, program, vip
from process import PATIENCE, check, equal

HERE = os.path.dirname(os.path.abspath(__file__))
FILES = os.path.join(HERE, "../import")
SAMPLES = "/usr/share/doc/keepalived/samples/keepalived.conf.*"
# what is in samples that have no virtual server, or only those of marks
NOTHING = ("vrrp", "fwmark", "track_interface", "conditional_conf")

KEEPALIVED = """
virtual_server {vip} 80 {{
    delay_loop 1
    lb_algo wrr
    lb_kind NAT
    protocol TCP
    real_server {b1} 8080 {{
        weight 3
        TCP_CHECK {{
            connect_timeout 1
            retry 0
        }}
    }}
    real_server {b2} 8080 {{
        TCP_CHECK {{
            connect_timeout 1
            retry 0
        }}
    }}
    sorry_server {b3} 8080
}}
"""


def run(*argv, text=None):
    return subprocess.run(
        [program(argv[0]), *argv[1:]], cwd=FILES, input=text,
        capture_output=True, text=True, check=False, timeout=30 * PATIENCE)


def golden(name):
    with open(os.path.join(FILES, name), encoding="utf-8") as f:
        return f.read()


def is_good(text, what):
    path = os.path.join(BUILD, f"import-{os.getpid()}.conf")
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)
    p = run("nftlbd", "-t", "-c", path)
    os.unlink(path)
    equal(p.returncode, 0, f"{what}: nftlbd -t: {p.stdout}{p.stderr}\n{text}")


def test_goldens():
    for program_, name in (("keepalived", "lb.conf"), ("ipvsadm", "ipvs.txt")):
        p = run("nftlbctl", "import", program_, name)
        base = name.split(".", maxsplit=1)[0]
        equal(p.returncode, 0, f"exit status: {p.stderr}")
        equal(p.stdout, golden(base + ".golden"), f"what {name} became")
        equal(p.stderr, golden(base + ".notes"), f"what was said of {name}")
        is_good(p.stdout, name)
    # the same by stdin, which includes nothing
    p = run("nftlbctl", "-o", "json", "import", "ipvsadm", "-",
            text=golden("ipvs.txt"))
    said = json.loads(p.stdout)
    equal((said["services"], said["backends"]), (4, 5), "counts")
    is_good(said["text"], "JSON's text")


def test_samples():
    names = glob.glob(SAMPLES)
    check(names, f"no {SAMPLES}")
    for name in names:
        p = run("nftlbctl", "import", "keepalived", name)
        nothing = name.rsplit(".", maxsplit=1)[1] in NOTHING or \
            ".vrrp." in name
        if "lvs_syncd" not in name:
            equal(p.returncode, int(nothing), f"{name}: {p.stderr}")
        is_good(p.stdout, name)


def test_refused():
    p = run("nftlbctl", "import", "keepalived", "/nonexistent")
    equal(p.returncode, 1, "exit status")
    check("No such file" in p.stderr and not p.stdout, p.stderr)
    p = run("nftlbctl", "import", "keepalived", "/")
    check(p.returncode == 1 and "directory" in p.stderr, p.stderr)
    p = run("nftlbctl", "import", "keepalived", "-", text="}}{{")
    check(p.returncode == 1 and "braces" in p.stderr, p.stderr)
    equal(run("nftlbctl", "import", "haproxy", "x").returncode, 2, "usage")


def test_balances():
    with Lab(backends=3) as lab:
        lab.serve_all()
        p = run("nftlbctl", "import", "keepalived", "-", text=KEEPALIVED.format(
            vip=vip(4), **{f"b{i}": backend_addr(4, i) for i in (1, 2, 3)}))
        equal(p.returncode, 0, p.stderr)
        d = daemon.Daemon(lab)
        d.write_text(daemon.ini({"global": d.global_keys}) + p.stdout)
        d.start()
        name = f"tcp-{vip(4)}-80"
        counts = lab.flow("c1", vip(4), 80, 400).counts()
        equal(set(counts), {"b1", "b2"}, "who answers")
        check(280 <= counts["b1"] <= 320, f"3 to 1: {counts}")
        for b in ("b1", "b2"):
            lab.servers[b].kill()
        for i in (1, 2):
            d.wait_state(f"{backend_addr(4, i)}-8080", "down", name)
        equal(lab.flow("c1", vip(4), 80, 10).counts(), {"b3": 10},
              "the sorry server")
