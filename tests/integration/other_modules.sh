#!/usr/bin/env bash
# A module of another make on the machine that does not start, and says so at length: tpm2-pkcs11 without a TPM. It does not
# stand before the user's token, is not asked twice, and can be silenced as docs/TOKENS.md says.
set -euo pipefail
if [ "${1:-}" != --inside ]; then
    exec "$1/tests/tokens/with-token.sh" softhsm2 "$0" --inside "$1" "$2"
fi
shift
# shellcheck source=tests/integration/lib.sh
. "$1/tests/integration/lib.sh"
[ -e /usr/lib/x86_64-linux-gnu/pkcs11/libtpm2_pkcs11.so ] || fail "install the package libtpm2-pkcs11-1 (tests/packages.txt)"

HSM_FOLDER=$CS_TOKEN_FOLDER/other
WORK=$HSM_FOLDER/work
mkdir -m 0700 "$HSM_FOLDER" "$WORK" "$WORK/run"
cd "$WORK"
export CSCERT_CONFIG=$WORK/cscert.conf CSCERT_STATE_DIR=$WORK/state
others=/etc/pkcs11/modules/tpm2-pkcs11.module
noise='Could not initialize tpm ctx'
cp "$SOURCE/hsm-config/p11-kit/tpm2-pkcs11.module" "$others"
# What that module leaves behind when it does not start is its own affair, and it is unloaded before
# a sanitizer could tell whose it is.
export ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0"

# configure TOKEN-URI [KEYS]
configure() {
    printf "token { uri = '%s'  pin-source = 'file:%s'  lock-dir = '%s'  %s }\n" "$1" "$CS_TOKEN_PIN_FILE" \
        "$WORK/run" "${2:-}" >"$CSCERT_CONFIG"
}
number=0
new() {
    number=$((number + 1))
    run "$1" "$CSCERT" new --type Internal --computer-fqdn edge1.litwareinc.com --key-alg ECDH_P256 \
        --output "out-$number.req"
}
times() {
    grep -cF "$noise" "$ERR" || true
}

# the user's token is found all the same
configure "$CS_TOKEN_URI"
new 0
same "how often it was started" 1 "$(times)"

# no token fits: that is what is said, with what there is and what did not start
configure pkcs11:token=nosuch
new 4
says 'no initialised token fits pkcs11:token=nosuch'
says "token=$CS_TOKEN_LABEL"
says 'libtpm2_pkcs11'
same "how often it was started" 1 "$(times)"

# silenced for cscert, or not loaded because another module is named
rm -rf "$HOME/.tpm2_pkcs11"
configure "$CS_TOKEN_URI"
echo 'disable-in: cscert' >>"$others"
new 0
same "how often it was started" 0 "$(times)"
cp "$SOURCE/hsm-config/p11-kit/tpm2-pkcs11.module" "$others"
# What that module leaves behind when it does not start is its own affair, and it is unloaded before
# a sanitizer could tell whose it is.
export ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0"
for module in softhsm2 "$CS_TOKEN_MODULE"; do
    configure "$CS_TOKEN_URI" "module = '$module'"
    new 0
    same "how often it was started" 0 "$(times)"
done
[ ! -e "$HOME/.tpm2_pkcs11" ] || fail "it made its store in the user's home"
