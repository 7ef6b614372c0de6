#!/usr/bin/env bash
# The budget of `new` with an offline request, on a module with one initialised token: at most 20 calls direct and 23 with
# session-copy, the same number whether the token holds no key or 1,000.
set -euo pipefail
# shellcheck source=tests/integration/lib.sh
. "$1/tests/integration/lib.sh"
setup
SPY=$BUILD/tests/support/spymod.so
export CS_SPY_MODULE=$HSM_MODULE
DIRECT=$(direct_profile)

# calls MODE KEY_ALG: how many PKCS#11 calls one run makes
calls() {
    TOKEN_KEYS=
    [ "$1" = session-copy ] || TOKEN_KEYS=$DIRECT
    MODULE=$SPY write_config
    rm -f counts
    CS_SPY_COUNTS=$WORK/counts run 0 "$CSCERT" new --type Internal --computer-fqdn edge1.litwareinc.com --key-alg "$2" \
        --output "out-$RANDOM$RANDOM.req"
    awk '$1 != "C_GetFunctionList" {n += $2} END {print n}' counts
}

few=()
for alg in ECDH_P256 RSA; do
    for mode in token session-copy; do
        few[${#few[@]}]=$(calls "$mode" "$alg")
    done
done
"$BUILD/tests/support/cs-hsmtool" populate "$HSM_LABEL" "$PIN_FILE" 1000 ec >/dev/null ||
    fail "the token was not filled"
same "private keys" 1004 "$(count privkey)"
i=0
for alg in ECDH_P256 RSA; do
    for mode in token session-copy; do
        many=$(calls "$mode" "$alg")
        budget=20
        [ "$mode" = token ] || budget=23
        printf '%-9s %-12s %s calls on a nearly empty token, %s with 1,000 pairs, budget %s\n' \
            "$alg" "$mode" "${few[i]}" "$many" "$budget"
        same "calls with 1,000 pairs ($alg, $mode)" "${few[i]}" "$many"
        [ "$many" -le "$budget" ] || fail "$many calls are over the budget of $budget"
        i=$((i + 1))
    done
done
