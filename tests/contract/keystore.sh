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

# Under a sanitizer: what these modules never free is theirs, and is told by their names. They have no
# frame pointers, so that the stack is unwound the slow way, and no further than is needed.
case $token in
opencryptoki | tpm2 | vcard)
    export ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}fast_unwind_on_malloc=0:malloc_context_size=12"
    export LSAN_OPTIONS="suppressions=$source/tests/support/lsan.supp:print_suppressions=0"
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
