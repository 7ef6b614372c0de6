#!/usr/bin/env bash
# `recover` does not take a run that is at work for one that crashed: it waits for its end.
set -euo pipefail
# shellcheck source=tests/integration/lib.sh
. "$1/tests/integration/lib.sh"
setup
SPY=$BUILD/tests/support/spymod.so
export CS_SPY_MODULE=$HSM_MODULE CS_SPY_LOG=$HSM_FOLDER/spy.log CS_SPY_SLEEP=3000
MODULE=$SPY write_config
: >"$CS_SPY_LOG"
CS_SPY_FAULT=C_Sign:1:slow "$CSCERT" new --type Internal --computer-fqdn edge1.litwareinc.com --key-alg ECDH_P256 \
    --output out.req >new.out 2>&1 &
pid=$!
for ((i = 0; i < 5000; i++)); do
    grep -q ' C_Sign 1 slow' "$CS_SPY_LOG" && break
    read -r -t 0.002 <> <(:) || true
done
run 0 "$CSCERT" list --json
same "status while it is at work" Planned "$(json '.[0].RequestStatus')"
run 0 "$CSCERT" recover
says 'waiting for another run'
wait "$pid" || fail "the run ended with $?: $(cat new.out)"
has_objects 1 1 0
run 0 "$CSCERT" list --json
same "status afterwards" Offline "$(json '.[0].RequestStatus')"
