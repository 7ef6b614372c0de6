#!/usr/bin/env bash
# Killed before and after every call on the token outside C_Login: `recover` finishes or undoes what carries our CKA_ID, and
# afterwards the token holds exactly the keys of the requests that are not failed.
set -euo pipefail
# shellcheck source=tests/integration/lib.sh
. "$1/tests/integration/lib.sh"
setup
export CS_SPY_MODULE=$HSM_MODULE CS_SPY_LOG=$HSM_FOLDER/spy.log
SPY=$BUILD/tests/support/spymod.so
CA='atl-ca-001.litwareinc.com\myca'
DIRECT=$(direct_profile)

# configure MODE MODULE
configure() {
    TOKEN_KEYS=
    [ "$1" = session-copy ] || TOKEN_KEYS=$DIRECT
    MODULE=$2 write_config "ca '$CA' { type = lab }"
}

run 0 "$CSCERT" ca init 'Recover'
softhsm_save() { rm -rf saved && cp -a "$HSM_FOLDER/tokens" saved && rm -rf saved-state && cp -a state saved-state; }
softhsm_restore() {
    rm -rf "$HSM_FOLDER/tokens" state
    cp -a saved "$HSM_FOLDER/tokens"
    cp -a saved-state state
    rm -f out.req*
}
softhsm_save

# The job whose calls are gone through; each call of it is one round.
job=("$CSCERT" new --type Internal --computer-fqdn edge1.litwareinc.com --key-alg ECDH_P256)

# rounds MODE TARGET...
rounds() {
    local mode=$1 calls n what code
    shift
    softhsm_restore
    configure "$mode" "$SPY"
    : >"$CS_SPY_LOG"
    run 0 "${job[@]}" "$@"
    calls=$(wc -l <"$CS_SPY_LOG")
    [ "$calls" -gt 10 ] || fail "only $calls calls were logged"
    for ((n = 1; n <= calls; n++)); do
        case $(sed -n "${n}p" "$CS_SPY_LOG") in *' C_Login '*) continue ;; esac
        for what in kill after-kill; do
            softhsm_restore
            configure "$mode" "$SPY"
            code=0
            # The log of the whole job above must stay as it is.
            CS_SPY_LOG='' CS_SPY_FAULT="*:$n:$what" "${job[@]}" "$@" >"$OUT" 2>"$ERR" || code=$?
            same "exit code of the killed run ($mode, call $n, $what)" 137 "$code"
            configure "$mode" "$HSM_MODULE"
            run 0 "$CSCERT" recover
            judge "$mode, call $n, $what, $*"
            # What is recovered stays so.
            run 0 "$CSCERT" recover
            judge "again: $mode, call $n, $what, $*"
        done
    done
    printf '%s %s: killed at each of %s calls\n' "$mode" "$*" "$calls"
}

# The keys on the token are the CA's and those of requests that did not fail, and nothing is unfinished.
judge() {
    "$CSCERT" list --json >list.json
    same "unfinished requests ($1)" 0 \
        "$(jq '[.[] | select(.RequestStatus == "Planned" or .RequestStatus == "Pending")] | length' list.json)"
    local good
    good=$(jq 'map(select(.RequestStatus != "Failed")) | length' list.json)
    same "private keys ($1)" $((good + 1)) "$(count privkey)"
    same "public keys ($1)" $((good + 1)) "$(count pubkey)"
    if [ "$good" -eq 1 ] && [ "$(jq -r 'map(select(.RequestStatus == "Offline")) | length' list.json)" -eq 1 ]; then
        openssl req -in out.req -verify -noout 2>&1 | grep -q 'verify OK' || fail "no request file ($1)"
    elif [ "$good" -eq 1 ]; then
        same "certificates ($1)" 2 "$(count cert)"
    else
        [ ! -e out.req ] || fail "a failed request has left its file ($1)"
    fi
}

rounds session-copy --output out.req
rounds token --output out.req
rounds session-copy --ca "$CA"

# Between the two copies an RSA pair has only its private half, which on this token tells the public key all the same: that is
# no pair.
softhsm_restore
configure session-copy "$SPY"
code=0
CS_SPY_LOG='' CS_SPY_FAULT=C_CopyObject:1:after-kill "$CSCERT" new --type Internal --computer-fqdn edge1.litwareinc.com \
    --output out.req >"$OUT" 2>"$ERR" || code=$?
same "exit code of the run that was killed between the copies" 137 "$code"
configure session-copy "$HSM_MODULE"
run 0 "$CSCERT" recover
judge "RSA, between the copies"
