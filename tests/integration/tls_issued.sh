#!/usr/bin/env bash
# A certificate that cscert had issued, served by a TLS server whose private key operations run on the token (libp11), to
# `openssl s_client -verify_return_error`, with the lab CA as the only anchor and its CRL checked.
set -euo pipefail
# shellcheck source=tests/integration/lib.sh
. "$1/tests/integration/lib.sh"
setup
write_config "ca lab { type = lab  crl-file = '$WORK/lab.crl'  crl-url = 'http://pki.litwareinc.com/lab.crl' }"
run 0 "$CSCERT" ca init 'TLS'
pkcs11-tool --module "$HSM_MODULE" --token-label "$HSM_LABEL" --read-object --type cert --label 'cscert lab CA TLS' \
    --output-file ca.der >/dev/null 2>&1
openssl x509 -inform DER -in ca.der -out ca.pem

server_pid=
stop() { [ -z "$server_pid" ] || kill -TERM "$server_pid" 2>/dev/null || true; }
at_exit stop

# serve KEY_ALG SUITE...: one certificate, each protocol
id=0
serve() {
    local key_id number
    id=$((id + 1))
    run 0 "$CSCERT" new --type Internal --computer-fqdn edge1.litwareinc.com --key-alg "$1" --ca lab
    run 0 "$CSCERT" list --request-id "$id" --json
    key_id=$(json '.[0].Key.Uri' | sed 's/.*;id=\([^;?]*\).*/\1/; s/%//g' | tr 'A-F' 'a-f')
    pkcs11-tool --module "$HSM_MODULE" --token-label "$HSM_LABEL" --read-object --type cert --id "$key_id" \
        --output-file issued.der >/dev/null 2>&1
    openssl x509 -inform DER -in issued.der -out issued.pem
    { openssl crl -inform DER -in lab.crl 2>/dev/null || openssl crl -in lab.crl; } >crl.pem
    openssl verify -CAfile ca.pem -CRLfile crl.pem -crl_check -purpose sslserver issued.pem >verify.txt 2>&1 ||
        fail "openssl verify: $(cat verify.txt)"
    rm -f port
    mkfifo port
    "$BUILD/tests/integration/cs-tlsserver" "$HSM_URI" "$key_id" issued.pem "$PIN_FILE" "$HSM_MODULE" \
        >port 2>server.err &
    server_pid=$!
    read -r -t 60 number <port || fail "no server: $(cat server.err)"
    for protocol in tls1_2 tls1_3; do
        openssl s_client -connect "127.0.0.1:$number" -CAfile ca.pem -verify_return_error \
            -verify_hostname edge1.litwareinc.com "-$protocol" </dev/null >client.txt 2>&1 ||
            fail "$1 $protocol: $(cat client.txt)"
        grep -q 'Verify return code: 0 (ok)' client.txt || fail "$1 $protocol is not verified"
    done
    if openssl s_client -connect "127.0.0.1:$number" -CAfile ca.pem -verify_return_error \
        -verify_hostname other.litwareinc.com </dev/null >client.txt 2>&1; then
        fail "a wrong host name was accepted"
    fi
    kill -TERM "$server_pid"
    wait "$server_pid" || fail "the server ended with $?: $(cat server.err)"
    server_pid=
}

serve RSA
serve ECDH_P256
serve ECDH_P384
