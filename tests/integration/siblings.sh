#!/usr/bin/env bash
# Get-, Import-, Set- and Remove-CsCertificate, under their own names and as cscert's verbs: the workflow of their pages
# and of "Staging AV and OAuth certificates", judged by openssl, pkcs11-tool, p11tool and the store itself.
set -euo pipefail
# shellcheck source=tests/integration/lib.sh
. "$1/tests/integration/lib.sh"
setup
GET=$BUILD/cli/Get-CsCertificate
IMPORT=$BUILD/cli/Import-CsCertificate
SET=$BUILD/cli/Set-CsCertificate
REMOVE=$BUILD/cli/Remove-CsCertificate
PASSWORD=pfx-password-Nm4tR8

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key -out ca.pem -days 900 \
    -subj '/CN=Siblings test CA' -addext basicConstraints=critical,CA:TRUE 2>/dev/null

# request NAME TYPES: an offline request. answer NAME DAYS: what a CA makes of it.
request() {
    run 0 "$CSCERT" new --type "$2" --computer-fqdn edge1.litwareinc.com --domain-name sip.litwareinc.com \
        --key-alg ECDH_P256 --output "$1.req"
}
answer() {
    openssl x509 -req -in "$1.req" -CA ca.pem -CAkey ca.key -CAcreateserial -copy_extensions copyall -days "$2" \
        -out "$1.cer" 2>/dev/null
}

# thumbprint FILE: as Windows shows it, by openssl.
thumbprint() {
    openssl x509 -in "$1" -noout -fingerprint -sha1 | sed 's/.*=//; s/://g'
}

# served TYPE: what `get` says of it, "slot thumbprint" in order.
served() {
    run 0 "$CSCERT" get --type "$1" --json
    jq -r --arg type "$1" '.[] | .Thumbprint as $t | .Use[] | select(.Type == $type) | "\(.Slot) \($t)"' "$OUT" |
        sort | tr '\n' ' '
}

records() {
    sqlite3 -readonly state/cscert.db "SELECT count(*) FROM journal"
}

# ---- an empty token ----

run 0 "$GET"
says 'no certificate is assigned'
same "stdout" '' "$(cat "$OUT")"
run 0 "$CSCERT" get --json
same "JSON" 0 "$(json length)"
[ ! -e state/cscert.db ] || fail "get has made a store"

# ---- the answer to an offline request is imported, as Import-CsCertificate's page says ----

request one AudioVideoAuthentication
answer one 20
ONE=$(thumbprint one.cer)
run 0 "$IMPORT" -Path one.cer -WhatIf
prints "$ONE"
has_objects 1 1 0
run 0 "$IMPORT" -Path one.cer
prints "Thumbprint       : $ONE"
has_objects 1 1 1
run 0 "$CSCERT" list --request-id 1 --json
same "status" Issued "$(json '.[0].RequestStatus')"
same "thumbprint" "$ONE" "$(json '.[0].Thumbprint')"
# It is there, under the key's CKA_ID, as others see it.
ID=$(run 0 "$CSCERT" get --json && json '.[0].KeyId')
pkcs11-tool --module "$HSM_MODULE" --token-label "$HSM_LABEL" --read-object --type cert --id "$ID" \
    --output-file there.der 2>/dev/null
same "certificate on the token" "$ONE" "$(thumbprint <(openssl x509 -inform DER -in there.der))"
before=$(records)
run 0 "$IMPORT" one.cer
same "records of a second import" "$before" "$(records)"
has_objects 1 1 1

# ---- get ----

run 0 "$CSCERT" get
prints 'Use              : none'
prints 'Key              : on the token, generated there'
serial=$(openssl x509 -in one.cer -noout -serial | sed 's/.*=//' | tr 'A-F' 'a-f')
prints "SerialNumber     : $serial"
# The other way round, as the event log has it: openssl's number, octet by octet.
prints "  reversed       : $(fold -w 2 <<<"$serial" | tac | tr -d '\n')"
prints 'AlternativeNames : edge1.litwareinc.com'
prints '                   sip.litwareinc.com'
run 0 "$CSCERT" get --json
same "origin" Generated "$(json '.[0].KeyOrigin')"
same "request" 1 "$(json '.[0].RequestId')"
same "days left" 1 "$(jq '.[0].DaysLeft | if . == 19 or . == 20 then 1 else 0 end' "$OUT")"
p11tool --provider "$HSM_MODULE" --list-all-certs "$HSM_URI" >p11tool.txt 2>&1
uri=$(json '.[0].Uri')
run 0 p11tool --provider "$HSM_MODULE" --info "$uri"
# As its page says, Get-CsCertificate lists what serves a type only.
run 0 "$GET"
says 'no certificate is assigned'

