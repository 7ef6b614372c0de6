#!/usr/bin/env bash
# Ctrl-C, a service that is stopped, a terminal that closes: the run stops after the current act with exit code 12, and
# nothing is left behind.
set -euo pipefail
# shellcheck source=tests/integration/lib.sh
. "$1/tests/integration/lib.sh"
setup
SPY=$BUILD/tests/support/spymod.so
export CS_SPY_MODULE=$HSM_MODULE CS_SPY_LOG=$HSM_FOLDER/spy.log CS_SPY_SLEEP=700
MODULE=$SPY write_config

# One run for each call that is slow when the signal comes.
for call in C_Login C_GenerateKeyPair C_Sign C_CopyObject; do
    for signal in INT TERM HUP; do
        : >"$CS_SPY_LOG"
        # Job control, so that bash lets the background run have SIGINT.
        set -m
        CS_SPY_FAULT="$call:1:slow" "$CSCERT" new --type Internal --computer-fqdn edge1.litwareinc.com \
            --key-alg ECDH_P256 --output out.req >/dev/null 2>"$HSM_FOLDER/err" &
        pid=$!
        set +m
        for ((i = 0; i < 5000; i++)); do
            grep -q " $call 1 slow" "$CS_SPY_LOG" && break
            read -r -t 0.001 <> <(:) || true
        done
        kill -s "$signal" "$pid"
        code=0
        wait "$pid" || code=$?
        ERR=$HSM_FOLDER/err OUT=/dev/null
        same "exit code after SIG$signal in $call" 12 "$code"
        says 'stopped by a signal'
        [ ! -e out.req ] || fail "a request file was left (SIG$signal in $call)"
        has_objects 0 0 0
    done
done
MODULE=$HSM_MODULE write_config
run 0 "$CSCERT" list --json
same "requests that are not failed" 0 "$(jq 'map(select(.RequestStatus != "Failed")) | length' "$OUT")"
