#!/usr/bin/env bash
# Every header compiles alone, twice in one file, with gcc and with clang.
# Arguments: source folder, build folder.
set -euo pipefail

cd "$1"
read -ra flags <<<"$(pkg-config --cflags p11-kit-1 libp11 sqlite3 jansson libconfuse libcrypto check)"
flags+=(-std=c17 -D_GNU_SOURCE -DCS_VERSION='"0"' -Icore -I. -Itests -I"$2" -fsyntax-only
    -Wall -Wextra -Wpedantic -Wstrict-prototypes -Werror)
failed=0
count=0

for compiler in gcc clang; do
    if ! command -v "$compiler" >/dev/null; then
        echo "skipped: $compiler is not installed (tests/packages.txt names it)"
        exit 77
    fi
    while IFS= read -r header; do
        name=${header#core/}
        count=$((count + 1))
        if ! printf '#include "%s"\n#include "%s"\nextern int cs_not_empty;\n' "$name" "$name" |
            "$compiler" "${flags[@]}" -x c -; then
            echo "FAIL: $header does not compile alone with $compiler" >&2
            failed=1
        fi
    done < <(find core pkcs11 cli tests/support -name '*.h' | sort)
done
[ "$count" -gt 50 ] || {
    echo "FAIL: only $count headers were found" >&2
    exit 1
}
echo "$count compilations"
exit "$failed"
