#!/usr/bin/env python3
"""No secret is handed to what prints, logs or keeps text. A net with wide meshes: the type
cs_secret, which has no formatter, is the real guard, and a test searches what a run wrote.

Argument: the source folder.
"""

import re

import csource

SINK = re.compile(
    r"\b(?:v?[sf]?n?printf|v?d?printf|v?asprintf|puts|fputs|perror|syslog|setenv|putenv|strdup"
    r"|cs_asprintf|cs_strdup|cs_strndup|cs_buf_(?:puts|printf|add)|cs_html_\w+|cs_fail\w*"
    r"|cs_err_(?:set|hint|cause)|cs_strv_(?:add|take)|json_string\w*|execv?[lpe]*|warn|note)\s*\(")
SECRET = re.compile(
    r"\b(?:\w+(?:->|\.))*(?:pin|passwd|password|passphrase|pin_text|secret)\b(?!\s*[(.]|->)")
# Sizes and addresses of a secret are none.
HARMLESS = re.compile(r"\bsizeof\s*\(?\s*[\w.>-]+\)?|[\w.>-]+\s*(?:[!=]=\s*NULL|\?)")


def arguments(code, start):
    """What stands between the parenthesis before start and the one that closes it."""
    depth = 1
    for end in range(start, len(code)):
        depth += {"(": 1, ")": -1}.get(code[end], 0)
        if depth == 0:
            return code[start:end]
    return code[start:]


def check(root):
    findings = []
    for path in csource.files(root, csource.PROGRAM, (".c", ".h")):
        code = csource.code(csource.read(root, path))
        for match in SINK.finditer(code):
            found = SECRET.search(HARMLESS.sub(" ", arguments(code, match.end())))
            if found:
                findings.append(f"{path}:{csource.line_of(code, match.start())}: [secret] "
                                f"{found.group(0)} goes to {match.group(0).rstrip('( ')}()")
    return findings


if __name__ == "__main__":
    csource.main(check)