# ---- set ----

run 0 "$SET" -Type AudioVideoAuthentication, DataEdgeExternal -Thumbprint "$ONE"
same "AudioVideoAuthentication" "current $ONE " "$(served AudioVideoAuthentication)"
same "DataEdgeExternal" "current $ONE " "$(served DataEdgeExternal)"
run 0 "$GET" -Type AudioVideoAuthentication
prints 'Use              : DataEdgeExternal (current)'
prints '                   AudioVideoAuthentication (current)'
run 0 "$GET" -Type Default
says 'no certificate is assigned'
before=$(records)
run 0 "$SET" -Type AudioVideoAuthentication -Thumbprint "$ONE"
same "records of the same again" "$before" "$(records)"
# As the certificate dialog of Windows copies it: a LEFT-TO-RIGHT MARK in front, pairs between blanks, lower case.
shown=$'\u200e'$(fold -w 2 <<<"${ONE,,}" | paste -sd ' ')
run 0 "$SET" -Type AudioVideoAuthentication -Thumbprint "$shown"
run 0 "$CSCERT" set "$shown" --type AudioVideoAuthentication
same "records of the same again" "$before" "$(records)"
run 2 "$SET" -Type AudioVideoAuthentication -Thumbprint $'\u200eabc'
says '\u200eabc'

# Without -Type it serves what it was requested for. -Reference takes the object of another command.
request two AudioVideoAuthentication
answer two 90
TWO=$(thumbprint two.cer)
"$IMPORT" -Path two.cer --json >two.json 2>/dev/null
run 0 "$SET" -Reference two.json
same "assigned by reference" "current $TWO previous $ONE " "$(served AudioVideoAuthentication)"
"$CSCERT" list --request-id 1 --json >list.json
"$SET" -Type AudioVideoAuthentication -Reference - <list.json >/dev/null 2>&1 || fail "-Reference - of list"
same "rolled back" "current $ONE previous $TWO " "$(served AudioVideoAuthentication)"
run 0 "$CSCERT" get --json
cp "$OUT" all.json
run 15 "$SET" -Type Default -Reference all.json
says 'several'

# ---- -Roll ----

run 2 "$SET" -Type AudioVideoAuthentication -Thumbprint "$TWO" -Roll
says '-Roll needs -EffectiveDate'
run 2 "$SET" -Type AudioVideoAuthentication -Thumbprint "$TWO" -Roll -EffectiveDate '7/22/2012 6:00:00 AM'
says 'has passed'
# Ten hours before the current one ends is early enough for tokens of 8 hours, six hours is not.
end=$(date -d "$(openssl x509 -in one.cer -noout -enddate | sed 's/.*=//')" +%s)
run 0 "$SET" -Type AudioVideoAuthentication -Thumbprint "$TWO" -Roll \
    -EffectiveDate "$(LC_ALL=C date -d "@$((end - 36000))" '+%m/%d/%Y %I:%M:%S %p')"
if grep -q '8 hours' "$ERR"; then fail "10 hours are said to be too late"; fi
same "staged" "current $ONE previous $TWO staged $TWO " "$(served AudioVideoAuthentication)"
run 0 "$SET" -Type AudioVideoAuthentication -Thumbprint "$TWO" -Roll \
    -EffectiveTime "$(date -d "@$((end - 21600))" +%Y-%m-%dT%H:%M:%S)"
says '8 hours'
# OAuth wants a day: less is refused, and nothing changes.
run 0 "$SET" -Identity global -Type OAuthTokenIssuer -Thumbprint "$ONE"
run 2 "$SET" -Identity global -Type OAuthTokenIssuer -Thumbprint "$TWO" -Roll \
    -EffectiveDate "$(date -u -d "@$((end - 82800))" +%Y-%m-%dT%H:%M:%SZ)"
says 'the latest date is'
same "OAuth" "current $ONE " "$(served OAuthTokenIssuer)"
run 0 "$SET" -Identity global -Type OAuthTokenIssuer -Thumbprint "$TWO" -Roll \
    -EffectiveDate "$(date -u -d "@$((end - 90000))" +%Y-%m-%dT%H:%M:%SZ)"
