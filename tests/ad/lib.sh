# shellcheck shell=bash
# What the tests of the program against the AD CS bed share: sourced with the source and the build folder as
# arguments, inside the bed (ad.sh run), whose officer is $ADBED. It adds the bed's CA to what
# tests/integration/lib.sh has: a token and a store of its own, and the checks.
: "${ADBED:?run me by ad.sh}" "${ADBED_STATE:?run me inside the bed}"
# shellcheck source=tests/integration/lib.sh
. "$1/tests/integration/lib.sh"

# shellcheck disable=SC2034 # for who sources this
CA_HOST=ca01.litwareinc.test
# shellcheck disable=SC2034
OFFLINE_HOST=ca02.litwareinc.test # in the DNS and in the directory; refuses every connection
KENMYER='LITWAREINC\kenmyer'
KENMYER_PASSWORD='Passw0rd!'
# shellcheck disable=SC2034
KEYTAB=$ADBED_STATE/run/fe01.keytab # of FE01$

# setup_ad: setup() with nothing of the caller's Kerberos, and kenmyer's password in $PASSWORD_FILE.
setup_ad() {
    unset KRB5CCNAME KRB5_CONFIG
    export LC_ALL=C.UTF-8
    setup
    PASSWORD_FILE=$HSM_FOLDER/password # beside $WORK, in which nothing may hold it
    (umask 077 && printf '%s\n' "$KENMYER_PASSWORD" >"$PASSWORD_FILE")
    # shellcheck disable=SC2034
    AS_KENMYER=(--ca-account "$KENMYER" --ca-password-source "file:$PASSWORD_FILE")
}

# ticket FILE: a credential cache with kenmyer's ticket.
ticket() {
    kinit -c "FILE:$1" kenmyer <"$PASSWORD_FILE" >/dev/null || fail "no ticket for kenmyer"
}

# officer approve|deny|revoke ID
officer() {
    "$ADBED" "$@" || fail "the bed's officer cannot $*"
}

# records SQL: of the CA's own, bed/lib/bed/ca.py; `adbed requests` prints the same and takes a second.
records() {
    sqlite3 -readonly -cmd ".timeout 30000" "$ADBED_STATE/ca/requests.sqlite" "$1"
}

# at_ca ID: what the CA has on record of the request: issued, pending, denied, revoked (MS-WCCE 3.2.1.4.2.1.3).
at_ca() {
    records "SELECT CASE disposition WHEN 2 THEN 'denied' WHEN 3 THEN 'issued' WHEN 5 THEN 'pending'
             WHEN 6 THEN 'revoked' ELSE disposition END FROM request WHERE id = $1"
}

# all_objects: how many objects the token has, as GnuTLS sees them. p11tool takes the PIN from its environment.
all_objects() {
    GNUTLS_PIN=$HSM_PIN p11tool --provider "$HSM_MODULE" --login --list-all "$HSM_URI" 2>/dev/null |
        grep -c '^Object ' || true
}

# on_token KEY_URI FILE: the certificate that stands on the token under the key's CKA_ID, as DER.
on_token() {
    local id
    id=$(sed 's/.*;id=\([^;?]*\).*/\1/; s/%//g' <<<"$1")
    pkcs11-tool --module "$HSM_MODULE" --token-label "$HSM_LABEL" --login --pin "$HSM_PIN" --list-objects \
        --type privkey --id "$id" >key.txt 2>/dev/null || true
    grep -q '^Private Key Object' key.txt || fail "no private key with the id $id on the token"
    pkcs11-tool --module "$HSM_MODULE" --token-label "$HSM_LABEL" --read-object --type cert --id "$id" \
        --output-file "$2" >/dev/null 2>&1 || fail "no certificate with the id $id on the token"
}

# issued_here FILE: the bed's CA issued the certificate, for TLS servers.
issued_here() {
    openssl x509 -inform DER -in "$1" -out "$1.pem"
    openssl verify -purpose sslserver -CAfile "$ADBED_STATE/ca/root.pem" -untrusted "$ADBED_STATE/ca/ca.pem" \
        "$1.pem" >verified.txt 2>&1 || fail "openssl does not verify $1: $(cat verified.txt)"
}

# nothing_runs: neither cscert nor its helpers. The bed has a process namespace of its own.
nothing_runs() {
    local running # but one that has ended and that nobody has waited for
    running=$(ps -eo stat=,comm= | awk '$1 !~ /^Z/ && $2 ~ /^cscert/' || true)
    same "what is left running" '' "$running"
}
