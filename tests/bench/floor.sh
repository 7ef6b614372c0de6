#!/usr/bin/env bash
# The floor does what it says: a request that others verify, a pair on the token, and no call more
# than it needs. A comparison with a floor that is broken would be worth nothing.
set -euo pipefail
source=$1 build=$2
# shellcheck source=tests/support/softhsm.sh
. "$source/tests/support/softhsm.sh"
softhsm_init
floor=$build/tests/bench/floor
export CS_SPY_MODULE=$HSM_MODULE CS_SPY_COUNTS=$HSM_FOLDER/counts

fail() {
    echo "floor.sh: $*" >&2
    exit 1
}

check() { # VERB KEY CALLS
    local verb=$1 key=$2 wanted=$3 label=$1-$2 out=$HSM_FOLDER/$1-$2.der before calls text
    before=$(softhsm_count_files)
    rm -f "$CS_SPY_COUNTS"
    "$floor" "$verb" "$build/tests/support/spymod.so" "$HSM_LABEL" "$HSM_PIN" "$key" "$label" "$out"
    [ $(($(softhsm_count_files) - before)) = 2 ] || fail "$label: not two objects on the token"
    calls=$(awk '$1 ~ /^C_/ { sum += $2 } END { print sum }' "$CS_SPY_COUNTS")
    [ "$calls" = "$wanted" ] || fail "$label: $calls calls, not $wanted: $(cat "$CS_SPY_COUNTS")"

    text=$(openssl req -inform DER -in "$out" -noout -verify -subject -text 2>&1) ||
        fail "$label: $text"
    grep -q 'verify OK' <<<"$text" || fail "$label does not verify: $text"
    grep -q 'subject=C = DE, O = Bench, CN = bench.example.test' <<<"$text" || fail "$label: $text"
    [ "$(grep -o 'DNS:san[1-5]\.bench\.example\.test' <<<"$text" | sort -u | wc -l)" = 5 ] ||
        fail "$label: not five names: $text"

    # The two halves are on the token, and the private one stays there.
    text=$("$floor" attrs "$HSM_MODULE" "$HSM_LABEL" "$HSM_PIN" "$label")
    for line in 'private CKA_TOKEN 01' 'private CKA_LOCAL 01' 'private CKA_SENSITIVE 01' \
        'private CKA_ALWAYS_SENSITIVE 01' 'private CKA_EXTRACTABLE 00' \
        'private CKA_NEVER_EXTRACTABLE 01' 'public CKA_TOKEN 01' 'public CKA_LOCAL 01'; do
        grep -qx "$line" <<<"$text" || fail "$label: no '$line' in: $text"
    done
}

# C_Initialize, C_GetSlotList, C_GetTokenInfo, C_OpenSession, C_Login, C_GenerateRandom,
# C_GenerateKeyPair, C_GetAttributeValue, C_DigestInit, C_Digest, C_SignInit, C_Sign, C_Finalize;
# two C_CopyObject more for a pair of the session.
check csr ec 13
check csr rsa 13
check xcsr ec 15
check xcsr rsa 15

code=0
"$floor" csr "$HSM_MODULE" "$HSM_LABEL" wrong-pin ec label "$HSM_FOLDER/none" 2>/dev/null || code=$?
[ "$code" = 1 ] || fail "a wrong PIN ended with $code"
[ ! -e "$HSM_FOLDER/none" ] || fail "a request in spite of a wrong PIN"
echo "floor.sh: ok"