same "OAuth" "current $ONE staged $TWO " "$(served OAuthTokenIssuer)"
# Its date comes: from then on `get` shows it as the current one.
sqlite3 state/cscert.db "UPDATE certificate_use SET effective = 1 WHERE slot = 'staged' AND type = 'OAuthTokenIssuer'"
same "OAuth, due" "current $TWO previous $ONE " "$(served OAuthTokenIssuer)"
run 0 "$GET" -Identity global --json
same "global" 2 "$(json length)"

# ---- scopes and what is reserved ----

run 2 "$GET" -Identity site:Redmond
says 'Central Management store'
run 2 "$SET" -Identity global -Type Default -Thumbprint "$ONE"
says 'only OAuthTokenIssuer'
run 2 "$GET" -NetportId 5061
says 'reserved'
run 2 "$SET" -Type iPhoneAPNService -Thumbprint "$ONE"
says 'Lync Online'
run 2 "$SET" -Type WebServicesExternal -Thumbprint B142918E463981A76503828BB1278391B716280987B
says 'hexadecimal digits' # the documentation's example has 43
run 4 "$SET" -Type WebServicesExternal -Thumbprint B142918E463981A76503828BB1278391B7162809
says 'cscert get'
run 2 "$GET" -Confirm
says 'does not go with Get-CsCertificate'

# ---- remove ----

run 12 "$REMOVE" -Type AudioVideoAuthentication
says '-Force'
same "asked for nothing" "current $ONE previous $TWO staged $TWO " "$(served AudioVideoAuthentication)"
run 0 "$REMOVE" -Type AudioVideoAuthentication -Previous
same "previous" "current $ONE staged $TWO " "$(served AudioVideoAuthentication)"
run 0 "$CSCERT" remove --type AudioVideoAuthentication --staged
same "staged" "current $ONE " "$(served AudioVideoAuthentication)"
run 0 "$REMOVE" -Type AudioVideoAuthentication -WhatIf
same "what if" "current $ONE " "$(served AudioVideoAuthentication)"
run 0 "$REMOVE" -Type AudioVideoAuthentication -Force
same "removed" "" "$(served AudioVideoAuthentication)"
run 0 "$REMOVE" -Type AudioVideoAuthentication
says 'no certificate is assigned to AudioVideoAuthentication'
run 0 "$REMOVE" -Type AudioVideoAuthentication -Previous --staged
says 'no previous or staged certificate is assigned to AudioVideoAuthentication'
run 0 "$REMOVE" -Force
run 0 "$REMOVE" -Previous
run 0 "$GET"
says 'no certificate is assigned'
# Neither certificates nor keys are gone.
has_objects 2 2 2

# ---- what is gone from the token is shown all the same ----

run 0 "$SET" -Type Internal -Thumbprint "$ONE"
pkcs11-tool --module "$HSM_MODULE" --token-label "$HSM_LABEL" --login --pin "$HSM_PIN" --delete-object --type cert \
    --id "$ID" >/dev/null 2>&1
run 0 "$GET"
prints "Thumbprint       : $ONE"
prints 'not on the token any more'
run 0 "$IMPORT" -Path one.cer
run 0 "$GET"
if grep -q 'any more' "$OUT"; then fail "it is there again"; fi
run 0 "$REMOVE" -Force

# ---- .pfx ----

openssl req -newkey rsa:2048 -x509 -nodes -keyout server.key -subj /CN=server.litwareinc.com -days 90 -out server.pem \
    -addext subjectAltName=DNS:server.litwareinc.com -addext extendedKeyUsage=serverAuth \
    -addext basicConstraints=CA:FALSE 2>/dev/null
openssl pkcs12 -export -inkey server.key -in server.pem -certfile ca.pem -name 'old server' -out server.pfx \
    -passout "pass:$PASSWORD"
