#!/usr/bin/env bash
# Two and then eight runs at once on one SoftHSM2 token and one store: all succeed, no key is lost; with a pair that is made
# in the session and copied, and with one that is made on the token.
set -euo pipefail
# shellcheck source=tests/integration/lib.sh
. "$1/tests/integration/lib.sh"
setup

# ids: of the keys of all requests, and of the private keys on the token, in hexadecimal
ids_of_requests() {
    "$CSCERT" list --json | jq -r '.[].Key.Uri' | sed 's/.*;id=\([^;?]*\).*/\1/; s/%//g' | tr A-F a-f | sort
}
ids_on_token() {
    pkcs11-tool --module "$HSM_MODULE" --token-label "$HSM_LABEL" --login --pin "$HSM_PIN" --list-objects \
        --type privkey 2>/dev/null | sed -n 's/^ *ID: *//p' | sort
}

total=0
for mode in session-copy token; do
    TOKEN_KEYS=
    [ "$mode" = session-copy ] || TOKEN_KEYS=$(direct_profile)
    write_config "ca 'atl-ca-001.litwareinc.com\\myca' { type = lab }"
    for runs in 2 8; do
        pids=()
        for ((n = 0; n < runs; n++)); do
            "$CSCERT" new --type Internal --computer-fqdn "edge$n.litwareinc.com" --key-alg ECDH_P256 \
                --output "out-$mode-$runs-$n.req" >"log-$mode-$runs-$n" 2>&1 &
            pids+=($!)
        done
        for ((n = 0; n < runs; n++)); do
            wait "${pids[n]}" || fail "run $n of $runs ($mode) ended with $?: $(cat "log-$mode-$runs-$n")"
            openssl req -in "out-$mode-$runs-$n.req" -verify -noout 2>&1 | grep -q 'verify OK' || fail "no request $n"
        done
        total=$((total + runs))
        has_objects "$total" "$total" 0
        run 0 "$CSCERT" list --json
        same "requests" "$total" "$(json length)"
        same "different numbers" "$total" "$(json 'map(.RequestId) | unique | length')"
        same "different keys" "$total" "$(ids_of_requests | uniq | wc -l)"
        same "keys on the token" "$(ids_of_requests)" "$(ids_on_token)"
    done
done
