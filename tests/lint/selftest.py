#!/usr/bin/env python3
"""The lint programs find what they are for: each row plants one violation in a small clean tree.

Arguments are not used; the tree is a temporary folder.
"""

import os
import sys
import tempfile

sys.dont_write_bytecode = True

import exitcodes  # noqa: E402
import layers  # noqa: E402
import leaks  # noqa: E402
import places  # noqa: E402
import tests_named  # noqa: E402

CLEAN = {
    "LICENSE": "Apache License\n",
    "README.md": "See [the guide](docs/GUIDE.md).\n",
    "docs/GUIDE.md": "Run `/usr/bin/true`; see https://www.rfc-editor.org/rfc/rfc7512.\n",
    "core/base/err.h": "/* see <openssl/evp.h> and CK_ULONG, which a comment may name */\n"
                       "enum e {\n    CS_OK = 0,\n    CS_E_USAGE = 2,\n};\n",
    "core/base/err.c": '#include "base/err.h"\nconst char *s = "getenv(CK_INFO)";\n'
                       '[CS_OK] = {"OK", "All is done."},\n[CS_E_USAGE] = {"USAGE",\n "Wrong."},\n',
    "docs/EXIT-CODES.md": "| 0 | OK | All is done. | |\n| 2 | USAGE | Wrong. | look |\n",
    "core/base/CMakeLists.txt": "cs_add_library(cs_base SOURCES err.c LINKS)\n",
    "core/model/plan.h": '#include "base/err.h"\n',
    "core/model/plan.c": '#include "model/plan.h"\n#include <stdio.h>\n',
    "core/x509/signer.h": '#include "model/plan.h"\n#include <openssl/evp.h>\n',
    "core/x509/cert.h": '#include "model/plan.h"\n',
    "core/flow/new.c": '#include "x509/cert.h"\n',
    "core/flow/CMakeLists.txt": "cs_add_library(cs_flow SOURCES new.c LINKS cs_port cs_x509)\n",
    "core/store/db.c": "#include <sqlite3.h>\n",
    "pkcs11/token.h": '#include "base/err.h"\n#include <openssl/types.h>\n',
    "pkcs11/call.h": "#include <p11-kit/pkcs11.h>\nCK_RV call(void);\n",
    "cli/main.c": '#include "pkcs11/token.h"\nchar *e(void)\n{\n    return getenv("X");\n}\n',
    "tests/lint/covered.txt": "# source test reason\n"
                              "cli/main.c tests/integration/run.sh the program\n"
                              "core/flow/new.c tests/integration/run.sh a verb\n"
                              "core/store/db.c tests/integration/run.sh rows\n"
                              "core/model/plan.c tests/unit/test_err.c values\n",
    "tests/unit/test_err.c": "int main(void)\n{\n    return 0;\n}\n",
    "tests/integration/run.sh": "#!/bin/sh\n",
}

LONG_FUNCTION = "int f(void)\n{\n" + "    f();\n" * 81 + "}\n"

