#!/usr/bin/env bash
# The C sources are as .clang-format says. Argument: source folder.
set -euo pipefail

cd "$1"
if ! command -v clang-format >/dev/null; then
    echo "skipped: clang-format is not installed (tests/packages.txt names it)"
    exit 77
fi
find core pkcs11 cli tests -name '*.[ch]' -print0 | sort -z |
    xargs -0 clang-format --dry-run -Werror