SERVER=$(thumbprint server.pem)
(umask 077 && printf '%s\n' "$PASSWORD" >pfx-password)
# Its key is not on the token, and is not brought there unasked, whatever else is said.
run 2 "$IMPORT" -Path server.pfx --password-source file:pfx-password -PrivateKeyExportable '$True'
says '--import-key'
run 10 "$IMPORT" -Path server.pem
says 'is not on the token'
has_objects 2 2 2
(umask 077 && printf 'wrong\n' >wrong-password)
run 2 "$IMPORT" -Path server.pfx --password-source file:wrong-password --import-key
run 2 "$IMPORT" -Path server.pfx --import-key # nobody is there to be asked for the password
says 'needs its password'
says '--password-source'
openssl pkcs12 -export -nokeys -in server.pem -out nokey.pfx -passout "pass:$PASSWORD"
run 10 "$IMPORT" -Path nokey.pfx --password-source file:pfx-password --import-key
says 'nor in the file'
if grep -q -- '--import-key' "$ERR"; then fail "--import-key is advised, which was said"; fi
head -c 1000 server.pfx >cut.pfx
run 15 "$IMPORT" -Path cut.pfx --password-source file:pfx-password --import-key
says 'damaged'
if grep -q '\.cer' "$ERR"; then fail "a .cer is asked for"; fi
run 2 "$CSCERT" import ''
says 'a word of the command line is empty'
has_objects 2 2 2
run 0 "$IMPORT" -Path server.pfx -Password "$PASSWORD" --import-key
says 'others on this computer can see a command line'
prints 'FriendlyName     : old server'
prints 'Key              : on the token, imported: it was outside of it before'
has_objects 3 3 3
run 0 "$CSCERT" get --json
same "origin" Imported "$(json ".[] | select(.Thumbprint == \"$SERVER\").KeyOrigin")"
KEY=$(json ".[] | select(.Thumbprint == \"$SERVER\").KeyId")
pkcs11-tool --module "$HSM_MODULE" --token-label "$HSM_LABEL" --login --pin "$HSM_PIN" --list-objects --type privkey \
    2>/dev/null | grep -A 2 "ID: *$KEY" >key.txt
# Not "extractable", not "local"; it was outside, so not "always sensitive" either.
same "access of the imported key" sensitive "$(sed -n 's/^ *Access: *//p' key.txt)"
same "records of the import" 1 \
    "$(sqlite3 -readonly state/cscert.db "SELECT count(*) FROM journal WHERE json LIKE '%\"type\":\"key-imported\"%'")"
same "intents" 0 "$(sqlite3 -readonly state/cscert.db "SELECT count(*) FROM key_intent")"
# The key on the token is the file's: it signs what the certificate verifies.
printf data >data
pkcs11-tool --module "$HSM_MODULE" --token-label "$HSM_LABEL" --login --pin "$HSM_PIN" --sign --id "$KEY" \
    --mechanism SHA256-RSA-PKCS --input-file data --output-file data.sig >/dev/null 2>&1
openssl x509 -in server.pem -noout -pubkey >server.pub
openssl dgst -sha256 -verify server.pub -signature data.sig data >/dev/null || fail "the token signs with another key"
# Once its key is there the certificate alone is enough; recover has nothing to do.
run 0 "$IMPORT" -Path server.pem
run 0 "$CSCERT" recover
has_objects 3 3 3
# Set -Path imports and assigns; the scope needs a type.
run 2 "$SET" -Path server.pfx --password-source file:pfx-password
says '-Type'
run 0 "$SET" -Identity global -Path server.pfx -Type OAuthTokenIssuer --password-source file:pfx-password
same "assigned" "current $SERVER " "$(served OAuthTokenIssuer)"
run 0 "$REMOVE" -Identity global -Force
same "un-assigned" "" "$(served OAuthTokenIssuer)"

# ---- .p7b with its chain ----

request three Internal
answer three 90
openssl crl2pkcs7 -nocrl -certfile ca.pem -certfile three.cer -out three.p7b
run 0 "$CSCERT" import three.p7b --chain
has_objects 4 4 5
run 0 "$CSCERT" import ca.pem
says 'compare its SHA-256'
prints "none: a CA's certificate"
has_objects 4 4 5

# ---- the certificate of a request as a file ----

