#!/usr/bin/env python3
"""Every .c file of the program has a test named for it, or a line in covered.txt that says where it
is tested and why not there.

Argument: the source folder.
"""

import os

import csource

COVERED = "tests/lint/covered.txt"
KINDS = ("unit", "contract", "fault")


def covered(root):
    """{source: (line, test)} of covered.txt: source, test and reason, apart by blanks."""
    rows = {}
    for number, line in enumerate(csource.read(root, COVERED).split("\n"), 1):
        words = line.split(None, 2)
        if words and not words[0].startswith("#"):
            rows[words[0]] = (number, words[1] if len(words) > 1 else "", len(words) > 2)
    return rows


def has_own_test(root, source):
    name = "test_" + os.path.basename(source)
    return any(os.path.isfile(os.path.join(root, "tests", kind, name)) for kind in KINDS)


def check(root):
    rows = covered(root)
    sources = csource.files(root, csource.PROGRAM, (".c",))
    findings = [f"{source}: [test] no tests/unit/test_{os.path.basename(source)} and no line in "
                f"{COVERED}" for source in sources
                if not has_own_test(root, source) and source not in rows]
    for source, (number, test, reason) in rows.items():
        where = f"{COVERED}:{number}: [test]"
        if source not in sources:
            findings.append(f"{where} {source} is not there")
        elif has_own_test(root, source):
            findings.append(f"{where} {source} has a test of its own now")
        elif not os.path.isfile(os.path.join(root, test)):
            findings.append(f"{where} {test} is not there")
        elif not reason:
            findings.append(f"{where} {source} has no reason")
    return findings


if __name__ == "__main__":
    csource.main(check)
