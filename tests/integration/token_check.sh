#!/usr/bin/env bash
# `cscert token check` on every token of tests/tokens: what it finds is what is known of it from measurements by other
# means. Arguments: source and build folder. Inside of with-token.sh: the same and the word "inside".
set -euo pipefail
source=$1 build=$2

if [ "${3:-}" != inside ]; then
    code=0
    for token in opencryptoki tpm2 vcard p11kit-remote; do
        "$source/tests/tokens/with-token.sh" "$token" "$0" "$source" "$build" inside || code=$?
        [ "$code" -eq 0 ] || exit "$code"
    done
    exit 0
fi

work=$CS_TOKEN_FOLDER/check
mkdir -m 0700 "$work"
export CSCERT_CONFIG=$work/cscert.conf CSCERT_STATE_DIR=$work/state
cat >"$CSCERT_CONFIG" <<CONF
token { uri = '$CS_TOKEN_URI'  module = '$CS_TOKEN_MODULE'  pin-source = 'file:$CS_TOKEN_PIN_FILE'  lock-dir = '$work/run' }
CONF
# leaks of the modules (tests/contract/keystore.sh)
[ "$CS_TOKEN_NAME" = p11kit-remote ] || export ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0"

fail() {
    printf 'FAILED on %s: %s\n' "$CS_TOKEN_NAME" "$*" >&2
    jq -r '.[].Finding // empty | [.About, .What, .Result, .Detail, .Cause] | @tsv' "$work/out" >&2 || cat "$work/out" >&2
    cat "$work/err" >&2
    exit 1
}

# found ABOUT WHAT RESULT [PART]: the finding, and a part of its detail or cause
found() {
    local row
    row=$(jq -r --arg about "$1" --arg what "$2" '[.[].Finding // empty | select(.About == $about and .What == $what)][0] |
        "\(.Result)|\(.Detail)|\(.Cause)"' "$work/out")
    [ "${row%%|*}" = "$3" ] || fail "$1, $2: \"$row\" instead of $3"
    [[ $row == *"${4:-}"* ]] || fail "$1, $2: \"$row\" does not say \"$4\""
}

# draft LINE: of the draft profile
draft() {
    jq -r '.[-1].Draft' "$work/out" | grep -xF -- "$1" >/dev/null || fail "the draft has not: $1"
}

# keys COLUMN RESULT...: of P-256, P-384, P-521, RSA-1024, 2048, 3072 and 4096
keys() {
    local what=$1 about
    shift
    for about in ECDH_P256 ECDH_P384 ECDH_P521 RSA-1024 RSA-2048 RSA-3072 RSA-4096; do
        found "$about" "$what" "$1"
        shift
    done
}

check() {
    local want=$1 code=0
    "$build/cli/cscert" token check --json >"$work/out" 2>"$work/err" </dev/null || code=$?
    [ "$code" = "$want" ] || fail "it ended with $code instead of $want"
    [ "$(jq '[.[].Left // empty] | length' "$work/out")" = 0 ] || fail "something is left on the token"
}

# Facts: openCryptoki 3.8.1, tpm2-pkcs11 1.9.0, OpenSC 0.23.0 with an IsoApplet, p11-kit 0.24.1 over SoftHSM 2.6.1.
case $CS_TOKEN_NAME in
opencryptoki)
    check 0
    keys generate no no no yes yes yes yes
    found ECDH_P256 generate no CKR_MECHANISM_INVALID
    found token 'PIN length' is '4 to 8'
    found mechanisms CKM_RSA_X_509 yes
    found mechanisms CKM_SHA256_RSA_PKCS no
    found RSA-2048 'sign, CKM_RSA_PKCS' yes verified
    found RSA-2048 'sign, combined mechanism' no CKR_MECHANISM_INVALID
    found RSA-2048 CKA_KEY_GEN_MECHANISM no 'not told'
    found RSA-2048 CKA_EXTRACTABLE=true yes
    found RSA-2048 'wrap it, not extractable' denied CKR_KEY_UNEXTRACTABLE
    found RSA-1024 'wrap, CKM_AES_KEY_WRAP_PAD' no
    found RSA-1024 'wrap, CKM_AES_CBC_PAD' yes 'CBC with PKCS #7'
    found RSA-1024 unwrap ignored 'reads back true'
    draft "exportable = 'yes'"
    draft 'refuses = {}'
    draft 'unreliable = {}'
    ;;
