#!/usr/bin/env bash
# An offline request of every key type, judged by openssl, certtool and python3-cryptography, answered by a CA of OpenSSL's,
# and the certificate put on the token under the key's ID.
set -euo pipefail
# shellcheck source=tests/integration/lib.sh
. "$1/tests/integration/lib.sh"
setup

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key -out ca.pem -days 30 \
    -subj '/CN=Offline test CA' -addext basicConstraints=critical,CA:TRUE 2>/dev/null

# answer REQUEST ISSUED [OPENSSL-ARGUMENT...]: what a CA would do.
answer() {
    local request=$1 issued=$2
    shift 2
    openssl x509 -req -in "$request" -CA ca.pem -CAkey ca.key -CAcreateserial -copy_extensions copyall \
        -out "$issued" "$@" 2>/dev/null
}

accepted_by_all() {
    openssl req -in "$1" -verify -noout 2>&1 | grep -q 'verify OK' || fail "openssl rejects $1"
    certtool --crq-info --infile "$1" >crq.txt 2>&1 || fail "certtool rejects $1"
    grep -qi 'self signature: verified' crq.txt || fail "certtool does not verify $1: $(cat crq.txt)"
    "$PYTHON" - "$1" <<'PY' || fail "python3-cryptography rejects $1"
import sys
from cryptography import x509
request = x509.load_pem_x509_csr(open(sys.argv[1], 'rb').read())
assert request.is_signature_valid
usage = request.extensions.get_extension_for_class(x509.KeyUsage)
assert usage.critical and usage.value.digital_signature
rsa = 'RSA' in type(request.public_key()).__name__
assert usage.value.key_encipherment == rsa and usage.value.key_agreement != rsa
eku = request.extensions.get_extension_for_class(x509.ExtendedKeyUsage)
assert [u.dotted_string for u in eku.value] == ['1.3.6.1.5.5.7.3.1', '1.3.6.1.5.5.7.3.2'], eku
san = request.extensions.get_extension_for_class(x509.SubjectAlternativeName)
assert san.value.get_values_for_type(x509.DNSName) == \
    ['edge1.litwareinc.com', 'sip.litwareinc.com'], san
subject = [(a.oid._name, a.value) for a in request.subject]
assert sorted(subject) == sorted([
    ('commonName', 'edge1.litwareinc.com'), ('organizationalUnitName', 'Communications'),
    ('organizationName', 'Litware, Inc. ÄÖ'), ('localityName', 'Redmond'),
    ('stateOrProvinceName', 'WA'), ('countryName', 'US')]), subject
PY
}

id=0
# one ALGORITHM SIZE SIGNATURE
one() {
    local name=$1-$2
    id=$((id + 1))
    run 0 "$CSCERT" new --type Internal --computer-fqdn EDGE1.litwareinc.com \
        --domain-name sip.litwareinc.com,Edge1.Litwareinc.com --key-alg "$1" --key-size "$2" \
        --client-eku True --organization 'Litware, Inc. ÄÖ' --ou Communications --city Redmond \
        --state WA --country us --output "$name.req"
    same "mode of $name.req" 644 "$(stat -c %a "$name.req")"
    accepted_by_all "$name.req"
    mv "$name.req" "$name.lost"
    run 0 "$CSCERT" list --request-id "$id" --output "$name.req" --json
    same "file of $name" "$name.req" "$(json '.[0].Files[0]')"
    cmp "$name.req" "$name.lost" || fail "$name.req is another request than the one that was lost"
    openssl req -in "$name.req" -noout -text | grep -q "Signature Algorithm: $3" ||
        fail "$name is not signed with $3"
    answer "$name.req" "$name.pem"
    run 0 "$CSCERT" retrieve --request-id "$id" --reply "$name.pem"
    run 0 "$CSCERT" list --request-id "$id" --json
    same "status of $name" Issued "$(json '.[0].RequestStatus')"
    same "thumbprint of $name" \
        "$(openssl x509 -in "$name.pem" -noout -fingerprint -sha1 | sed 's/.*=//; s/://g')" \
        "$(json '.[0].Thumbprint')"
    has_objects "$id" "$id" "$id"
}

one RSA 1024 sha256WithRSAEncryption
one RSA 2048 sha256WithRSAEncryption
one RSA 3072 sha256WithRSAEncryption
one RSA 4096 sha256WithRSAEncryption
one ECDH_P256 256 ecdsa-with-SHA256
one ECDH_P384 384 ecdsa-with-SHA384
one ECDH_P521 521 ecdsa-with-SHA512

# Key pair and certificate stand under one ID, for p11tool and for pkcs11-tool.
for class in privkey pubkey cert; do
    pkcs11-tool --module "$HSM_MODULE" --token-label "$HSM_LABEL" --login --pin "$HSM_PIN" --list-objects \
        --type $class 2>/dev/null | sed -n 's/^ *ID: *//p' | sort >"ids.$class"
    same "different IDs of $class" 7 "$(uniq "ids.$class" | wc -l)"
    cmp -s ids.privkey "ids.$class" || fail "the IDs of $class are not those of the private keys"
done
GNUTLS_PIN=$HSM_PIN p11tool --provider "$HSM_MODULE" --login --list-all "pkcs11:token=$HSM_LABEL" 2>/dev/null |
    sed -n 's/^\tID: //p' | sort | uniq -c | awk '{print $1}' | sort -u >p11tool.txt
same "objects with each ID, for p11tool" 3 "$(cat p11tool.txt)"

# DER, and the answer as PKCS#7 with the chain.
run 0 "$CSCERT" new --type Internal --computer-fqdn edge2.litwareinc.com --outform der --output der.req
openssl req -inform DER -in der.req -verify -noout 2>&1 | grep -q 'verify OK' || fail "no DER request"
openssl req -inform DER -in der.req -out der.pem
answer der.pem der-issued.pem
openssl crl2pkcs7 -nocrl -certfile der-issued.pem -certfile ca.pem -outform DER -out der.p7b
run 0 "$CSCERT" retrieve --request-id 8 --reply der.p7b --chain
says 'unverified'
has_objects 8 8 9

# The same answer again changes nothing.
run 0 "$CSCERT" retrieve --request-id 8 --reply der.p7b --chain
has_objects 8 8 9
