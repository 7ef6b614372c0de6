#!/usr/bin/env bash
# All shell scripts pass "shellcheck -S warning". Argument: source folder.
set -euo pipefail

cd "$1"
if ! command -v shellcheck >/dev/null; then
    echo "skipped: shellcheck is not installed (tests/packages.txt names it)"
    exit 77
fi
scripts=()
while IFS= read -r file; do
    if [[ $file == *.sh ]] || head -n 1 "$file" | grep -qE '^#!.*[/ ](ba)?sh( |$)'; then
        scripts+=("$file")
    fi
done < <(find .ci cli core docs hsm-config pkcs11 tests -type f -not -path '*/corpus/*' | sort)
[ "${#scripts[@]}" -gt 5 ] || {
    echo "FAIL: only ${#scripts[@]} scripts were found" >&2
    exit 1
}
shellcheck -S warning -x "${scripts[@]}"
echo "${#scripts[@]} scripts"
