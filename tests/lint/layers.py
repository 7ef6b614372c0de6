#!/usr/bin/env python3
"""Who may know whom, and how large things may grow: the rules of docs/ARCHITECTURE.md, "The house".

Argument: the source folder. Each finding is one line: FILE:LINE: [rule] what is wrong.
"""

import os
import re

import csource

# A folder and the folders whose headers its files may include. Its own is always allowed.
FOUNDATION = {"base", "model", "port"}
MAY_SEE = {
    "base": set(),
    "model": {"base"},
    "port": {"base", "model"},
    "wire": FOUNDATION,
    "topology": {"base", "model"},
    "x509": FOUNDATION,
    "net": {"base"},
    "ca": FOUNDATION | {"wire", "x509", "net"},
    "store": FOUNDATION,
    "labca": FOUNDATION | {"x509"},
    "journal": FOUNDATION | {"x509"},
    "report": FOUNDATION | {"x509"},
    "flow": FOUNDATION | {"x509"},
    "pkcs11": FOUNDATION | {"x509"},
    "cli": FOUNDATION | {"x509", "store", "labca", "journal", "report", "flow", "wire", "topology",
                         "ca", "pkcs11"},
}

# Folders whose code only one program may hold: that program and its file. What reads the bytes of
# strangers must not get into cscert, which holds the PIN.
ONLY_FOR = {
    "topology": ("cscert-read", "cli/read.c"),
    "net": ("cscert-ca", "cli/ca.c"),
    "ca": ("cscert-ca", "cli/ca.c"),
}

# A library's headers and the folders that may include them. What is not named here may stand
# anywhere.
LIBRARIES = [
    (re.compile(r"openssl/"), {"base", "x509", "labca", "journal", "net", "ca", "pkcs11"}),
    (re.compile(r"p11-kit/|pkcs11\.h|pkcs11/|libp11\.h|cryptoki\.h"), {"pkcs11"}),
    (re.compile(r"sqlite3\.h"), {"store"}),
    (re.compile(r"confuse\.h"), {"cli", "pkcs11"}),  # configuration, token profiles
    (re.compile(r"jansson\.h"), {"wire", "journal", "cli"}),
    (re.compile(r"libxml/"), {"topology", "ca"}),
    (re.compile(r"zip\.h"), {"topology"}),
    (re.compile(r"gssapi|krb5|curl/|ldap\.h|lber\.h|resolv\.h"), {"net"}),
    (re.compile(r"seccomp\.h|linux/seccomp\.h|spawn\.h"), {"wire"}),
    (re.compile(r"sys/socket\.h|netinet/|arpa/|netdb\.h|sys/un\.h"), {"wire", "net"}),
]

# Words of code and the folders where they may stand.
WORDS = [
    ("cryptoki", re.compile(r"\bCK(?:_[A-Z]|[AFKMORSU]_[A-Z])\w*"), {"pkcs11"}),
    ("getenv", re.compile(r"\b(?:secure_)?getenv\s*\("), {"cli"}),
    ("socket", re.compile(r"\b(?:socket|connect|bind|listen|accept4?|getaddrinfo)\s*\("), {"net"}),
    ("socket", re.compile(r"\b(?:socketpair|sendmsg|recvmsg)\s*\("), {"wire"}),
]

# The headers of pkcs11/ that others may see, and the one of OpenSSL that holds no more than opaque
# types.
PKCS11_PUBLIC = {"pkcs11/token.h", "pkcs11/uri.h", "pkcs11/tokenlist.h", "pkcs11/objecturi.h",
                 "pkcs11/inittoken.h", "pkcs11/probe.h"}
OPAQUE = {"openssl/types.h"}

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]+(?:"([^"]+)"|<([^>]+)>)', re.MULTILINE)

FILE_LINES = 500
FILE_LINES_TEST = 800  # rows are long and easy to read
FUNCTION_LINES = 80
COLUMNS = 100
COLUMNS_SHELL = 132  # a command line that is broken up reads worse


def folder_of(path):
    """The house's name for where a file stands: "base", "pkcs11", "cli", "tests"."""
    parts = path.split("/")
    return parts[1] if parts[0] == "core" and len(parts) > 2 else parts[0]


def resolve(root, name):
    """The path of the header that `#include "name"` means, or None."""
    for path in (os.path.join("core", name), name):
        if os.path.isfile(os.path.join(root, path)):
            return path
    return None


def includes(text):
    """(line, name, quoted) of each include."""
    for match in INCLUDE.finditer(text):
        yield csource.line_of(text, match.start()), match.group(1) or match.group(2), \
            match.group(1) is not None


