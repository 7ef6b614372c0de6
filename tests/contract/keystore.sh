#!/usr/bin/env bash
# The keystore's contract over one token of tests/tokens, and that nothing of the machine's own has
# changed in the places that its daemons use.
# Arguments: source folder, token, test_keystore, file for what the token did.
set -euo pipefail

source=$1 token=$2 program=$3 facts=$4

# What of the machine's own a token could touch.
places() {
    find /run/cscert-token /run/pcscd /run/pkcsslotd.pid /run/lock/opencryptoki /etc/pkcs11 \
        /etc/opencryptoki /var/lib/opencryptoki -printf '%p %s %T@\n' 2>/dev/null | sort || true
}

# What these modules never free is theirs (openCryptoki 3.8.1: its lists at C_Finalize; tpm2-pkcs11
# 1.9.0: attributes of each key; OpenSC 0.23.0: a copy of each public key), and they are unloaded or
# without frame pointers, so that a suppression by name does not find them. Leaks of ours show over the
# other tokens, where the same program runs with the check.
case $token in
opencryptoki | tpm2 | vcard)
    export ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0"
    ;;
esac

before=$(places)
: >"$facts"
code=0
CS_TOKEN_FACTS=$facts "$source/tests/tokens/with-token.sh" "$token" "$program" || code=$?
if [ "$(places)" != "$before" ]; then
    echo "FAIL: the machine's own files have changed:" >&2
    diff <(printf '%s\n' "$before") <(places) >&2
    exit 1
fi
exit "$code"
