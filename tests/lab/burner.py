# SPDX-License-Identifier: GPL-2.0-or-later
"""
A server's work: `burner.py` uses a CPU while it has had SIGUSR1 last, and none
after SIGUSR2. Nine tenths of it at most, so that tests beside it get on.
"""

import signal
import time

BURN_S, REST_S = 0.018, 0.002
burning = False


def on_signal(number, _):
    global burning
    burning = number == signal.SIGUSR1


def main():
    signals = (signal.SIGUSR1, signal.SIGUSR2)
    for number in signals:
        signal.signal(number, on_signal)
    print("ready", flush=True)
    while True:
        if not burning:
            time.sleep(0.02)
            continue
        end = time.thread_time() + BURN_S
        while time.thread_time() < end:
            pass
        time.sleep(REST_S)


if __name__ == "__main__":
    main()
