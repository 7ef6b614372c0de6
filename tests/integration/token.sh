#!/usr/bin/env bash
# `cscert token list`, `init` and `check` as a user runs them, on SoftHSM2.
set -euo pipefail
# shellcheck source=tests/integration/lib.sh
. "$1/tests/integration/lib.sh"
setup
SPY=$BUILD/tests/support/spymod.so
export CS_SPY_MODULE=$HSM_MODULE
SO_PIN_FILE=$(softhsm_pin_file "$HSM_SO_PIN")

# list: the configured module's slots, also the empty one, without a PIN
PIN=$PIN_FILE
PIN_FILE=/nonexistent write_config
PIN_FILE=$PIN
run 0 "$CSCERT" token list
prints "Label         : $HSM_LABEL"
prints 'State         : initialised, PIN set, needs login'
prints 'State         : not initialised'
prints 'Profile       : softhsm2'
run 0 "$CSCERT" token list --json
same "tokens" 2 "$(json length)"
same "label" "$HSM_LABEL" "$(json '.[0].Token.Label')"
run 0 "$CSCERT" token list --token "$HSM_URI?module-path=$HSM_MODULE"
same "tokens that fit" 1 "$(grep -c '^Token' "$OUT")"
run 4 "$CSCERT" token list --token 'pkcs11:token=nobody'
says 'no token fits'
run 2 "$CSCERT" token list --token 'pkcs11:token=a;tokn=b'
run 2 "$CSCERT" token list --token 'pkcs11:token=a?pin-value=4711'
says 'pin-value'
grep -q 4711 "$ERR" && fail "a PIN is repeated"
write_config

# one object of it, by its URI
"$BUILD/tests/support/cs-hsmtool" populate "$HSM_LABEL" "$PIN_FILE" 1 ec >/dev/null || fail "the token was not filled"
of=(--pin-source "file:$PIN_FILE")
run 0 "$CSCERT" token list --token "$HSM_URI;object=old00000;type=private" "${of[@]}"
prints 'Class         : private key'
prints 'CKA_EXTRACTABLE'
run 4 "$CSCERT" token list --token "$HSM_URI;object=old00000" "${of[@]}"
says '2 objects'
says 'type=public'
run 4 "$CSCERT" token list --token "$HSM_URI;object=nobody" "${of[@]}"
says 'there are:'
run 2 "$CSCERT" new --type Internal --computer-fqdn a.litwareinc.com --output a.req --token "$HSM_URI;object=old00000"
says 'names an object'

# a module that does not start is said, and is the error where it is alone
MODULE=$SPY write_config
CS_SPY_FAULT=C_Initialize:1+:0x30 run 4 "$CSCERT" token list
prints 'C_Initialize: CKR_DEVICE_ERROR (0x30)'

# init: the empty slot, once
write_config
run 2 "$CSCERT" token init
run 2 "$CSCERT" token init second --so-pin-source "file:$SO_PIN_FILE" --pin-source "file:$PIN_FILE"
says 'the URI names another' # as configured
any=(--token 'pkcs11:' --so-pin-source "file:$SO_PIN_FILE" --pin-source "file:$PIN_FILE")
run 0 "$CSCERT" token init second "${any[@]}" --json
same "label" second "$(json '.[0].Token.Label')"
run 2 "$CSCERT" token init second "${any[@]}"
says 'there is a token "second" already'
run 2 "$CSCERT" token init "$(printf 'x%.0s' {1..33})" "${any[@]}"
says '1 to 32 octets'
run 4 "$CSCERT" token init third --so-pin-source "file:$SO_PIN_FILE" --pin-source "file:$PIN_FILE" \
    --token 'pkcs11:manufacturer=nobody'
says 'never touched'
run 0 softhsm2-util --show-slots
same "tokens of that label" 1 "$(grep -c 'Label: *second' "$OUT")"
HSM_URI=pkcs11:token=second write_config
run 0 "$CSCERT" new --type Internal --computer-fqdn edge1.litwareinc.com --key-alg ECDH_P256 --output new.req
run 0 openssl req -in new.req -noout -verify

# check: nothing is left, the user's own keys stay, the draft is a profile that works
write_config
objects=$(softhsm_count_files)
run 0 "$CSCERT" token check --profile draft.profile
prints 'ECDH_P256            ECDH_P384            ECDH_P521'
prints 'RSA-4096'
grep -q DANGER "$OUT" && fail "SoftHSM2 is called out"
grep -q 'Against PKCS' "$OUT" && fail "SoftHSM2 is called out"
same "objects after the check" "$objects" "$(softhsm_count_files)"
has_objects 1 1 0
TOKEN_KEYS="profile = '$WORK/draft.profile'" write_config
run 0 "$CSCERT" new --type Internal --computer-fqdn edge2.litwareinc.com --key-alg ECDH_P256 --output with-draft.req --verbose
says "profile draft of $HSM_LABEL"
write_config
run 16 "$CSCERT" token check --profile draft.profile
says draft.profile

# a token that gives what it must not
MODULE=$SPY write_config
CS_SPY_TRAITS=extractable-forced,answer:0x162:0,answer:0x164:1 run 6 "$CSCERT" token check --json
says 'does what PKCS #11 forbids'
same "given" GIVEN \
    "$(json '[.[].Finding // empty | select(.What == "wrap it, not extractable")][0].Result')"
same "severity" danger \
    "$(json '[.[].Finding // empty | select(.What == "wrap it, not extractable")][0].Severity')"
[[ $(json '.[-1].Draft') == *'# DANGER'* ]] || fail "the draft does not say it"

# a module that crashes, or never comes back, in the middle: what was found is printed, and where it was
for fault in crash hang; do
    TOKEN_KEYS='timeout-call = 2' MODULE=$SPY write_config
    code=6
    [ "$fault" = crash ] || code=4
    CS_SPY_FAULT=C_SignInit:3:$fault run $code "$CSCERT" token check --json
    says 'during: ECDH_P256, sign'
    says 'label "cscert-check-'
    same "generated before the $fault" yes \
        "$(json '[.[].Finding // empty | select(.What == "generate")][0].Result')"
done

# a PIN that is wrong is sent once, a signal leaves nothing
write_config
printf 'wrong-%s\n' "$HSM_PIN" >bad-pin
chmod 0600 bad-pin
MODULE=$SPY write_config
CS_SPY_LOG=$WORK/log run 5 "$CSCERT" token check --pin-source file:bad-pin
same "logins" 1 "$(grep -c C_Login log)"
rm -f log
mkfifo slow
CS_SPY_LOG=$WORK/log "$CSCERT" token check >out 2>err </dev/null &
checking=$!
until grep -q 'C_GenerateKeyPair 4 ' log 2>/dev/null; do
    kill -0 $checking 2>/dev/null || fail "the check ended by itself: $(cat err)"
    read -rt 0.02 <>slow || true
done
kill -INT $checking
code=0
wait $checking || code=$?
same "exit code after a signal" 12 "$code"
grep -q ECDH_P256 out || fail "what was found is not printed after a signal"
has_objects 2 2 0
