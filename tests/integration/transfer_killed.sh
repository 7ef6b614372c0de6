#!/usr/bin/env bash
# A transfer of a key from token to token, killed behind every call on the tokens: `recover` on the other token finishes the
# copy or undoes it, the journal says which, and the key itself stays what it was.
set -euo pipefail
# shellcheck source=tests/integration/lib.sh
. "$1/tests/integration/lib.sh"
setup
SPY=$BUILD/tests/support/spymod.so
export CS_SPY_MODULE=$HSM_MODULE
softhsm_add_token other
OTHER=$(p11tool --provider "$HSM_MODULE" --list-token-urls | grep 'token=other')

run 0 "$CSCERT" new --type Internal --computer-fqdn edge1.litwareinc.net --key-alg ECDH_P256 --private-key-exportable True \
    --output edge1.req
rm -rf saved && cp -a "$HSM_FOLDER/tokens" saved && cp -a state saved-state
restore() {
    rm -rf "$HSM_FOLDER/tokens" state
    cp -a saved "$HSM_FOLDER/tokens"
    cp -a saved-state state
}
copy=("$CSCERT" export 1 --to "$OTHER" --to-pin-source "file:$PIN_FILE")
recover_other=("$CSCERT" recover --token "$OTHER" --pin-source "file:$PIN_FILE")

KEY=$(sqlite3 -readonly state/cscert.db 'SELECT hex(key_id) FROM request')

# there CLASS: objects on the other token. last: the type of the newest record.
there() {
    pkcs11-tool --module "$HSM_MODULE" --token-label other --login --pin "$HSM_PIN" --list-objects --type "$1" 2>/dev/null |
        grep -c 'Object;' || true
}
last() {
    sqlite3 -readonly state/cscert.db "SELECT json_extract(json, '\$.type') FROM journal ORDER BY seq DESC LIMIT 1"
}

MODULE=$SPY write_config
CS_SPY_LOG=$WORK/calls run 0 "${copy[@]}"
same "the copy" '1 1 transferred' "$(there privkey) $(there pubkey) $(last)"
# From the transport pair on; what was before that has left nothing.
first=$(grep -n ' C_GenerateKeyPair ' calls | head -1 | cut -d: -f1)
total=$(wc -l <calls)
[ "$((total - first))" -gt 15 ] || fail "only $((total - first)) calls were logged"
finished=0 undone=0 halves=0
for ((n = first; n <= total; n++)); do
    restore
    MODULE=$SPY write_config
    code=0
    CS_SPY_FAULT="*:$n:after-kill" "${copy[@]}" >killed.out 2>&1 || code=$?
    same "exit code of the run that was killed behind call $n" 137 "$code"
    write_config
    left=$(last)
    # The token of the request itself knows what is open, and nothing more is done there.
    run 0 "$CSCERT" recover
    if [ "$left" = transferring ]; then says "recover --token '$OTHER'"; fi
    same "newest record after recover on the own token, call $n" "$left" "$(last)"
    run 0 "${recover_other[@]}"
    case "$(there privkey) $(there pubkey) $(last)" in
    '1 1 transferred') finished=$((finished + 1)) ;;
    '0 0 transfer-undone') undone=$((undone + 1)) ;;
    # Half a copy has a private key, which nobody destroys unasked; then it is gone by the token's own tool.
    '1 0 transferring')
        halves=$((halves + 1))
        says 'is not whole'
        says 'asks about it at a terminal'
        pkcs11-tool --module "$HSM_MODULE" --token-label other --login --pin "$HSM_PIN" --delete-object --type privkey \
            --id "$KEY" >/dev/null 2>&1
        run 0 "${recover_other[@]}"
        same "behind the half's removal, call $n" '0 0 transfer-undone' "$(there privkey) $(there pubkey) $(last)"
        ;;
    *) fail "behind call $n: $(there privkey) $(there pubkey) $(last)" ;;
    esac
    has_objects 1 1 0
    # What is settled stays so.
    run 0 "${recover_other[@]}"
    same "messages of the second recover, call $n" '' "$(cat "$ERR")"
done
[ "$finished" -gt 0 ] || fail "no copy was ever whole"
[ "$undone" -gt 0 ] || fail "the copy was always there"
[ "$halves" -gt 0 ] || fail "no copy was ever half"
printf 'killed behind each of %s calls: %s copies finished, %s undone, %s half\n' "$((total - first + 1))" \
    "$finished" "$undone" "$halves"
# Behind an undone one the transfer can be made again.
restore
code=0
MODULE=$SPY write_config
CS_SPY_FAULT="*:$first:after-kill" "${copy[@]}" >killed.out 2>&1 || code=$?
write_config
run 0 "${recover_other[@]}"
run 0 "${copy[@]}"
same "the copy" '1 1 transferred' "$(there privkey) $(there pubkey) $(last)"
