#!/usr/bin/env bash
# export: the .pfx file as openssl, GnuTLS, NSS and Java read it, a key copied from token to token, and all that is refused.
set -euo pipefail
# shellcheck source=tests/integration/lib.sh
. "$1/tests/integration/lib.sh"
setup
CA='atl-ca-001.litwareinc.com\myca'
CSP='Microsoft RSA SChannel Cryptographic Provider'
PASSWORD='pfx-Hs6wN4 !'
printf '%s\n' "$PASSWORD" >password
chmod 0600 password

run 0 "$CSCERT" ca init 'Export Lab'
new() { run 0 "$CSCERT" new --type Internal --computer-fqdn "$1" --ca "$CA" "${@:2}"; }
new edge1.litwareinc.com --private-key-exportable True --friendly-name 'Edge one'
new edge2.litwareinc.com
new edge3.litwareinc.com --private-key-exportable True --key-alg ECDH_P384
run 0 "$CSCERT" new --type Internal --computer-fqdn edge4.litwareinc.com --private-key-exportable True --output offline.req
has_objects 5 5 4

# records TYPE: journal records of a request, as "request type".
records() { sqlite3 -readonly state/cscert.db "SELECT request || ' ' || json_extract(json, '\$.type') FROM journal WHERE
    json_extract(json, '\$.type') IN ('exporting', 'exported', 'transferring', 'transferred') ORDER BY seq"; }
# detail NAME: of the newest record.
detail() { sqlite3 -readonly state/cscert.db "SELECT json_extract(json, '\$.detail.$1') FROM journal ORDER BY seq DESC LIMIT 1"; }
# attributes ID: of the request's key, as OpenSC sees it.
attributes() {
    local id
    id=$("$CSCERT" list --request-id "$1" --json | jq -r '.[0].Key.Uri' | sed 's/.*;id=\([^;?]*\).*/\1/; s/%//g')
    pkcs11-tool --module "$HSM_MODULE" --token-label "$HSM_LABEL" --login --pin "$HSM_PIN" --list-objects --type privkey \
        --id "$id" 2>/dev/null
}
# spki ID: the public key of the request's certificate, PEM.
spki() {
    "$CSCERT" list --request-id "$1" --json >/dev/null
    sqlite3 -readonly state/cscert.db "SELECT hex(spki) FROM request WHERE id = $1" |
        python3 -c 'import sys; sys.stdout.buffer.write(bytes.fromhex(sys.stdin.read().strip()))' |
        openssl pkey -pubin -inform DER
}

# ---- the file, as four readers see it ----

attributes 1 >before.txt
[ -s before.txt ] || fail "OpenSC does not see the key"
run 0 "$CSCERT" export 1 --output edge1.pfx --password-source file:password --json
same Files edge1.pfx "$(json '.[0].Files[0]')"
same Exported 1 "$(json '.[0].Exported')"
same "mode of the file" 600 "$(stat -c %a edge1.pfx)"
attributes 1 | cmp - before.txt || fail "the key on the token is another one after the export"
has_objects 5 5 4

pass=(-passin file:password)
run 0 openssl pkcs12 -in edge1.pfx "${pass[@]}" -info -nodes
cp "$OUT" openssl.txt
cp "$ERR" openssl.info
for line in 'MAC: sha256, Iteration 100000' 'AES-256-CBC, Iteration 100000, PRF hmacWithSHA256' 'friendlyName: Edge one' \
    "Microsoft CSP Name: $CSP"; do
    grep -qF "$line" openssl.txt openssl.info || fail "openssl does not show: $line"
done
same "certificates" 2 "$(grep -c 'BEGIN CERTIFICATE' openssl.txt)"
openssl pkcs12 -in edge1.pfx "${pass[@]}" -nodes -nocerts -out key.pem
openssl pkey -in key.pem -pubout | cmp - <(spki 1) || fail "the key in the file is not the one on the token"
thumbprint=$("$CSCERT" list --request-id 1 --json | jq -r '.[0].Thumbprint')
same localKeyID "$thumbprint" "$(sed -n 's/ *localKeyID: //p' openssl.txt | head -1 | tr -d ' ')"
# modulus ARGUMENT...: of the key that openssl pkey reads.
modulus() {
    openssl pkey "$@" -noout -text | sed -n '/^[Mm]odulus:/,/^[a-zA-Z]*[Ee]xponent/p' | sed '1d; $d' | tr -d ' :\n' | sed 's/^00//'
}
pkcs11-tool --module "$HSM_MODULE" --token-label "$HSM_LABEL" --read-object --type pubkey --label 'Edge one' \
    --output-file token.der >/dev/null 2>&1
same "modulus as OpenSC reads it from the token" "$(modulus -pubin -inform DER -in token.der)" "$(modulus -in key.pem)"
[[ $(modulus -in key.pem) =~ ^[0-9a-f]{512}$ ]] || fail "no modulus of 2048 bits: $(modulus -in key.pem)"

run 0 certtool --p12-info --inder --infile edge1.pfx --password "$PASSWORD"
cp "$OUT" certtool.txt
cp "$ERR" certtool.err
grep -q 'Edge one' certtool.txt certtool.err || fail "certtool shows no friendly name"
same "keys that certtool finds" 1 "$(grep -c 'BEGIN .*PRIVATE KEY' certtool.txt)"
same "certificates that certtool finds" 2 "$(grep -c 'BEGIN CERTIFICATE' certtool.txt)"

run 0 pk12util -l edge1.pfx -w password
prints 'Edge one'
prints 'CN=edge1.litwareinc.com'
cp "$OUT" pk12util.txt
same "keys that pk12util finds" 1 "$(grep -c '^Key' pk12util.txt)"
# NSS also takes it into a database of its own, and the key serves there.
mkdir nss
: >nss-empty
certutil -N -d sql:nss --empty-password
run 0 pk12util -i edge1.pfx -w password -d sql:nss -k nss-empty
certutil -K -d sql:nss -f nss-empty | grep -q 'rsa .*Edge one' || fail "NSS has no private key of that name"

run 0 keytool -list -v -keystore edge1.pfx -storetype PKCS12 -storepass:file password
cp "$OUT" keytool.txt
grep -qi 'Alias name: edge one' keytool.txt || fail "keytool shows no alias"
prints 'Entry type: PrivateKeyEntry'
prints 'Certificate chain length: 2'
prints 'Owner: CN=edge1.litwareinc.com'

same "journal" $'1 exporting\n1 exported' "$(records)"
same "file of the record" edge1.pfx "$(detail file)"
same "digest of the record" "$(sha256sum edge1.pfx | cut -d' ' -f1)" "$(detail sha256)"
same "mechanism of the record" CKM_AES_KEY_WRAP_PAD "$(detail mechanism)"
same "provider of the record" "$CSP" "$(detail csp)"

# ---- --legacy, --csp, --friendly-name, an EC key ----

run 0 "$CSCERT" export 1 --output legacy.pfx --password-source file:password --legacy --csp 'Fabrikam HSM Provider' \
    --friendly-name 'Old edge'
says 'Windows Server before 2019'
run 0 openssl pkcs12 -in legacy.pfx "${pass[@]}" -info -nodes
grep -q 'MAC: sha1' "$ERR" || fail "legacy: $(cat "$ERR")"
grep -q 'pbeWithSHA1And3-KeyTripleDES-CBC' "$ERR" || fail "legacy: $(cat "$ERR")"
prints 'Microsoft CSP Name: Fabrikam HSM Provider'
prints 'friendlyName: Old edge'
run 0 certtool --p12-info --inder --infile legacy.pfx --password "$PASSWORD"
run 0 pk12util -l legacy.pfx -w password
run 0 keytool -list -keystore legacy.pfx -storetype PKCS12 -storepass:file password
run 0 "$CSCERT" export 3 --output ec.pfx --password-source file:password
run 0 openssl pkcs12 -in ec.pfx "${pass[@]}" -nodes
if grep -q 'Microsoft CSP' "$OUT"; then fail "an EC key has no CSP by default"; fi
openssl pkcs12 -in ec.pfx "${pass[@]}" -nodes -nocerts -out ec.pem
openssl pkey -in ec.pem -pubout | cmp - <(spki 3) || fail "the EC key in the file is not the one on the token"
run 0 keytool -list -v -keystore ec.pfx -storetype PKCS12 -storepass:file password
prints 'PrivateKeyEntry'
run 0 certtool --p12-info --inder --infile ec.pfx --password "$PASSWORD"
run 0 pk12util -l ec.pfx -w password
run 0 "$CSCERT" list --request-id 1 --json
same Exported 2 "$(json '.[0].Exported')"

# ---- what is refused, and leaves nothing ----

# refused CODE WORDS ARGUMENT...: no file, no record of an export, nothing on the token.
refused() {
    local code=$1 words=$2 before
    shift 2
    before=$(records)
    rm -f no.pfx
    run "$code" "$CSCERT" export "$@"
    says "$words"
    [[ $code = 0 || ! -s $OUT ]] || fail "results of what was refused: $*"
    [ ! -e no.pfx ] || fail "there is a file: $*"
    same "records after $*" "$before" "$(records)"
}
to=(--output no.pfx --password-source file:password)
refused 14 'not exportable' 2 "${to[@]}"
says '-PrivateKeyExportable'
refused 14 'not exportable' 2 "${to[@]}" --force
refused 2 'no certificate' 4 "${to[@]}"
refused 2 'no request 99' 99 "${to[@]}"
refused 2 'nothing says where' 1
refused 16 'cannot' 1 --output nowhere/no.pfx --password-source file:password
refused 16 'edge1.pfx' 1 --output edge1.pfx --password-source file:password
printf '1234567\n' >short
printf 'p\xc3\xa4ssword-1\n' >umlaut
printf '        \n' >blank
chmod 0600 short umlaut blank
refused 2 'fewer than 8' 1 --output no.pfx --password-source file:short
refused 2 'encode differently' 1 --output no.pfx --password-source file:umlaut
refused 2 'blanks' 1 --output no.pfx --password-source file:blank
run 14 "$CSCERT" export 2 "${to[@]}" --json
same "error of the request" POLICY "$(json '.[0].Error.Name')"
chmod 0644 short
refused 3 'others' 1 --output no.pfx --password-source file:short
refused 3 'no terminal' 1 --output no.pfx --password-source prompt
refused 12 'no terminal' 1 "${to[@]}" --confirm
refused 2 'cannot be said together' 1 "${to[@]}" --to pkcs11:token=other
refused 2 'cannot be said together' 1 --to pkcs11:token=other --legacy
refused 2 '-PrivateKeyExportable' 1 "${to[@]}" --private-key-exportable True
refused 4 'nowhere' 1 --to pkcs11:token=nowhere --to-pin-source "file:$PIN_FILE"
refused 2 'already' 1 --to "$HSM_URI" --to-pin-source "file:$PIN_FILE"
run 0 "$CSCERT" export 1 "${to[@]}" --what-if
[ ! -e no.pfx ] || fail "-WhatIf has written a file"
refused 14 'not exportable' 2 "${to[@]}" --what-if

# -Force replaces a file; the password of the command line works and warns.
run 0 "$CSCERT" export 1 --output edge1.pfx --password "$PASSWORD-2" --force
openssl pkcs12 -in edge1.pfx -passin "pass:$PASSWORD-2" -nodes -nocerts -out /dev/null
run 0 "$CSCERT" export 1 --output other.pfx --password "$PASSWORD"
says '--password-source'

# The policy goes before the request.
cp "$CSCERT_CONFIG" before.conf
printf 'policy { forbid-exportable = true }\n' >>"$CSCERT_CONFIG"
refused 14 'forbid-exportable' 1 "${to[@]}"
refused 14 'forbid-exportable' 1 --to pkcs11:token=other
cp before.conf "$CSCERT_CONFIG"

# A token that would give the key all the same is not asked: the module's C_WrapKey is never called.
export CS_SPY_MODULE=$HSM_MODULE CS_SPY_COUNTS=$WORK/counts CS_SPY_TRAITS=answer:0x162:1
MODULE=$BUILD/tests/support/spymod.so write_config "ca '$CA' { type = lab }"
refused 14 'not exportable' 2 "${to[@]}"
refused 14 'not exportable' 2 --to pkcs11:token=other --to-pin-source "file:$PIN_FILE"
CS_SPY_TRAITS=answer:0x162:0 refused 14 'CKA_EXTRACTABLE' 1 "${to[@]}"
if [ -e counts ] && grep -q '^C_WrapKey ' counts; then fail "C_WrapKey was called: $(cat counts)"; fi
grep -q '^C_Login ' counts || fail "the module counted nothing"
# The same count for a key that may be exported.
unset CS_SPY_TRAITS
run 0 "$CSCERT" export 1 --output counted.pfx --password-source file:password
grep -q '^C_WrapKey ' counts || fail "no C_WrapKey is counted where one is made"

unset CS_SPY_MODULE CS_SPY_COUNTS
cp before.conf "$CSCERT_CONFIG"

# ---- from token to token ----

softhsm_add_token other
TO=(--to pkcs11:token=other --to-pin-source "file:$PIN_FILE")
# there CLASS: objects on the other token.
there() {
    pkcs11-tool --module "$HSM_MODULE" --token-label other --login --pin "$HSM_PIN" --list-objects --type "$1" 2>/dev/null |
        grep -c 'Object;' || true
}
refused 14 'not exportable' 2 "${TO[@]}"
same "keys on the other token" 0 "$(there privkey)"
run 0 "$CSCERT" export 1 "${TO[@]}" --json
copy=$(json '.[0].Copy')
[[ $copy == pkcs11:*token=other*type=private* ]] || fail "Copy: $copy"
same "keys on the other token" '1 1 1' "$(there privkey) $(there pubkey) $(there cert)"
same "newest records" $'1 transferring\n1 transferred' "$(records | tail -2)"
[[ $(detail mechanism) == CKM_*CKM_AES_KEY_WRAP_PAD ]] || fail "mechanism: $(detail mechanism)"
[[ $(detail target) == pkcs11:*token=other* ]] || fail "target: $(detail target)"
pkcs11-tool --module "$HSM_MODULE" --token-label other --login --pin "$HSM_PIN" --list-objects --type privkey >copy.txt 2>/dev/null
grep -q 'Access:.*sensitive' copy.txt || fail "the copy: $(cat copy.txt)"
if grep -Eq 'Access:.*(extractable|local|always sensitive)' copy.txt; then fail "the copy: $(cat copy.txt)"; fi
# It signs as the original: OpenSC makes the signature there, openssl verifies it with the certificate's key.
printf 'a message' >message
openssl dgst -sha256 -binary message >digest
id=$(sed -n 's/ *ID: *//p' copy.txt)
pkcs11-tool --module "$HSM_MODULE" --token-label other --login --pin "$HSM_PIN" --id "$id" --sign --mechanism SHA256-RSA-PKCS \
    --input-file message --output-file signature >/dev/null 2>&1
spki 1 >key.pub
openssl dgst -sha256 -verify key.pub -signature signature message >/dev/null || fail "the copy signs what does not verify"
refused 2 'the key is on the token "other" already' 1 "${TO[@]}"
same "keys on the other token" '1 1 1' "$(there privkey) $(there pubkey) $(there cert)"
# An EC key whose copy may be copied on; of a request without a certificate.
run 0 "$CSCERT" export 3 "${TO[@]}" --private-key-exportable True --friendly-name 'EC copy'
run 0 "$CSCERT" export 4 "${TO[@]}"
same "objects on the other token" '3 3 2' "$(there privkey) $(there pubkey) $(there cert)"
pkcs11-tool --module "$HSM_MODULE" --token-label other --login --pin "$HSM_PIN" --list-objects --type privkey >copy.txt 2>/dev/null
grep -A5 'EC copy' copy.txt | grep -q 'Access:.*extractable' || fail "the EC copy: $(cat copy.txt)"
