#!/usr/bin/env bash
# What a run may ask for once and what it must ask for again: a wrong PIN is sent once, however many requests want the
# token; the password of -CaAccount is not stored, so that `retrieve` takes it from its source or asks at the terminal.
set -euo pipefail
# shellcheck source=tests/integration/lib.sh
. "$1/tests/integration/lib.sh"
setup
HOLDING="ca holding { type = lab  policy = hold }"
write_config "$HOLDING"
run 0 "$CSCERT" ca init 'Asked' --key-alg ECDH_P256
PASSWORD=ca-password-Vb6nQ1
umask 077
printf '%s\n' "$PASSWORD" >ca-password

for n in 1 2 3; do
    run 9 "$CSCERT" new --type Internal --computer-fqdn "edge$n.litwareinc.com" --ca holding --key-alg ECDH_P256 \
        --ca-account 'litwareinc\kenmyer' --ca-password-source file:ca-password
done

# A source that is not there is found out before there is a key.
has_objects 4 4 1
run 3 "$CSCERT" new --type Internal --computer-fqdn edge9.litwareinc.com --ca holding --key-alg ECDH_P256 \
    --ca-account 'litwareinc\kenmyer' --ca-password-source file:missing
run 0 "$CSCERT" list --json
same "requests" 3 "$(json length)"
has_objects 4 4 1

# ---- the password ----
same "rows with the password" 0 "$(sqlite3 -readonly state/cscert.db .dump | grep -c "$PASSWORD" || true)"
# Nobody is there to ask and none is said: the lab CA needs none.
run 9 "$CSCERT" retrieve
# The source is read again; one that is not there is no silent "none", and each request says so.
run 9 "$CSCERT" retrieve --ca-password-source file:ca-password
run 9 "$CSCERT" retrieve --ca-password-source fd:3 3<ca-password
run 13 "$CSCERT" retrieve --ca-password-source file:missing
says missing
run 3 "$CSCERT" retrieve --request-id 1 --ca-password-source file:missing
chmod 0644 ca-password
run 3 "$CSCERT" retrieve --request-id 1 --ca-password-source file:ca-password
says ca-password
chmod 0600 ca-password
# One password is one account's: it does not go to another's CA.
run 9 "$CSCERT" new --type Internal --computer-fqdn edge8.litwareinc.com --ca holding --key-alg ECDH_P256 \
    --ca-account 'litwareinc\pilar' --ca-password-source file:ca-password
run 13 "$CSCERT" retrieve --ca-password-source file:ca-password
says 'litwareinc\pilar'
# Without a password there is nothing to keep apart.
run 9 "$CSCERT" retrieve
run 0 "$CSCERT" clear --request-id 4
# At a terminal it is asked for, once a run, without an echo.
# when_asked TEXT: types it once the question stands on the terminal; what is typed before is dropped
when_asked() {
    for ((i = 0; i < 3000; i++)); do
        grep -qsF 'Password of litwareinc\kenmyer' typed.txt && break
        read -r -t 0.01 <> <(:) || true
    done
    printf '%s\n' "$1"
}
code=0
when_asked "$PASSWORD" |
    timeout 60 script -qefc "$CSCERT retrieve --ca-password-source prompt" typed.txt >/dev/null 2>&1 || code=$?
same "exit code after the prompt" 9 "$code"
same "prompts" 1 "$(grep -aoF 'Password of litwareinc\kenmyer' typed.txt | wc -l)"
same "echoes of the password" 0 "$(grep -acF "$PASSWORD" typed.txt || true)"

# ---- the PIN ----
for n in 1 2 3; do
    run 0 "$CSCERT" ca approve "$n"
done
export CS_SPY_MODULE=$HSM_MODULE CS_SPY_LOG=$HSM_FOLDER/spy.log
MODULE=$BUILD/tests/support/spymod.so write_config "$HOLDING"
printf 'wrong-pin-1\n' >wrong-pin
: >"$CS_SPY_LOG"
run 13 "$CSCERT" retrieve --pin-source file:wrong-pin
says 'CKR_PIN_INCORRECT (0xa0)'
same "logins with the wrong PIN for three certificates" 1 "$(grep -c ' C_Login ' "$CS_SPY_LOG")"
has_objects 4 4 1
# The CA's answers were kept.
: >"$CS_SPY_LOG"
run 0 "$CSCERT" retrieve
same "logins for three certificates" 1 "$(grep -c ' C_Login ' "$CS_SPY_LOG")"
has_objects 4 4 4
