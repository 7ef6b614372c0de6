#!/usr/bin/env bash
# Requests that a CA holds: approved and retrieved, denied, revoked; one that is refused does not disturb the others.
set -euo pipefail
# shellcheck source=tests/integration/lib.sh
. "$1/tests/integration/lib.sh"
setup
write_config "ca holding { type = lab  policy = hold  crl-file = '$WORK/lab.crl'  crl-url = 'http://pki.litwareinc.com/lab.crl' }"
run 0 "$CSCERT" ca init 'Holding'

for n in 1 2 3 4 5; do
    run 9 "$CSCERT" new --type Internal --computer-fqdn "edge$n.litwareinc.com" --ca holding --key-alg ECDH_P256
done
run 0 "$CMDLET" -List
same "pending lines" 5 "$(grep -c Pending "$OUT")"
run 9 "$CSCERT" retrieve
has_objects 6 6 1

# 1 and 4: approved. 2: denied. 3: approved and revoked before anybody fetched it. 5: waits on.
run 0 "$CSCERT" ca list
prints 'CaRequestId'
run 0 "$CSCERT" ca list --json
same "what is held" '1 2 3 4 5' "$(json 'map(.Held.CaRequestId) | join(" ")')"
run 2 "$CSCERT" ca list --ca nobody
run 0 "$CSCERT" ca approve 1
run 0 "$CSCERT" ca deny 2 --reason 'no such computer'
run 0 "$CSCERT" ca approve 3
run 0 "$CSCERT" ca revoke 3
run 0 "$CSCERT" ca approve 4
run 2 "$CSCERT" ca approve 2
run 2 "$CSCERT" ca approve 99

run 13 "$CSCERT" retrieve --json
status() { jq -r ".[] | select(.RequestId == $1) | .RequestStatus" "$OUT"; }
same "status of 1" Issued "$(status 1)"
same "status of 2" Denied "$(status 2)"
same "status of 3" Revoked "$(status 3)"
same "status of 4" Issued "$(status 4)"
same "status of 5" Pending "$(status 5)"
same "code of 2" 8 "$(jq '.[] | select(.RequestId == 2) | .Error.Code' "$OUT")"
jq -r '.[] | select(.RequestId == 2) | .Error.Message' "$OUT" | grep -q 'no such computer' ||
    fail "the CA's reason is lost"
has_objects 6 6 3

# The refused ones are not asked about again; the waiting one is.
run 9 "$CSCERT" retrieve --json
same "asked about" '5' "$(json 'map(.RequestId) | join(",")')"

# 4 is revoked after it was imported: only asking for it by number shows it.
run 0 "$CSCERT" ca revoke 4
run 8 "$CSCERT" retrieve --request-id 4
says revoked
openssl crl -inform DER -in lab.crl -noout -text >crl.txt 2>/dev/null ||
    openssl crl -in lab.crl -noout -text >crl.txt
same "revoked certificates in the CRL" 2 "$(grep -c 'Serial Number:' crl.txt)"

# Clearing by number destroys the key of a denied request, not one that a certificate uses.
run 0 "$CMDLET" -Clear -RequestId 2
has_objects 5 5 3
run 0 "$CMDLET" -Clear -RequestId 4
says 'stays on the token'
has_objects 5 5 3
run 2 "$CMDLET" -Clear -RequestId 2
says '--delete '
# Without a number and without a terminal keys are kept and listed.
run 0 "$CMDLET" -Clear
says 'stays on the token'
has_objects 5 5 3
run 0 "$CMDLET" -List --json
same "what is left" 0 "$(jq length "$OUT")"
