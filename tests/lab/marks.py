# SPDX-License-Identifier: GPL-2.0-or-later
"""What run.py should know of a test."""


def vm(test):
    """Runs in the virtual machine as well."""
    test.vm = "too"
    return test


def vm_only(test):
    """Needs something that only the virtual machine's kernel has (SCTP)."""
    test.vm = "only"
    return test


def alone(test):
    """Measures time or loads the machine: not side by side with others."""
    test.alone = True
    return test
