#!/usr/bin/env bash
# -WhatIf, -Confirm, -Force and -Report on all four verbs.
set -euo pipefail
# shellcheck source=tests/integration/lib.sh
. "$1/tests/integration/lib.sh"
setup
write_config "ca holding { type = lab  policy = hold }" "default-ca = 'holding'"
run 0 "$CSCERT" ca init 'Common'
new=(-New -Type Internal -ComputerFqdn edge1.litwareinc.com -KeyAlg ECDH_P256)

# state: all that a run could have changed.
state() {
    sqlite3 -readonly state/cscert.db .dump
    (cd "$HSM_FOLDER/tokens" && find . -name '*.object' ! -name token.object -exec sha256sum {} + | sort)
    find . -type f ! -path './state/*' | sort
}

# -WhatIf changes nothing but writes the report that was asked for.
touch whatif.html
state >"$HSM_FOLDER/before"
run 0 "$CMDLET" "${new[@]}" -WhatIf -Report whatif.html
prints edge1.litwareinc.com
prints Planned
grep -q 'edge1.litwareinc.com' whatif.html || fail "no report with -WhatIf"
state >"$HSM_FOLDER/after"
cmp "$HSM_FOLDER/before" "$HSM_FOLDER/after" || fail "-WhatIf has changed something"

# Nobody is there to answer -Confirm: cancelled, nothing made.
run 12 "$CMDLET" "${new[@]}" -Confirm
has_objects 1 1 1
run 9 "$CMDLET" "${new[@]}" '-Confirm:$false' -Report new.html
run 9 "$CMDLET" "${new[@]}"
has_objects 3 3 1
run 0 "$CMDLET" -List -WhatIf -Report list.html
run 0 "$CMDLET" -Retrieve -WhatIf
same "pending after -Retrieve -WhatIf" 2 "$("$CMDLET" -List | grep -c Pending)"
run 12 "$CMDLET" -Retrieve -Confirm
run 9 "$CMDLET" -Retrieve -Report retrieve.html
run 0 "$CMDLET" -Clear -WhatIf
same "pending after -Clear -WhatIf" 2 "$("$CMDLET" -List | grep -c Pending)"
run 12 "$CMDLET" -Clear -Confirm
same "pending after -Clear -Confirm" 2 "$("$CMDLET" -List | grep -c Pending)"
has_objects 3 3 1
run 0 "$CMDLET" -Clear -RequestId 1 -Report clear.html
has_objects 2 2 1
# -Force answers no other question: without a terminal and a number the key stays.
run 0 "$CMDLET" -Clear -Force
has_objects 2 2 1

# Reports: one page each that loads nothing, and replaces its file.
for page in new list retrieve clear; do
    grep -q '<!DOCTYPE html>' "$page.html" || grep -qi '<!doctype html>' "$page.html" || fail "$page.html is no page"
    if grep -Eqi 'src=|href="http|@import|url\(' "$page.html"; then fail "$page.html loads something"; fi
done
for word in edge1.litwareinc.com 'subject name' CKA_EXTRACTABLE CKA_SENSITIVE holding; do
    grep -qF "$word" new.html || fail "the report of -New does not have $word"
done
run 16 "$CMDLET" -List -Report /nonexistent/report.html
says /nonexistent/report.html

# -Force replaces an output file, and silences what stops nothing.
run 0 "$CMDLET" -New -Type Internal -ComputerFqdn short -KeyAlg ECDH_P256 -Output short.req
says 'short name'
run 16 "$CMDLET" -New -Type Internal -ComputerFqdn short -KeyAlg ECDH_P256 -Output short.req
run 0 "$CMDLET" -New -Type Internal -ComputerFqdn short -KeyAlg ECDH_P256 -Output short.req -Force
same "messages with -Force" '' "$(cat "$ERR")"

# On a terminal the question is asked and the answer counts.
if command -v script >/dev/null; then
    printf 'n\n' | script -qec "$CMDLET -New -Type Internal -ComputerFqdn edge9.litwareinc.com -KeyAlg ECDH_P256 -Confirm" \
        /dev/null >typed.txt 2>&1 && fail "no was taken for yes"
    grep -q 'edge9.litwareinc.com' typed.txt || fail "the question does not name the computer: $(cat typed.txt)"
    code=0
    printf 'y\n' | script -qec "$CMDLET -New -Type Internal -ComputerFqdn edge9.litwareinc.com -KeyAlg ECDH_P256 -Confirm" \
        /dev/null >typed.txt 2>&1 || code=$?
    same "exit code after yes" 9 "$code"
fi
