# SPDX-License-Identifier: GPL-2.0-or-later
"""A thousand servers, some silent, some coming and going: nobody else falls."""

import os
import sys

from marks import alone
from process import check, equal, wait_until

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "../bench"))

from checkers import Nftlbd  # noqa: E402
from targets import Targets  # noqa: E402


def no_false_down(kind, count):
    with Targets(count, silent=20, flapping=50) as targets, Nftlbd() as checker:
        targets.connect(checker.ns)
        checker.start(count, kind)
        checker.wait_down(targets.silent, 60)
        checker.mark()
        targets.flap()
        wait_until(lambda: set(checker.fell()) >= targets.flapping, 60,
                   "each of those that come and go has fallen", 0.5)
        fell = checker.fell()
        equal(sorted(set(fell) - targets.flapping), [], "others that fell")
        print(f"# {kind}: {len(fell)} falls of {len(targets.flapping)}, "
              f"{checker.rss_mb():.0f} MB")
        probers = checker.get("/v1/status")["prober"]
        equal(probers["restarts"], 0, "restarts of the prober")
        check(probers["probes"] > 5 * count, f"probes: {probers['probes']}")
        targets.disconnect(checker.ns)


@alone
def test_tcp():
    no_false_down("tcp", 1000)


@alone
def test_http():
    no_false_down("http", 300)
