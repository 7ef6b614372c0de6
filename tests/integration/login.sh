#!/usr/bin/env bash
# Every form of login as a user of the program sees it: exit code, message, and each C_Login that reached the module.
set -euo pipefail
# shellcheck source=tests/integration/lib.sh
. "$1/tests/integration/lib.sh"
setup
export CS_SPY_MODULE=$HSM_MODULE CS_SPY_LOGINS=$HSM_FOLDER/logins CS_SPY_PAD_PIN=$HSM_PIN
MODULE=$BUILD/tests/support/spymod.so
write_config "ca lab { type = lab }"
new=("$CSCERT" new --type Internal --computer-fqdn edge1.litwareinc.com --key-alg ECDH_P256)

# login TRAITS CODE LOGINS COMMAND...: LOGINS are "USER pin" or "USER nothing", the user as Cryptoki numbers them.
login() {
    local traits=$1 code=$2 expected=$3
    shift 3
    : >"$CS_SPY_LOGINS"
    CS_SPY_TRAITS=$traits run "$code" "$@"
    same "logins ($traits)" "$expected" "$(paste -sd, "$CS_SPY_LOGINS")"
    if grep -qF "$HSM_PIN" "$OUT" "$ERR"; then fail "the PIN stands in the output"; fi
}

# ---- the flags and the answers of the token ----
while IFS='|' read -r traits code logins says; do
    login "$traits" "$code" "$logins" "${new[@]}" --output out.req --force
    [ -z "$says" ] || says "$says"
    if [ "$code" -eq 0 ]; then
        run 0 "$CSCERT" clear --request-id "$("$CSCERT" list --json | jq '.[-1].RequestId')"
    else
        grep -q '^  do: ' "$ERR" || fail "no remedy"
    fi
    rm -f out.req
    has_objects 0 0 0
done <<'ROWS'
|0|1 pin|
protected-path|0|1 nothing|
no-login|0||
no-user-pin|5||no user PIN
locked|5||is locked; no login was tried
final-try|5||one PIN try left
max-pin:0:9|5||at most 9 octets
login-says:1:0xa0|5|1 pin|CKR_PIN_INCORRECT (0xa0)
login-says:1:0xa2|5|1 pin|CKR_PIN_LEN_RANGE (0xa2)
login-says:1:0xa3|5|1 pin|CKR_PIN_EXPIRED (0xa3)
login-says:1:0xa4|5|1 pin|CKR_PIN_LOCKED (0xa4)
login-says:1:0x104|5|1 pin|CKR_USER_ANOTHER_ALREADY_LOGGED_IN (0x104)
login-says:1:0xb5|6|1 pin|CKR_SESSION_READ_ONLY (0xb5)
login-says:1:0x30|6|1 pin|CKR_DEVICE_ERROR (0x30)
login-says:1:0x50,protected-path|12|1 nothing|CKR_FUNCTION_CANCELED (0x50)
ROWS

# What stops nothing is said, unless -Force is.
login count-low 0 '1 pin' "${new[@]}" --output low.req
says 'counts wrong PINs'
login to-be-changed 0 '1 pin' "${new[@]}" --output changed.req
says 'wants a new PIN'
login protected-path 0 '1 nothing' "${new[@]}" --output pad.req
says "enter the PIN on the token's pad"
for id in $("$CSCERT" list --json | jq '.[] | select(.RequestStatus == "Offline") | .RequestId'); do
    run 0 "$CSCERT" clear --request-id "$id"
done
has_objects 0 0 0

# With a pad no source of a PIN is needed, nor read; without one, and with nobody to ask, nothing is sent.
printf "token { uri = '%s'  module = '%s'  lock-dir = '%s' }\n" "$HSM_URI" "$MODULE" "$WORK/run" >padless.conf
login protected-path 0 '1 nothing' "${new[@]}" --output padless.req --config padless.conf
run 0 "$CSCERT" clear --request-id "$("$CSCERT" list --json | jq '.[-1].RequestId')"
login protected-path 0 '1 nothing' "${new[@]}" --output padless2.req --pin-source file:/nonexistent
run 0 "$CSCERT" clear --request-id "$("$CSCERT" list --json | jq '.[-1].RequestId')"
login '' 3 '' "${new[@]}" --output out.req --config padless.conf
says 'no terminal'

# ---- the final try: only a person goes on, and -Force is no person ----
typed() { # ANSWER CODE LOGINS
    local code=0
    : >"$CS_SPY_LOGINS"
    printf '%s\n' "$1" | CS_SPY_TRAITS=final-try script -qec "$(printf '%q ' "${new[@]}" --output typed.req --force)" \
        /dev/null >typed.txt 2>&1 || code=$?
    same "exit code after \"$1\"" "$2" "$code"
    same "logins after \"$1\"" "$3" "$(paste -sd, "$CS_SPY_LOGINS")"
    grep -q 'locks itself at the next wrong PIN. Log in?' typed.txt || fail "the question: $(cat typed.txt)"
}
typed n 12 ''
typed y 0 '1 pin'
run 0 "$CSCERT" clear --request-id "$("$CSCERT" list --json | jq '.[-1].RequestId')"
has_objects 0 0 0

# ---- a login for each signature: one of the run, one for each signature, also where a CA signs on the same token ----
login always-authenticate 0 '1 pin,2 pin' "$CSCERT" ca init 'Login' --key-alg ECDH_P256
login always-authenticate 0 '1 pin,2 pin,2 pin' "${new[@]}" --ca lab
login always-authenticate,protected-path 0 '1 nothing,2 nothing,2 nothing' "${new[@]}" --ca lab --force
has_objects 3 3 3
# A key that wants another PIN than the login: sent once, though two signatures are to be made; nothing is left.
login always-authenticate,login-says:2:0xa0 5 '1 pin,2 pin' "${new[@]}" --ca lab --force
says 'the key wants a login for each signature'
says 'CKR_PIN_INCORRECT (0xa0)'
has_objects 3 3 3

# ---- two tokens in one run: each gets its own PIN once, and the key stays where it is when the other one refuses ----
softhsm_add_token other
printf 'wrong-pin-1\n' >wrong-pin
chmod 0600 wrong-pin
run 0 "${new[@]}" --ca lab --force --private-key-exportable True --json
id=$(json '.[0].RequestId')
login '' 5 '1 pin,1 pin' "$CSCERT" export "$id" --to 'pkcs11:token=other' --to-pin-source file:wrong-pin
says 'CKR_PIN_INCORRECT (0xa0)'
login '' 0 '1 pin,1 pin' "$CSCERT" export "$id" --to 'pkcs11:token=other' --to-pin-source "file:$PIN_FILE"

# ---- many requests, one wrong PIN, one try ----
run 0 "$CSCERT" topology import "$SOURCE/tests/data/topology/example-topology.xml" \
    "$SOURCE/tests/data/topology/example-simpleurls.xml"
mkdir requests
login '' 5 '1 pin' "$CSCERT" new --all --output-dir requests --pin-source file:wrong-pin
says 'CKR_PIN_INCORRECT (0xa0)'
has_objects 4 4 4