tpm2)
    check 6 # EXTRACTABLE can be set afterwards
    keys generate yes yes yes yes yes yes no
    found RSA-4096 generate no CKR_ATTRIBUTE_VALUE_INVALID
    found ECDH_P256 'CKA_DECRYPT=false' refused CKR_GENERAL_ERROR
    found ECDH_P256 'CKA_ENCRYPT=false' refused CKR_GENERAL_ERROR
    found ECDH_P521 'public half' untrue 'no point of ECDH_P521'
    found ECDH_P384 'sign, CKM_ECDSA' yes verified
    found ECDH_P256 'sign, combined mechanism' yes CKM_ECDSA_SHA256
    found RSA-2048 'sign, combined mechanism' yes
    found RSA-2048 CKA_EXTRACTABLE=true refused CKR_ATTRIBUTE_VALUE_INVALID
    found RSA-2048 'set CKA_EXTRACTABLE=true' GIVEN
    found RSA-2048 'read it after that' denied
    found RSA-2048 'wrap it, not extractable' 'not tried' 'no AES key'
    found ECDH_P256 CKA_ALWAYS_AUTHENTICATE=true yes CKR_USER_NOT_LOGGED_IN
    draft "exportable = 'no'"
    draft "refuses = {'CKA_ENCRYPT=false', 'CKA_DECRYPT=false'}"
    draft "library = 'TPM2.0 Cryptoki'"
    draft "cannot = {'ECDH_P521: the module makes the key, and its public half cannot be read'}"
    ;;
vcard)
    check 0
    keys generate yes yes no no yes no no
    found RSA-1024 generate no CKR_FUNCTION_NOT_SUPPORTED
    found token 'PIN length' is '4 to 16'
    found mechanisms CKM_RSA_X_509 no
    found objects 'key pairs in a session' ignored
    found ECDH_P256 'sign, CKM_ECDSA' no CKR_MECHANISM_INVALID
    found RSA-2048 'sign, CKM_RSA_PKCS' yes verified
    found RSA-2048 'CKA_LOCAL reads back' untrue
    found RSA-2048 'CKA_SENSITIVE reads back' untrue
    found RSA-2048 'CKA_ALWAYS_SENSITIVE reads back' untrue
    found RSA-2048 CKA_EXTRACTABLE=true ignored
    found RSA-2048 'set CKA_EXTRACTABLE=true' denied CKR_ATTRIBUTE_READ_ONLY
    found RSA-2048 'wrap it, not extractable' denied
    draft "exportable = 'ignored'"
    draft "refuses = {'CKA_SIGN_RECOVER=false'}"
    draft "unreliable = {'CKA_LOCAL', 'CKA_SENSITIVE', 'CKA_ALWAYS_SENSITIVE', 'CKA_NEVER_EXTRACTABLE'}"
    ;;
p11kit-remote)
    check 0
    keys generate yes yes yes yes yes yes yes
    keys 'set CKA_EXTRACTABLE=true' denied denied denied denied denied denied denied
    found RSA-2048 CKA_EXTRACTABLE=true yes
    found RSA-1024 'wrap, CKM_AES_KEY_WRAP_PAD' no # p11-kit lets no wrapping mechanism pass
    found ECDH_P256 'wrap, CKM_AES_KEY_WRAP_PAD' no
    found ECDH_P256 'sign, combined mechanism' no
    found RSA-2048 'sign, combined mechanism' yes
    found ECDH_P256 CKA_ALWAYS_AUTHENTICATE=true yes
    draft "exportable = 'yes'"
    ;;
esac
"$build/cli/cscert" token list >"$work/list" || fail "the list fails"
grep -qxF "Profile       : $CS_TOKEN_PROFILE" "$work/list" || fail "the list has not the profile $CS_TOKEN_PROFILE"
echo "$CS_TOKEN_NAME: as known"
