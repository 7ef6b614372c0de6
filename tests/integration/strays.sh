#!/usr/bin/env bash
# Killed while the token writes its files, which can leave objects without a CKA_ID: `recover` undoes what carries ours, lists the
# others, and destroys one of those only by its name.
set -euo pipefail
# shellcheck source=tests/integration/lib.sh
. "$1/tests/integration/lib.sh"
setup
SPY=$BUILD/tests/support/spymod.so
export CS_SPY_MODULE=$HSM_MODULE CS_SPY_LOG=$HSM_FOLDER/spy.log
TOKEN_KEYS=$(direct_profile)
MODULE=$SPY write_config

# remove_all: all that recover lists
remove_all() {
    local name
    for name in $(jq -r '.[] | select(.Stray) | .Stray.Name' recover.json); do
        run 0 "$CSCERT" recover --remove "$name"
    done
}

# Killed at another moment each time after the login, while the pair is generated directly on the token.
for ((round = 0; round < 60; round++)); do
    : >"$CS_SPY_LOG"
    "$CSCERT" new --type Internal --computer-fqdn edge1.litwareinc.com --key-alg ECDH_P256 --output "out-$round.req" \
        >/dev/null 2>&1 &
    pid=$!
    for ((i = 0; i < 3000; i++)); do
        if grep -q ' C_Login ' "$CS_SPY_LOG" || ! kill -0 "$pid" 2>/dev/null; then break; fi
        read -r -t 0.001 <> <(:) || true
    done
    read -r -t "0.$(printf %03d $((RANDOM % 45)))" <> <(:) || true
    kill -KILL "$pid" 2>/dev/null || true
    wait "$pid" 2>/dev/null || true
done
write_config
run 0 "$CSCERT" recover --json
cp "$OUT" recover.json
"$CSCERT" list --json >list.json
same "unfinished requests" 0 "$(jq 'map(select(.RequestStatus == "Planned")) | length' list.json)"
good=$(jq 'map(select(.RequestStatus == "Offline")) | length' list.json)
strays=$(jq 'map(select(.Stray).Stray.Count) | add // 0' recover.json)
same "private and public keys" $((2 * good + strays)) $(($(count privkey) + $(count pubkey)))
remove_all
same "private keys" "$good" "$(count privkey)"
same "public keys" "$good" "$(count pubkey)"
printf '%s of 60 runs were whole, %s objects without an ID were removed by name\n' "$good" "$strays"

# Somebody else's key without an ID is listed, and stays unless it is named.
pkcs11-tool --module "$HSM_MODULE" --token-label "$HSM_LABEL" --login --pin "$HSM_PIN" --keypairgen \
    --key-type EC:prime256v1 --label foreign >/dev/null 2>&1
run 0 "$CSCERT" recover
prints foreign
has_objects $((good + 1)) $((good + 1)) 0
run 4 "$CSCERT" recover --remove private-000000000000
says private-000000000000
has_objects $((good + 1)) $((good + 1)) 0
run 0 "$CSCERT" recover --json
cp "$OUT" recover.json
run 12 "$CSCERT" recover --remove "$(json '.[0].Stray.Name')" --confirm
OUT=recover.json
run 0 "$CSCERT" recover --remove "$(jq -r '.[0].Stray.Name' recover.json)"
same "keys after one was named" $((2 * good + 1)) $(($(count privkey) + $(count pubkey)))