# The lint, what is planted where, the rule that must answer; "" if nothing may.
ROWS = [
    (layers, {}, ""),
    (layers, {"core/model/plan.h": '#include "port/ca.h"\n', "core/port/ca.h": ""}, "layer"),
    (layers, {"core/base/err.c": '#include "model/plan.h"\n'}, "layer"),
    (layers, {"core/port/ca.h": '#include "x509/cert.h"\n'}, "layer"),
    (layers, {"core/x509/cert.h": '#include "store/db.h"\n', "core/store/db.h": ""}, "layer"),
    (layers, {"core/store/db.c": '#include "x509/cert.h"\n'}, "layer"),
    (layers, {"core/labca/ca.c": '#include "journal/r.h"\n', "core/journal/r.h": ""}, "layer"),
    (layers, {"core/report/r.c": '#include "labca/ca.h"\n', "core/labca/ca.h": ""}, "layer"),
    (layers, {"core/flow/new.c": '#include "pkcs11/token.h"\n'}, "layer"),
    (layers, {"core/flow/new.c": '#include "store/db.h"\n', "core/store/db.h": ""}, "layer"),
    (layers, {"core/flow/new.c": '#include "cli/app.h"\n', "cli/app.h": ""}, "layer"),
    (layers, {"pkcs11/a.c": '#include "flow/flow.h"\n', "core/flow/flow.h": ""}, "layer"),
    (layers, {"pkcs11/a.c": '#include "cli/app.h"\n', "cli/app.h": ""}, "layer"),
    (layers, {"pkcs11/a.c": '#include "x509/cert.h"\n'}, ""),
    (layers, {"core/labca/ca.c": '#include "x509/signer.h"\n#include <openssl/evp.h>\n'}, ""),
    (layers, {"cli/main.c": '#include "pkcs11/call.h"\n'}, "layer"),
    (layers, {"cli/main.c": '#include "wire/a.h"\n', "core/wire/a.h": ""}, ""),
    (layers, {"core/wire/a.c": '#include "port/ca.h"\n', "core/port/ca.h": ""}, ""),
    (layers, {"core/wire/a.c": '#include "x509/cert.h"\n'}, "layer"),
    (layers, {"core/flow/new.c": '#include "wire/a.h"\n', "core/wire/a.h": ""}, "layer"),
    (layers, {"cli/read.c": '#include "topology/d.h"\n', "core/topology/d.h": ""}, ""),
    (layers, {"cli/main.c": '#include "topology/d.h"\n', "core/topology/d.h": ""}, "layer"),
    (layers, {"core/wire/a.c": '#include "topology/d.h"\n', "core/topology/d.h": ""}, "layer"),
    (layers, {"core/topology/a.c": '#include "wire/a.h"\n', "core/wire/a.h": ""}, "layer"),
    (layers, {"core/topology/a.c": '#include "port/ca.h"\n', "core/port/ca.h": ""}, "layer"),
    (layers, {"core/base/err.c": '  #  include "err.h"\n'}, "include"),
    (layers, {"core/base/err.c": '#include "base/gone.h"\n'}, "include"),
    (layers, {"core/extra/a.c": "int x;\n"}, "folder"),
    (layers, {"core/flow/new.c": "#include <openssl/evp.h>\n"}, "library"),
    (layers, {"core/flow/new.c": '#include "x509/signer.h"\n'}, "library"),
    (layers, {"cli/main.c": "#include <p11-kit/uri.h>\n"}, "library"),
    (layers, {"core/flow/new.c": "#include <sqlite3.h>\n"}, "library"),
    (layers, {"core/flow/new.c": "#include <jansson.h>\n"}, "library"),
    (layers, {"cli/main.c": "#include <libxml/parser.h>\n"}, "library"),
    (layers, {"cli/main.c": "#include <zip.h>\n"}, "library"),
    (layers, {"core/wire/a.c": "#include <zip.h>\n"}, "library"),
    (layers, {"cli/main.c": "#include <seccomp.h>\n"}, "library"),
    (layers, {"cli/main.c": "#include <sys/socket.h>\n"}, "library"),
    (layers, {"core/wire/a.c": "#include <jansson.h>\n#include <seccomp.h>\n"
                               "#include <sys/socket.h>\nint a = socketpair(1, 2, 3, p);\n"}, ""),
    (layers, {"core/topology/a.c": "#include <libxml/parser.h>\n#include <zip.h>\n"}, ""),
    (layers, {"core/topology/a.c": "#include <sys/socket.h>\n"}, "library"),
    (layers, {"core/base/err.c": "#include <sys/socket.h>\n"}, "library"),
    (layers, {"core/port/k.h": "CK_OBJECT_HANDLE handle;\n"}, "cryptoki"),
    (layers, {"core/flow/new.c": "int a = CKR_OK;\n"}, "cryptoki"),
    (layers, {"core/base/err.c": 'char *e = secure_getenv("X");\n'}, "getenv"),
    (layers, {"cli/main.c": "int s = socket(1, 2, 3);\n"}, "socket"),
    (layers, {"core/wire/a.c": "int s = socket(1, 2, 3);\n"}, "socket"),
    (layers, {"cli/main.c": "int s = socketpair(1, 2, 3, p);\n"}, "socket"),
    (layers, {"core/flow/CMakeLists.txt": "cs_add_library(cs_flow LINKS cs_pkcs11)\n"}, "link"),
    (layers, {"cli/CMakeLists.txt": "target_link_libraries(cscert-read PRIVATE cs_wire\n"
                                    "    cs_topology)\n"}, ""),
    (layers, {"cli/CMakeLists.txt": "target_link_libraries(cscert PRIVATE cs_topology)\n"}, "link"),
    (layers, {"cli/CMakeLists.txt": "cs_add_library(cs_cli LINKS cs_topology)\n"}, "link"),
    (layers, {"core/base/err.c": "int x;\n" * 501}, "size"),
    (layers, {"core/base/err.c": LONG_FUNCTION}, "size"),
    (layers, {"tests/unit/test_err.c": LONG_FUNCTION}, "size"),
    (layers, {"tests/unit/test_err.c": "int x;\n" * 700}, ""),
    (layers, {"tests/unit/test_err.c": "int x;\n" * 801}, "size"),
    (layers, {"core/base/err.c": "int " + "x" * 97 + ";\n"}, "columns"),
    (layers, {"core/base/err.c": "/* " + "\u00e4" * 94 + " */\n"}, ""),
    (tests_named, {}, ""),
    (tests_named, {"core/base/new.c": "int x;\n"}, "test"),
    (tests_named, {"tests/unit/test_main.c": ""}, "test"),
    (tests_named, {"cli/main.c": None}, "test"),
    (tests_named, {"tests/lint/covered.txt": "cli/main.c tests/gone.sh why\n"}, "test"),
    (tests_named, {"tests/lint/covered.txt": "cli/main.c tests/integration/run.sh\n"}, "test"),
    (places, {}, ""),
    (places, {"LICENSE": "mine\n"}, "licence"),
    (places, {"docs/GUIDE.md": "[x](GONE.md)\n"}, "link"),
    (places, {"docs/GUIDE.md": "see ../" + "elsewhere/notes.md\n"}, "path"),
    (places, {"tests/integration/run.sh": "cd /" + "build42/src\n"}, "path"),
    (places, {"cmake/a.cmake": 'set(X "/' + 'opt42/x")\n'}, "path"),
    (places, {"docs/GUIDE.md": "https://" + "mirror.corp42.net/debian\n"}, "host"),
    (places, {"docs/GUIDE.md": "https://" + "ca01.litwareinc.com/certsrv\n"}, ""),
    (exitcodes, {}, ""),
    (exitcodes, {"docs/EXIT-CODES.md": "| 0 | OK | All is done. | |\n"}, "codes"),
    (exitcodes, {"docs/EXIT-CODES.md": "| 0 | OK | All. | |\n| 2 | USAGE | Wrong. | |\n"}, "codes"),
    (leaks, {}, ""),
    (leaks, {"cli/main.c": 'void f(void)\n{\n    printf("%s", pin);\n}\n'}, "secret"),
    (leaks, {"cli/main.c": 'int a = cs_fail(err, CS_E_USAGE, "bad",\n o->password);\n'}, "secret"),
    (leaks, {"cli/main.c": 'int a = cs_fail(err, CS_E_USAGE, "no password in %s", path);\n'}, ""),
    (leaks, {"cli/main.c": 'void f(void)\n{\n    printf("%s", o->pin_source);\n}\n'}, ""),
]


def plant(root, tree):
    for path, text in tree.items():
        if text is None:
            continue
        where = os.path.join(root, path)
        os.makedirs(os.path.dirname(where), exist_ok=True)
        with open(where, "w", encoding="utf-8") as file:
            file.write(text)


def run(lint, planted):
    with tempfile.TemporaryDirectory() as root:
        plant(root, {**CLEAN, **planted})
        return lint.check(root)


def main():
    failed = 0
    for number, (lint, planted, rule) in enumerate(ROWS):
        findings = run(lint, planted)
        good = any(f"[{rule}]" in finding for finding in findings) if rule else not findings
        if not good:
            failed += 1
            print(f"row {number}, {lint.__name__} {list(planted)}: expected "
                  f"{rule or 'nothing'}, found {findings or 'nothing'}")
    print(f"{len(ROWS)} rows, {failed} failed")
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
