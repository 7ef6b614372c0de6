#!/usr/bin/env bash
# Modules by path, by p11-kit's name and all that p11-kit knows, in an /etc/pkcs11 of its own; one that wants
# initialisation arguments (x-init-reserved) is NSS's. Arguments: source and build folder; then the word "inside".
set -euo pipefail
source=$1 build=$2

[ "${3:-}" = inside ] || exec "$source/tests/tokens/with-token.sh" softhsm2 "$0" "$source" "$build" inside

cscert=$build/cli/cscert
work=$CS_TOKEN_FOLDER/modules
mkdir -m 0700 "$work"
export CSCERT_CONFIG=$work/cscert.conf CSCERT_STATE_DIR=$work/state
printf "token { lock-dir = '%s' }\n" "$work/run" >"$CSCERT_CONFIG"
# what NSS keeps until the end is its own
export ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0"

fail() {
    printf 'FAILED: %s\n' "$*" >&2
    sed 's/^/  stdout: /' "$work/out" >&2
    sed 's/^/  stderr: /' "$work/err" >&2
    exit 1
}
run() {
    local want=$1 code=0
    shift
    "$@" >"$work/out" 2>"$work/err" </dev/null || code=$?
    [ "$code" = "$want" ] || fail "$* ended with $code instead of $want"
}
labels() {
    sed -n 's/^Label *: //p' "$work/out" | sort | paste -sd ' '
}
same() {
    [ "$2" = "$3" ] || fail "$1: expected \"$2\", got \"$3\""
}

# the one module that is configured, without a word about it; by its name; by its path
for way in '' "--token=pkcs11:?module-name=softhsm2" "--token=pkcs11:?module-path=$CS_TOKEN_MODULE"; do
    run 0 "$cscert" token list ${way:+"$way"}
    same "tokens with \"$way\"" "$CS_TOKEN_LABEL" "$(labels)"
done
run 4 "$cscert" token list --token 'pkcs11:?module-name=nobody'
grep -q 'softhsm2' "$work/err" || fail "it does not say which modules there are"
run 4 "$cscert" token list --token 'pkcs11:?module-path=/nonexistent.so'

# NSS: without its arguments it does not start, which does not stop the other; with them it does
nss=/usr/lib/x86_64-linux-gnu/libsoftokn3.so
[ -e "$nss" ] || fail "$nss is not there: install the package libnss3 (tests/packages.txt)"
printf 'module: %s\ncritical: no\n' "$nss" >/etc/pkcs11/modules/nss.module
run 0 "$cscert" token list
same "tokens beside NSS without arguments" "$CS_TOKEN_LABEL" "$(labels)"
grep -q "^Module *: .*libsoftokn3.so" "$work/out" || fail "the module that does not start is not there"
grep -q 'C_Initialize: CKR_ARGUMENTS_BAD' "$work/out" || fail "its error is not there"
run 4 "$cscert" token list --token 'pkcs11:?module-name=nss'
run 4 "$cscert" token list --token "pkcs11:?module-path=$nss"

mkdir "$work/nss"
certutil -N -d "sql:$work/nss" -f "$CS_TOKEN_PIN_FILE" || fail "no NSS database"
printf "x-init-reserved: configdir='sql:%s' certPrefix='' keyPrefix='' secmod='secmod.db'\n" "$work/nss" \
    >>/etc/pkcs11/modules/nss.module
run 0 "$cscert" token list --token 'pkcs11:?module-name=nss'
grep -q '^Label *: NSS Certificate DB' "$work/out" || fail "NSS's token is not there"
run 0 "$cscert" token list
[[ $(labels) == *"$CS_TOKEN_LABEL"* && $(labels) == *"NSS Certificate DB"* ]] || fail "not both: $(labels)"

# NSS wraps keys that are not extractable, and copies them to ones that are: a real token to be called out
nss_uri='pkcs11:token=NSS%20Certificate%20DB?module-name=nss'
run 6 "$cscert" token check --token "$nss_uri" --pin-source "file:$CS_TOKEN_PIN_FILE" --profile "$work/nss.profile"
grep -q '^  generate  *yes' "$work/out" || fail "NSS makes no key"
sed -n '/^DANGER/,$p' "$work/out" >"$work/danger"
grep -q '^  wrap it, not extractable (ECDH_P256, .*RSA-4096): GIVEN: .* what comes out is that key$' "$work/danger" ||
    fail "that NSS wraps what it must not is not called out"
grep -q '^  copy with CKA_EXTRACTABLE=true (ECDH_P256, .*): GIVEN' "$work/danger" || fail "the copy is not called out"
grep -q '^  wrap, CKM_AES_KEY_WRAP_KWP .*: yes: as RFC 5649' "$work/out" || fail "KWP is not told"
grep -q '^  wrap, CKM_AES_KEY_WRAP_PAD .*: yes: as RFC 3394 over PKCS #7 padding' "$work/out" || fail "its padding is not told"

# two tokens that fit: which are there is said; serial and slot-id tell them apart
softhsm2-util --init-token --free --label "$CS_TOKEN_LABEL" --pin 1234 --so-pin 12345678 >/dev/null
rm /etc/pkcs11/modules/nss.module
new=(new --type Internal --computer-fqdn a.litwareinc.com --key-alg ECDH_P256 --pin-source "file:$CS_TOKEN_PIN_FILE")
run 4 "$cscert" "${new[@]}" --output a.req --token "$CS_TOKEN_URI"
grep -q '2 tokens fit' "$work/err" || fail "two tokens are not told"
run 0 "$cscert" token list --json
first=$(jq -r --arg name "$CS_TOKEN_LABEL" '[.[].Token | select(.Label == $name)] | sort_by(.Slot)[0]' "$work/out")
for attribute in "serial=$(jq -r .Serial <<<"$first")" "slot-id=$(jq -r .Slot <<<"$first")"; do
    run 0 "$cscert" token list --json --token "pkcs11:$attribute"
    same "tokens with $attribute" 1 "$(jq length "$work/out")"
    same "serial with $attribute" "$(jq -r .Serial <<<"$first")" "$(jq -r '.[0].Token.Serial' "$work/out")"
done