def check_quoted(root, path, name):
    folder = folder_of(path)
    if "/" not in name:
        return "include", f'write the folder: "{name}"'
    if resolve(root, name) is None:
        return "include", f'"{name}" is not there'
    other = name.split("/")[0]
    if other in ONLY_FOR and ONLY_FOR.get(folder) != ONLY_FOR[other] and \
            path != ONLY_FOR[other][1]:
        return "layer", f'only {ONLY_FOR[other][1]} may know {other}/ ("{name}")'
    if other == folder or other in MAY_SEE[folder]:
        if folder == "cli" and other == "pkcs11" and name not in PKCS11_PUBLIC:
            return "layer", f'"{name}" is private to pkcs11/'
        return None
    return "layer", f'{folder}/ must not know {other}/ ("{name}")'


def check_library(path, name):
    folder = folder_of(path)
    for pattern, allowed in LIBRARIES:
        if pattern.match(name) and folder not in allowed and name not in OPAQUE:
            return "library", f"{folder}/ must not include <{name}>"
    return None


def check_includes(root, path, text):
    if folder_of(path) not in MAY_SEE:
        yield 1, "folder", f"{os.path.dirname(path)}/ is not in the table of tests/lint/layers.py"
        return
    for line, name, quoted in includes(text):
        found = check_quoted(root, path, name) if quoted else check_library(path, name)
        if found:
            yield line, *found


def reached(root, path, seen):
    """Every header of the project that a file includes, through others too."""
    for _, name, quoted in includes(csource.code(csource.read(root, path))):
        header = resolve(root, name) if quoted and "/" in name else None
        if header and header not in seen:
            seen.add(header)
            reached(root, header, seen)
    return seen


def check_reached(root, path):
    """A library's header must not arrive through a header of our own either."""
    for header in sorted(reached(root, path, set())):
        for _, name, quoted in includes(csource.code(csource.read(root, header))):
            found = None if quoted else check_library(path, name)
            if found:
                yield 1, found[0], f"{found[1]}, which {header} brings in"


def check_words(path, text):
    folder = folder_of(path)
    for rule, pattern, allowed in WORDS:
        if folder in allowed:
            continue
        for match in pattern.finditer(text):
            yield csource.line_of(text, match.start()), rule, \
                f"{match.group(0).strip('( ')} must not stand in {folder}/"


def check_links(root, path, text):
    """A CMakeLists.txt links the library of no folder that its files may not include."""
    folder = folder_of(path)
    for match in re.finditer(r"\bcs_(\w+)\b", re.sub(r"#[^\n]*", "", text)):
        other = match.group(1)
        if other in MAY_SEE and other != folder and other not in MAY_SEE[folder]:
            line = csource.line_of(text, match.start())
            yield line, "link", f"{folder}/ must not link cs_{other}"
    for other, (program, _) in ONLY_FOR.items():
        own = re.compile(rf"target_link_libraries\({program}\b[^)]*\)")
        if ONLY_FOR.get(folder) != ONLY_FOR[other] and \
                re.search(rf"\bcs_{other}\b", own.sub("", text)):
            yield 1, "link", f"only {program} may link cs_{other}"


def check_size(text, most=FILE_LINES, columns=COLUMNS):
    lines = text.split("\n")
    if len(lines) - 1 > most:
        yield 1, "size", f"the file has {len(lines) - 1} lines, more than {most}"
    start = None
    for number, line in enumerate(lines, 1):
        if len(line) > columns:
            yield number, "columns", f"{len(line)} columns, more than {columns}"
        if line == "{":
            start = number
        elif line.startswith("}") and start:
            if number - start - 1 > FUNCTION_LINES:
                yield start, "size", \
                    f"a function of {number - start - 1} lines, more than {FUNCTION_LINES}"
            start = None


def check(root):
    findings = []

    def add(path, found):
        findings.extend(f"{path}:{line}: [{rule}] {what}" for line, rule, what in found)

    for path in csource.files(root, csource.PROGRAM, (".c", ".h")):
        text = csource.read(root, path)
        code = csource.code(text)
        add(path, check_includes(root, path, code))
        if folder_of(path) in MAY_SEE:
            add(path, check_reached(root, path))
        add(path, check_words(path, code))
        add(path, check_size(text))
    for path in csource.files(root, csource.TESTS, (".c", ".h", ".sh", ".py")):
        columns = COLUMNS_SHELL if path.endswith(".sh") else COLUMNS
        add(path, check_size(csource.read(root, path), FILE_LINES_TEST, columns))
    for path in csource.files(root, csource.PROGRAM, ("CMakeLists.txt",)):
        if folder_of(path) in MAY_SEE:
            add(path, check_links(root, path, csource.read(root, path)))
    return findings


if __name__ == "__main__":
    csource.main(check)
