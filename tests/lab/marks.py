# SPDX-License-Identifier: GPL-2.0-or-later
"""What run.py should know of a test."""


def vm(test):
    """Runs in the virtual machine as well."""
    test.vm = "too"
    return test


def vm_needs(what):
    """Needs something that only the virtual machine's kernel has."""
    def mark(test):
        test.vm = "only"
        test.needs = what
        return test
    return mark


vm_only = vm_needs("SCTP sockets")


def alone(test):
    """Measures time or loads the machine: not side by side with others."""
    test.alone = True
    return test
