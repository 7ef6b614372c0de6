#!/usr/bin/env bash
# Two and then eight runs at once on one SoftHSM2 token and one store: all succeed, no key is lost.
set -euo pipefail
# shellcheck source=tests/integration/lib.sh
. "$1/tests/integration/lib.sh"
setup
total=0
for runs in 2 8; do
    pids=()
    for ((n = 0; n < runs; n++)); do
        "$CSCERT" new --type Internal --computer-fqdn "edge$n.litwareinc.com" --key-alg ECDH_P256 \
            --output "out-$runs-$n.req" >"log-$runs-$n" 2>&1 &
        pids+=($!)
    done
    for ((n = 0; n < runs; n++)); do
        wait "${pids[n]}" || fail "run $n of $runs ended with $?: $(cat "log-$runs-$n")"
        openssl req -in "out-$runs-$n.req" -verify -noout 2>&1 | grep -q 'verify OK' || fail "no request $n"
    done
    total=$((total + runs))
    has_objects "$total" "$total" 0
    run 0 "$CSCERT" list --json
    same "requests" "$total" "$(json length)"
    same "different numbers" "$total" "$(json 'map(.RequestId) | unique | length')"
    same "different keys" "$total" "$(json 'map(.Key.Uri) | unique | length')"
done
