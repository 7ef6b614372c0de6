#!/usr/bin/env python3
"""docs/EXIT-CODES.md says what core/base/err.c says: every code with its number, name and sentence.

Argument: the source folder.
"""

import re

import csource

DOCUMENT = "docs/EXIT-CODES.md"


def numbers(root):
    """{"CS_E_USAGE": 2} from the enum."""
    rows = re.findall(r"^\s*(CS_\w+) = (\d+),", csource.read(root, "core/base/err.h"), re.MULTILINE)
    return {word: int(number) for word, number in rows}


def sentences(root):
    """{"CS_E_USAGE": ("USAGE", "The command line ...")} from the table."""
    rows = re.findall(r'\[(CS_\w+)\] = \{"(\w+)",\s*"([^"]*)"\}',
                      csource.read(root, "core/base/err.c"))
    return {word: (name, sentence) for word, name, sentence in rows}


def check(root):
    text = csource.read(root, DOCUMENT)
    documented = {int(number): (name, sentence) for number, name, sentence in
                  re.findall(r"^\| (\d+) \| (\w+) \| ([^|]*?) \|", text, re.MULTILINE)}
    codes = numbers(root)
    facts = {codes[word]: row for word, row in sentences(root).items()}
    findings = []
    if len(facts) != len(codes) or not codes:
        findings.append(f"core/base/err.c: [codes] {len(facts)} sentences, {len(codes)} codes")
    for number in sorted(facts.keys() | documented.keys()):
        if facts.get(number) != documented.get(number):
            findings.append(f"{DOCUMENT}: [codes] {number}: documented {documented.get(number)}, "
                            f"the program says {facts.get(number)}")
    return findings


if __name__ == "__main__":
    csource.main(check)
