#!/usr/bin/env bash
# Standard streams that are closed: their numbers must not go to files that the run opens, or results and messages
# would be written into those. And two files that are one.
set -euo pipefail
# shellcheck source=tests/integration/lib.sh
. "$1/tests/integration/lib.sh"
setup
run 0 "$CSCERT" ca init 'Lab'
new=("$CSCERT" new --type Internal --computer-fqdn edge1.litwareinc.com --key-alg ECDH_P256
    --ca 'atl-ca-001.litwareinc.com\myca')

# ended WANT GOT WHAT
ended() {
    same "exit code with $3 closed" "$1" "$2"
    same "octets in the lock files with $3 closed" 0 "$(cat "$WORK/state/runs.lock" "$WORK"/run/*.lock | wc -c)"
    same "the store with $3 closed" ok "$(sqlite3 "$CSCERT_STATE_DIR/cscert.db" 'pragma integrity_check')"
}

# What was done stays done, but nobody has seen the result: OUTPUT.
code=0
"${new[@]}" >&- 2>"$WORK/err" || code=$?
ended 16 "$code" stdout
grep -q 'results cannot be written' "$WORK/err" || fail "stderr does not say that the results are lost"
grep -q '^  do: what was done is done, files too' "$WORK/err" || fail "stderr does not say what to do: $(cat "$WORK/err")"
code=0
"${new[@]}" <&- >"$WORK/out" 2>"$WORK/err" || code=$?
ended 0 "$code" stdin
code=0
"${new[@]}" 2>&- >"$WORK/out" || code=$?
ended 0 "$code" stderr
code=0
"${new[@]}" <&- >&- 2>&- || code=$?
ended 16 "$code" everything
code=0
"$CSCERT" new --type Nonsense <&- >&- 2>&- || code=$?
ended 2 "$code" everything
has_objects 5 5 5

# The report would replace the request. A report that cannot be written is said once.
run 2 "$CSCERT" new --type Internal --computer-fqdn edge1.litwareinc.com --output one.file --report one.file
says 'both name'
[ ! -e one.file ] || fail "one.file was written"
run 2 "${new[@]}" --outform der
run 16 "${new[@]}" --report nofolder/report.html
same "messages" 1 "$(grep -c 'cannot be written' "$ERR")"
has_objects 5 5 5

# A number that was never given has no result of its own.
run 2 "$CSCERT" list --request-id 99
same "octets on stdout" 0 "$(wc -c <"$OUT")"
