# SPDX-License-Identifier: GPL-2.0-or-later
"""Certificates of a test, made by openssl."""

import os
import subprocess

from process import Failure

CURVE = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]


class Issuer:
    """A certificate authority with files below `directory`."""

    def __init__(self, directory, name):
        self.base = os.path.join(directory, name)
        self.cert, self.key = self.base + ".pem", self.base + ".key"
        openssl("req", "-x509", *CURVE, "-keyout", self.key, "-out", self.cert,
                "-days", "10", "-subj", f"/CN={name}")

    def issue(self, name, alt_names="DNS:localhost", days=10):
        """A certificate; days=-1: expired. Returns the paths (cert, key)."""
        cert, key, asked, more = (f"{self.base}-{name}.{end}" for end in
                                  ("pem", "key", "csr", "ext"))
        with open(more, "w", encoding="ascii") as f:
            f.write(f"subjectAltName = {alt_names}\n")
        openssl("req", "-new", *CURVE, "-keyout", key, "-out", asked,
                "-subj", f"/CN={name}")
        openssl("x509", "-req", "-in", asked, "-CA", self.cert, "-CAkey",
                self.key, "-days", str(days), "-extfile", more, "-out", cert)
        os.chmod(key, 0o644)
        return cert, key


def joined(path, *parts):
    """One file of several, as some servers want it."""
    with open(path, "w", encoding="ascii") as out:
        for part in parts:
            with open(part, encoding="ascii") as f:
                out.write(f.read())
    return path


def openssl(*argv):
    p = subprocess.run(["openssl", *argv], capture_output=True, text=True,
                       check=False, timeout=30)
    if p.returncode:
        raise Failure(f"openssl {argv[0]}: {p.stderr}")
