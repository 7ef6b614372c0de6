#!/usr/bin/env python3
"""The project stands on its own: no path outside it, no host that is not a public document or an
example, no link that leads nowhere.

Argument: the source folder.
"""

import os
import re

import csource

SUFFIXES = (".c", ".h", ".def", ".in", ".sh", ".py", ".txt", ".md", ".cmake", ".json", ".conf",
            ".module", ".profile", ".1", ".5", ".yml")
FOLDERS = ("core", "pkcs11", "cli", "tests", "cmake", "docs", "hsm-config", ".ci")
TOP = ("README.md", "CMakeLists.txt", "CMakePresets.json", ".clang-tidy", ".clang-format",
       ".gitignore")

# Where an absolute path may begin on any Debian.
ROOTS = {"bin", "boot", "dev", "etc", "home", "lib", "lib64", "media", "mnt", "opt", "proc", "root",
         "run", "sbin", "srv", "sys", "tmp", "usr", "var"}
ABSOLUTE = re.compile(r"""(?:(?<=["'=\s(`])|^)/([A-Za-z][\w.-]*)/[\w.-]""", re.MULTILINE)
# Paths that stand for no place: what a test gives to find nothing there. So does one letter.
NOWHERE = {"nonexistent", "nowhere", "no", "path"}
# Parts of URLs: of AD CS web enrolment, of the actions of MS-WSTEP and MS-XCEP,
# of tests/support/httpsd.py.
URL_PARTS = {"certsrv", "CertEnroll", "IPolicy", "RST", "RSTRC", "service.svc", "status", "proves",
             "myca_CES_Kerberos", "myca_CES_UsernamePassword", "ADPolicyProvider_CEP_Kerberos",
             "x_CES_Kerberos", "x_CEP_Kerberos", "file"}

HOST = re.compile(r"\bhttps?://([\w-]+(?:\.[\w-]+)*\.[A-Za-z]{2,}|\d[\d.]*)")
HOSTS = re.compile(r"""^(?:
      localhost | 127\.\d+\.\d+\.\d+
    | (?:[\w-]+\.)*(?:litwareinc|litware|contoso|fabrikam|example)\.(?:com|net|org|test)
    | (?:[\w-]+\.)*(?:test|invalid|example|local)
    | (?:www\.)?(?:w3|apache|no-color|rfc-editor|debian|opensc-project|oasis-open|unicode)\.org
    | docs\.oasis-open\.org | schemas\.(?:microsoft|xmlsoap)\.(?:com|org) | learn\.microsoft\.com
    | [\w.-]+\.nttest\.microsoft\.com | www\.shellcheck\.net
    | p11-glue\.github\.io | (?:www\.)?(?:github|openssl|sqlite)\.(?:com|org)
    )$""", re.VERBOSE)

UPWARD = re.compile(r"(?<![\w./$}])((?:\.\./)+[A-Za-z][\w./-]*)")
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")


def sources(root):
    found = [name for name in TOP if os.path.isfile(os.path.join(root, name))]
    found += csource.files(root, FOLDERS, SUFFIXES)
    run = os.path.join(".ci", "run")
    if os.path.isfile(os.path.join(root, run)):
        found.append(run)
    return [path for path in found if "/corpus/" not in path and "/data/" not in path]


def check_absolute(root, text):
    for match in ABSOLUTE.finditer(text):
        first = match.group(1)
        # What stands behind a variable begins with a slash too: "$source" "/docs/..."
        of_ours = os.path.exists(os.path.join(root, first))
        if len(first) > 1 and first not in ROOTS | NOWHERE | URL_PARTS and not of_ours:
            yield match.start(), "path", f"{match.group(0)}...: a place of one machine"


def check_hosts(text):
    for match in HOST.finditer(text):
        host = match.group(1).rstrip(".").lower()
        if not HOSTS.match(host):
            yield match.start(), "host", f"{host} is no example and no public document"


def leads_somewhere(root, path, target):
    """From the file's folder or from the top, and never out of the project; or, as a hostile input
    of a test, to a place of any Debian."""
    if re.sub(r"^(?:\.\./)+", "", target).split("/")[0] in ROOTS:
        return True
    for base in (os.path.dirname(path), ""):
        where = os.path.normpath(os.path.join(base, target))
        if not where.startswith("..") and os.path.exists(os.path.join(root, where)):
            return True
    return False


def check_upward(root, path, text):
    for match in UPWARD.finditer(text):
        if not leads_somewhere(root, path, match.group(1).rstrip("./")):
            yield match.start(), "path", f"{match.group(1)} leads out of the project or nowhere"


def check_links(root, path, text):
    if not path.endswith(".md"):
        return
    for match in LINK.finditer(text):
        target = match.group(1)
        where = os.path.normpath(os.path.join(root, os.path.dirname(path), target))
        if "://" not in target and not os.path.exists(where):
            yield match.start(), "link", f"{target} is not there"


def check_licence(root):
    licence = os.path.join(root, "LICENSE")
    if not os.path.isfile(licence) or "Apache License" not in csource.read(root, "LICENSE"):
        yield "LICENSE:1: [licence] the Apache License is not there"


def check(root):
    findings = list(check_licence(root))
    for path in sources(root):
        text = csource.read(root, path)
        found = [*check_absolute(root, text), *check_hosts(text), *check_upward(root, path, text),
                 *check_links(root, path, text)]
        findings.extend(f"{path}:{csource.line_of(text, offset)}: [{rule}] {what}"
                        for offset, rule, what in sorted(found))
    return findings


if __name__ == "__main__":
    csource.main(check)
