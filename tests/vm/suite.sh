#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What ./lab check runs in the virtual machine, in one boot.
status=0
bash tests/vm/smoke.sh || status=1
# as many at a time as it has processors: they wait for each other less than for
# time
python3 tests/lab/run.py --vm --again 3 -j "$(nproc)" || status=1
exit "$status"
