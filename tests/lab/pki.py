# SPDX-License-Identifier: GPL-2.0-or-later
"""Certificates for tests, made by openssl: authorities and what they sign."""

import os
import subprocess

EC = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]


def openssl(*argv):
    subprocess.run(["openssl", *argv], check=True, capture_output=True)


class Authority:
    """A root, in files NAME.pem and NAME.key of a directory."""

    def __init__(self, directory, name):
        self.base = os.path.join(directory, name)
        self.directory = directory
        self.pem = self.base + ".pem"
        openssl("req", "-x509", *EC, "-keyout", self.base + ".key",
                "-out", self.pem, "-days", "10", "-subj", f"/CN={name}")

    def sign(self, name, alt_names, days=5):
        """A certificate; days below 0: expired. Returns (pem, key)."""
        base = os.path.join(self.directory, name)
        with open(base + ".ext", "w", encoding="ascii") as f:
            f.write("subjectAltName=" + ",".join(alt_names) + "\n")
        openssl("req", *EC, "-keyout", base + ".key", "-out", base + ".csr",
                "-subj", f"/CN={name}")
        openssl("x509", "-req", "-in", base + ".csr", "-CA", self.pem,
                "-CAkey", self.base + ".key", "-CAcreateserial",
                "-out", base + ".pem", "-extfile", base + ".ext",
                "-days", str(days))
        return base + ".pem", base + ".key"