run 0 "$CSCERT" get --request-id 3
prints "Thumbprint       : $(thumbprint three.cer)"
same "certificates of one request" 1 "$(grep -c '^Thumbprint' "$OUT")"
# The token and its PIN are not needed.
mv "$PIN_FILE" "$PIN_FILE.away"
run 0 "$CSCERT" get --request-id 3 --output three.pem
prints 'RequestId        : 3'
mv "$PIN_FILE.away" "$PIN_FILE"
cat three.cer ca.pem | openssl storeutl -noout -certs /dev/stdin >/dev/null || fail "no certificates"
cmp three.pem <(openssl x509 -in three.cer; openssl x509 -in ca.pem) || fail "three.pem is not the certificate and the CA's"
openssl verify -CAfile ca.pem three.pem >/dev/null || fail "openssl does not verify three.pem"
run 0 "$CSCERT" get --request-id 1 --output one.pem
prints 'holds it alone'
cmp one.pem <(openssl x509 -in one.cer) || fail "one.pem is not the certificate"
run 16 "$CSCERT" get --request-id 1 --output one.pem
says '-Force'
run 0 "$CSCERT" get --request-id 1 --output one.pem --force --json
same "request" 1 "$(json '.[0].RequestId')"
run 2 "$CSCERT" get --output two.pem
says '--request-id'
run 2 "$CSCERT" get --request-id 99 --output two.pem
[ ! -e two.pem ] || fail "there is a file of no request"

# Its name says something else than what it is.
run 0 "$CSCERT" get --request-id 1 --output one.pfx
prints '`cscert export 1` writes that'
run 0 "$CSCERT" list --request-id 1 --output again.pfx
says 'again.pfx will hold a certificate request, not a certificate'

# ---- all requests that wait, as files ----

mkdir lost
(cd lost && for name in four five; do request "$name" Internal; done)
run 0 "$CSCERT" list --output-dir again
prints 'written to again/four.req'
same "files" 'five.req four.req' "$(cd again && echo *)"
cmp lost/four.req again/four.req && cmp lost/five.req again/five.req || fail "not the requests that were written"
rm again/five.req
run 13 "$CSCERT" list --output-dir again
says 'again/four.req is already there'
cmp lost/five.req again/five.req || fail "one that is there stops another"
run 0 "$CSCERT" list --output-dir again --force
run 2 "$CSCERT" list --output-dir again --request-id 99
run 0 "$CSCERT" clear --request-id 4
run 0 "$CSCERT" clear --request-id 5

# ---- one request that cannot be read ----

sqlite3 state/cscert.db "UPDATE request SET generation = 'immaculate' WHERE id = 1"
run 13 "$CSCERT" get
prints "Thumbprint       : $ONE"
prints "Thumbprint       : $TWO"
says 'request 1 cannot be read'
says 'generation'
run 11 "$CSCERT" get --request-id 1
run 0 "$CSCERT" get --request-id 2
run 0 "$CSCERT" import three.cer
says 'request 1 cannot be read'
run 0 "$CSCERT" set "$TWO" --type XmppServer
run 13 "$CSCERT" set "$ONE" --type Default -Force
says 'request 1 cannot be read'
same "assigned and said" "current $ONE " "$(
    code=0
    "$CSCERT" get --type Default --json >default.json 2>/dev/null || code=$?
    same "code" 13 "$code"
    jq -r '.[] | .Thumbprint as $t | .Use[] | select(.Type == "Default") | "\(.Slot) \($t)"' default.json | tr '\n' ' '
)"
run 11 "$CSCERT" set "$ONE"
says 'request 1 cannot be read'
run 13 "$CSCERT" list
sqlite3 state/cscert.db "UPDATE request SET generation = (SELECT generation FROM request WHERE id = 2) WHERE id = 1"
run 0 "$CSCERT" get
run 0 "$CSCERT" remove --type Default,XmppServer -Force

# ---- files that are none ----

head -c 3000 /dev/urandom >noise
run 15 "$IMPORT" -Path noise
says 'do: '
cp noise noise.pfx
run 15 "$IMPORT" -Path noise.pfx
says 'no PKCS#12 file, or it is damaged'
run 15 "$IMPORT" -Path three.req
says 'three.req'
run 15 "$IMPORT" -Path missing.cer

# ---- -Report ----

run 0 "$GET" -Report page.html
run 0 "$CSCERT" get --report page.html
grep -q "$ONE" page.html || fail "the page lacks a certificate"
grep -q '</html>' page.html || fail "the page is not whole"
run 2 "$SET" -Type Nonsense -Thumbprint "$ONE" -Report page.html
grep -q 'Nonsense' page.html || fail "the page lacks the error"

# ---- the password is nowhere ----

if grep -rqF -- "$PASSWORD" state page.html; then fail "the password was written"; fi
