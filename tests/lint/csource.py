"""What the lint programs share: the project's C files, and C without comments and strings."""

import os
import re
import sys

# Folders of the program and, separately, of its tests.
PROGRAM = ("core", "pkcs11", "cli")
TESTS = ("tests",)

_TOKEN = re.compile(
    r"""(?P<include> ^[ \t]*[#][ \t]*include[^\n]*$)  # "x" of an include is no string
      | (?P<comment> /[*].*?[*]/ | //[^\n]*)
      | "(?:\\.|[^"\\\n])*"
      | '(?:\\.|[^'\\\n])*'
    """,
    re.DOTALL | re.VERBOSE | re.MULTILINE,
)


def read(root, path):
    with open(os.path.join(root, path), encoding="utf-8") as file:
        return file.read()


def files(root, folders, suffixes):
    """Paths relative to root, sorted. Build folders and hidden ones are left out."""
    found = []
    for folder in folders:
        for where, names, leaves in os.walk(os.path.join(root, folder)):
            names[:] = [n for n in names if not n.startswith(".") and n != "__pycache__"]
            found += [os.path.relpath(os.path.join(where, leaf), root)
                      for leaf in leaves if leaf.endswith(suffixes)]
    return sorted(found)


def code(text):
    """The text with comments gone and strings empty; line numbers stay."""
    def blank(match):
        token = match.group(0)
        if match.group("include"):
            return token
        if match.group("comment"):
            return " " + "\n" * token.count("\n")
        return token[0] * 2
    return _TOKEN.sub(blank, text)


def line_of(text, offset):
    return text.count("\n", 0, offset) + 1


def main(check):
    """Runs check(root), prints what it finds, exits 1 if that is anything."""
    if len(sys.argv) < 2:
        sys.exit(f"usage: {sys.argv[0]} SOURCE-FOLDER")
    findings = check(sys.argv[1])
    for finding in findings:
        print(finding)
    if findings:
        sys.exit(1)
    print("nothing found")
