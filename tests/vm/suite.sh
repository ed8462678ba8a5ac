#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What ./lab check runs in the virtual machine, in one boot.
status=0
bash tests/vm/smoke.sh || status=1
# two at a time: they wait for each other's two processors less than for time
python3 tests/lab/run.py --vm -j 2 || status=1
exit "$status"
