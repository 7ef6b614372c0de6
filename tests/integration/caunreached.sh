#!/usr/bin/env bash
# A CA that cannot be reached is found out before there is a key: whatever the way to it, `new` then makes no key on the
# token and leaves no request.
set -euo pipefail
# shellcheck source=tests/integration/lib.sh
. "$1/tests/integration/lib.sh"
setup
export CS_SPY_MODULE=$HSM_MODULE CS_SPY_COUNTS=$WORK/counts KRB5CCNAME=FILE:$WORK/no-ticket
umask 077
printf 'secret\n' >password
# Port 1 of this machine is closed, and no name server knows a name below .invalid (RFC 6761).
CES=_CES_UsernamePassword/service.svc/CES
CEP=_CEP_UsernamePassword/service.svc/CEP
ACCOUNT="account = 'X\\ken'  password-source = 'file:$WORK/password'  timeout = 20"
MODULE=$BUILD/tests/support/spymod.so write_config \
    "ca name { type = rpc  address = 'ca.invalid\\x'  $ACCOUNT }" \
    "ca pages { type = certsrv  address = 'https://localhost:1/certsrv'  auth = ntlm  $ACCOUNT }" \
    "ca pages-name { type = certsrv  address = 'https://ca.invalid/certsrv'  auth = ntlm  $ACCOUNT }" \
    "ca pages-ticket { type = certsrv  address = 'https://localhost:1/certsrv' }" \
    "ca service { type = ces  address = 'https://localhost:1/x$CES'  $ACCOUNT }" \
    "ca service-name { type = ces  address = 'https://ca.invalid/x$CES'  $ACCOUNT }" \
    "ca policies { type = cep  address = 'https://localhost:1/x$CEP'  $ACCOUNT }" \
    "ca both { type = ces  address = { 'https://localhost:1/x$CES', 'https://localhost:2/x$CES' }  $ACCOUNT }"

# Where that may be, no name server is there to be asked: the answer of this machine's could be late, or a lie.
ALONE=(unshare --net)
"${ALONE[@]}" true 2>/dev/null || ALONE=()

new() { # new CA TEXT [COMMAND...]: what it is started with
    rm -f counts
    run 7 "${@:3}" "$CSCERT" new --type Internal --computer-fqdn edge1.litwareinc.com --ca "$1" --key-alg ECDH_P256
    says "$2"
    grep -q '^  do: .' "$ERR" || fail "$1: no remedy"
    if grep -s C_GenerateKeyPair counts; then fail "$1: a key was generated"; fi
    run 0 "$CSCERT" list --json
    same "requests after $1" 0 "$(json length)"
}
new name 'ca.invalid cannot be resolved' "${ALONE[@]}"
new pages 'localhost cannot be asked'
new pages-name 'ca.invalid cannot be asked' "${ALONE[@]}"
new pages-ticket 'there is no ticket'
new service 'localhost cannot be asked'
new service-name 'ca.invalid cannot be asked' "${ALONE[@]}"
new policies 'localhost cannot be asked'
new both 'none of the 2 addresses'
has_objects 0 0 0

# The counter counts: offline a key is made.
run 0 "$CSCERT" new --type Internal --computer-fqdn edge1.litwareinc.com --key-alg ECDH_P256 --output out.req
grep -q C_GenerateKeyPair counts || fail "the spy does not count"
