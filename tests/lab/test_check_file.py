# SPDX-License-Identifier: GPL-2.0-or-later
"""File checks: a file that is there takes a backend out of service."""

import os
import pwd

import daemon
from daemon import members, service
from lab import Lab, vip
from probing import argv, expect
from process import check

ABSENT = {"says": ["ready"], "detail": 0}


def keys(path, **more):
    return {"type": "file", "file": path, **more}


def touch(path):
    with open(path, "w", encoding="utf-8"):
        pass


def test_present_and_absent():
    with Lab(backends=0) as lab:
        path = os.path.join(lab.dir, "maintenance")
        drain, down = keys(path), keys(path, present="down")
        for each in (drain, down):
            expect(lab, each, "192.0.2.1", "ok", **ABSENT)
        touch(path)
        expect(lab, drain, "192.0.2.1", "ok", says=["drain"])
        expect(lab, down, "192.0.2.1", "maintenance", says=[])
        os.unlink(path)
        expect(lab, drain, "192.0.2.1", "ok", **ABSENT)
        os.mkdir(path)
        expect(lab, drain, "192.0.2.1", "ok", says=["drain"])
        os.rmdir(path)
        os.symlink("nothing", path)
        expect(lab, down, "192.0.2.1", "ok", **ABSENT)
        expect(lab, keys(path + "/below/it"), "192.0.2.1", "ok", **ABSENT)


def test_each_backend_has_its_own():
    with Lab(backends=0) as lab:
        own = keys(lab.dir + "/{backend}-{address}-{port}")
        touch(lab.dir + "/b1-192.0.2.1-80")
        touch(lab.dir + "/b2-2001:db8::1-8080")
        expect(lab, own, "192.0.2.1:80", "ok", name="b1", says=["drain"])
        expect(lab, own, "[2001:db8::1]:8080", "ok", name="b2",
               says=["drain"])
        expect(lab, own, "192.0.2.1:81", "ok", name="b1", **ABSENT)
        expect(lab, own, "192.0.2.2:80", "ok", name="b1", **ABSENT)
        expect(lab, own, "192.0.2.1:80", "ok", name="b2", **ABSENT)


def test_what_may_not_be_seen_says_nothing():
    with Lab(backends=0) as lab:
        closed = os.path.join(lab.dir, "closed")
        os.mkdir(closed)
        touch(closed + "/file")
        os.chmod(closed, 0o700)
        # without its owner's rights
        nobody = pwd.getpwnam("nobody").pw_uid
        command = ["setpriv", f"--reuid={nobody}", "--clear-groups", "--",
                   *argv(lab, keys(closed + "/file"), "192.0.2.1")]
        found = lab.run("gw", *command).stdout
        check('"local"' in found and '"detail": 13' in found, found)


def test_through_the_daemon():
    with Lab(backends=2) as lab:
        lab.serve_all()
        drain, down = lab.dir + "/{backend}.drain", lab.dir + "/{backend}.down"
        often = {"interval": "200ms", "timeout": "100ms"}
        d = daemon.start(
            lab, {"www": service(members(2, families=(4,)), address=vip(4),
                                 check="drain, down")},
            checks={"drain": keys(drain, **often),
                    "down": keys(down, present="down", **often)})
        d.wait_states("active")
        touch(lab.dir + "/b1.drain")
        d.wait_state("b1", "drain")
        os.unlink(lab.dir + "/b1.drain")
        d.wait_state("b1", "active")
        touch(lab.dir + "/b2.down")
        d.wait_state("b2", "down")
        os.unlink(lab.dir + "/b2.down")
        d.wait_states("active")
