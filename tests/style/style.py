#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""
The house rules that a program can check. Prints "ok RULE" or "not ok RULE" with
the places that break it. Files are those git knows or would add; without git,
all of the tree but build directories.
"""

import os
import re
import shutil
import subprocess
import sys

TOP = os.path.abspath(os.path.join(os.path.dirname(__file__), "../.."))
MAX_LINES = 500

# Who may include what: DIRECTORY: prefixes of "..." includes. The arrows of the
# picture in README.md; everybody may include his own directory.
ANYBODY = ["lib/"]
LAYERS = {
    "nftlbd/lib": [],
    "rulesets": ["rulesets/"],
    "healthcheck": ["healthcheck/"],
    "nftlbd/net": ["net/"],
    "nftlbd/hostcheck": ["hostcheck/"],
    "nftlbd/config": ["config/", "weights/weights.h", "rulesets/types.h", "rulesets/slots.h",
                      "healthcheck/protocol.h",
                     "healthcheck/spec.h", "healthcheck/text.h",
                      "healthcheck/tls_pem.h"],
    "nftlbd/revisions": ["revisions/", "config/conf.h"],
    "nftlbd/weights": ["weights/"],
    "nftlbd/metrics": ["metrics/", "http/", "control/handlers.h",
                       "control/counts.h", "daemon/", "model/", "config/conf.h",
                       "weights/weights.h", "rulesets/", "healthcheck/protocol.h"],
    "nftlbd/model": ["model/", "metrics/histogram.h", "weights/weights.h", "config/conf.h", "rulesets/types.h",
                     "healthcheck/protocol.h",
                     "healthcheck/spec.h", "healthcheck/text.h"],
    "nftlbd/api": ["api/", "http/"],
    "nftlbd/daemon": ["daemon/", "metrics/histogram.h", "metrics/readings.h", "revisions/", "api/packet.h", "http/listener.h", "http/peer.h",
                      "http/tls.h", "http/tokens.h", "healthcheck/tls_pem.h", "net/", "weights/weights.h",
                      "rulesets/track.h", "control/control.h", "model/", "config/conf.h",
                      "rulesets/types.h", "rulesets/ruleset.h",
                      "rulesets/flows.h", "rulesets/route.h",
                      "rulesets/full.h", "rulesets/sessions.h",
                      "rulesets/lists.h",
                      "rulesets/counters.h", "healthcheck/protocol.h",
                     "healthcheck/spec.h", "healthcheck/text.h"],
    "nftlbd/http": ["http/"],
    "nftlbd/web": ["web/"],
    "nftlbd/control": ["control/", "revisions/", "daemon/configure.h", "daemon/members.h", "daemon/revisions.h", "web/assets.h", "web/page.h", "daemon/history.h", "hostcheck/hostcheck.h", "http/", "daemon/load.h", "weights/weights.h", "daemon/daemon.h", "daemon/health.h",
                       "daemon/health_feeds.h",
                       "daemon/committer.h", "daemon/counters.h", "daemon/sessions.h",
                       "daemon/lists.h", "daemon/forecast.h", "daemon/want.h", "rulesets/slots.h",
                       "daemon/session_tables.h", "rulesets/sessions.h", "model/", "config/conf.h",
                       "rulesets/types.h", "rulesets/ruleset.h",
                       "rulesets/flows.h", "rulesets/route.h",
                       "healthcheck/protocol.h",
                     "healthcheck/spec.h", "healthcheck/text.h"],
    "nftlbd/import": ["import/", "healthcheck/text.h"],
    "nftlbd/ctl": ["ctl/", "import/import.h", "config/conf.h"],
    "hvagent": ["hvagent/", "config/", "rulesets/types.h", "rulesets/form.h", "rulesets/ruleset.h",
                "rulesets/counters.h", "net/", "http/", "hostcheck/hostcheck.h",
                "healthcheck/http_loop.h"],
}


def files():
    """Paths relative to the top."""
    git = subprocess.run(
        ["git", "-C", TOP, "ls-files", "-co", "--exclude-standard"],
        capture_output=True, text=True, check=False)
    if git.returncode == 0 and git.stdout:
        found = git.stdout.splitlines()
    else:
        found = [os.path.relpath(os.path.join(d, f), TOP)
                 for d, dirs, names in os.walk(TOP) for f in names
                 if not re.match(r"build|build-aux|autom4te", os.path.relpath(d, TOP))]
    return sorted(f for f in set(found) if os.path.isfile(os.path.join(TOP, f)))


def text(path):
    with open(os.path.join(TOP, path), encoding="utf-8") as f:
        return f.read()


def is_c(path):
    return path.endswith((".c", ".h"))


def is_ours(path):
    return is_c(path) or path.endswith((".py", ".sh", ".mk", ".m4")) or path in (
        "lab", ".ci/run")


def rule_format(paths):
    """clang-format finds nothing to change"""
    p = subprocess.run(
        ["clang-format", "--dry-run", "-Werror", *filter(is_c, paths)],
        cwd=TOP, capture_output=True, text=True, check=False)
    places = [line.split(":")[0] for line in p.stderr.splitlines()
              if ": error:" in line]
    if places:
        return [f"{f}: {places.count(f)} places (./lab format mends them)"
                for f in sorted(set(places))]
    return ["clang-format failed: " + p.stderr] if p.returncode else []


def rule_length(paths):
    """no file is longer than 500 lines"""
    return [f"{p}: {n} lines" for p in paths if is_ours(p)
            for n in [text(p).count("\n")] if n > MAX_LINES]


def rule_layers(paths):
    """includes follow the layers"""
    wrong = []
    for path in filter(is_c, paths):
        allowed = next((v for k, v in LAYERS.items()
                        if path.startswith(k + "/")), None)
        if allowed is None:
            if not path.startswith("tests/"):
                wrong.append(f"{path}: a directory without a layer")
            continue
        for n, line in enumerate(text(path).splitlines(), 1):
            m = re.match(r'\s*#\s*include\s+"([^"]*)"', line)
            if m and m[1] != "config.h" and not any(
                    m[1].startswith(a) for a in ANYBODY + allowed):
                wrong.append(f"{path}:{n}: may not include {m[1]}")
    return wrong


def rule_licence(paths):
    """every file names its licence in the first two lines"""
    return [p for p in paths if is_ours(p) and not p.endswith(".mk")
            and "SPDX-License-Identifier: GPL-2.0-or-later"
            not in "\n".join(text(p).splitlines()[:2])]


def rule_finished(paths):
    """nothing is left for later"""
    word = re.compile(r"\b(TO" "DO|FIX" "ME|X" "XX|HA" "CK)\\b")
    return [f"{p}:{n}: {line.strip()}" for p in paths
            if is_ours(p) or p.endswith((".md", ".in", ".ac", ".am"))
            or p.startswith("man/")
            for n, line in enumerate(text(p).splitlines(), 1)
            if word.search(line)]


def rule_built(paths):
    """every C file belongs to the build"""
    mk = " ".join(text(p) for p in paths if p.endswith((".mk", ".am"))).split()
    return [p for p in filter(is_c, paths) if p not in mk]


def rule_blanks(paths):
    """no trailing blanks, files end with one newline"""
    wrong = []
    for p in paths:
        if not is_ours(p) and not p.endswith((".md", ".in", ".example")):
            continue
        t = text(p)
        wrong += [f"{p}:{n}" for n, line in enumerate(t.split("\n"), 1)
                  if line != line.rstrip()]
        if t and (not t.endswith("\n") or t.endswith("\n\n")):
            wrong.append(f"{p}: its end")
    return wrong


def rule_manuals(paths):
    """mandoc has nothing to say about the manuals"""
    pages = [p for p in paths if re.match(r"man/.*\.\d$", p)]
    if not pages:
        return ["no manuals"]
    p = subprocess.run(["mandoc", "-Tlint", "-Wstyle", *pages], cwd=TOP,
                       capture_output=True, text=True, check=False)
    return [line for line in p.stdout.splitlines()
            # pages of other packages are not there on every machine
            if "referenced manual not found" not in line]


def rule_shell(paths):
    """shellcheck has nothing to say about the shell scripts"""
    scripts = [p for p in paths if p.endswith(".sh") or p in ("lab", ".ci/run")]
    p = subprocess.run(["shellcheck", "-x", "-f", "gcc", *scripts], cwd=TOP,
                       capture_output=True, text=True, check=False)
    return p.stdout.splitlines() + p.stderr.splitlines()


def main():
    paths = files()
    rules = [rule_format, rule_length, rule_layers, rule_licence, rule_finished,
             rule_built, rule_blanks, rule_manuals]
    if shutil.which("shellcheck"):
        rules.append(rule_shell)
    else:
        print("# shellcheck is not installed: its rule is left out")
    failed = False
    for rule in rules:
        wrong = rule(paths)
        print(f"{'not ok' if wrong else 'ok'} style: {rule.__doc__}")
        for place in wrong:
            print(f"#   {place}")
        failed = failed or bool(wrong)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
