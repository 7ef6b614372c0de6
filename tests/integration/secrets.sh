#!/usr/bin/env bash
# The PIN and the CA account's password are nowhere but in C_Login: not in what is printed, stored, reported, logged or passed to
# other programs. And a non-exportable key does not leave the token.
set -euo pipefail
# shellcheck source=tests/integration/lib.sh
. "$1/tests/integration/lib.sh"
setup
CA='atl-ca-001.litwareinc.com\myca'
PASSWORD=ca-password-Zr8tM3

run 0 "$CSCERT" ca init 'Secrets' --verbose
cp "$OUT" "$ERR" .
run 0 "$CSCERT" new --type Internal --computer-fqdn edge1.litwareinc.com --ca "$CA" --ca-account 'litwareinc\kenmyer' \
    --ca-password "$PASSWORD" --report report.html --verbose --json
cp "$OUT" new.out
cp "$ERR" new.err
grep -q CaPassword new.err || grep -qi 'ca-password' new.err || fail "no warning about -CaPassword"
run 0 "$CMDLET" -New -Type Internal -ComputerFqdn edge2.litwareinc.com -CA "$CA" -CaAccount 'litwareinc\kenmyer' \
    -CaPassword "$PASSWORD" -Report report2.html
cp "$OUT" cmdlet.out
cp "$ERR" cmdlet.err
printf 'not-%s\n' "$HSM_PIN" >bad-pin
chmod 0600 bad-pin
run 5 "$CSCERT" new --type Internal --computer-fqdn edge3.litwareinc.com --ca "$CA" --pin-source file:bad-pin --report report3.html
cp "$OUT" bad.out
cp "$ERR" bad.err
rm bad-pin
nowhere "$HSM_PIN" "$WORK" "$HSM_FOLDER/tokens"
nowhere "$PASSWORD" "$WORK" "$HSM_FOLDER/tokens"

# argv of a running program no longer has the password, and no memory of it can be dumped.
mkfifo pin-pipe
chmod 0600 pin-pipe
"$CSCERT" new --type Internal --computer-fqdn edge4.litwareinc.com --ca "$CA" --ca-password "$PASSWORD" \
    --pin-source fd:3 3<>pin-pipe >/dev/null 2>&1 &
pid=$!
# It waits for the PIN when it has opened the store, which is after it has read its arguments.
for ((i = 0; i < 1000; i++)); do
    if [ "$(tr '\0' '\n' <"/proc/$pid/cmdline" | grep -c -- "$PASSWORD")" -eq 0 ] &&
        grep -q cscert.db <(ls -l "/proc/$pid/fd" 2>/dev/null); then break; fi
    read -r -t 0.01 <> <(:) || true
done
if tr '\0' '\n' <"/proc/$pid/cmdline" | grep -qF -- "$PASSWORD"; then fail "the password stays in argv"; fi
if tr '\0' '\n' <"/proc/$pid/environ" | grep -qF -e "$PASSWORD" -e "$HSM_PIN"; then fail "a secret is in the environment"; fi
same "core dump limit" 0 "$(awk '/^Max core file size/ {print $5}' "/proc/$pid/limits")"
printf '%s\n' "$HSM_PIN" >pin-pipe
wait "$pid" || fail "the run with the PIN from a descriptor failed"

# The key as OpenSC sees it: it cannot be read, and it cannot be wrapped.
run 0 "$CSCERT" list --request-id 1 --json
for attribute in CKA_LOCAL CKA_SENSITIVE CKA_ALWAYS_SENSITIVE CKA_NEVER_EXTRACTABLE; do
    same "$attribute" true "$(json ".[0].Key.Attributes.$attribute")"
done
same CKA_EXTRACTABLE false "$(json '.[0].Key.Attributes.CKA_EXTRACTABLE')"
key_id=$(json '.[0].Key.Uri' | sed 's/.*;id=\([^;?]*\).*/\1/; s/%//g')
p11=(pkcs11-tool --module "$HSM_MODULE" --token-label "$HSM_LABEL" --login --pin "$HSM_PIN")
"${p11[@]}" --list-objects --type privkey --id "$key_id" 2>/dev/null >object.txt
grep -q 'Access:.*sensitive, always sensitive, never extract' object.txt || fail "pkcs11-tool: $(cat object.txt)"
grep -q 'local' object.txt || fail "pkcs11-tool does not call the key local"
if "${p11[@]}" --read-object --type privkey --id "$key_id" --output-file stolen >/dev/null 2>&1 && [ -s stolen ]; then
    fail "pkcs11-tool read the private key"
fi
# CKR_KEY_UNEXTRACTABLE; an exportable key shows that the same attempt works where it may.
wrap() { "$BUILD/tests/support/cs-hsmtool" wrap "$HSM_LABEL" "$PIN_FILE" "$1"; }
same "wrapping a key that is not exportable" 0x6a "$(wrap "$key_id")"
run 0 "$CSCERT" new --type Internal --computer-fqdn edge5.litwareinc.com --private-key-exportable True --output exportable.req
run 0 "$CSCERT" list --json
key_id=$(json '.[-1].Key.Uri' | sed 's/.*;id=\([^;?]*\).*/\1/; s/%//g')
[[ $(wrap "$key_id") =~ ^0x0\ [0-9]+\ octets$ ]] || fail "an exportable key cannot be wrapped"

# What export writes: neither the password of the file nor an octet of the key stands anywhere but, encrypted, in the file.
PFX_PASSWORD='pfx-Jt5cB1 %'
printf '%s\n' "$PFX_PASSWORD" >"$HSM_FOLDER/pfx-password"
chmod 0600 "$HSM_FOLDER/pfx-password"
softhsm_add_token copies
number=$(json '.[-1].RequestId')
run 0 "$CSCERT" new --type Internal --computer-fqdn edge6.litwareinc.com --private-key-exportable True --ca "$CA"
rsa=$(sed -n 's/^RequestId *: //p' "$OUT")
run 0 "$CSCERT" new --type Internal --computer-fqdn edge7.litwareinc.com --private-key-exportable True --ca "$CA" \
    --key-alg ECDH_P256
ec=$(sed -n 's/^RequestId *: //p' "$OUT")
[ "$rsa" -gt "$number" ] || fail "the requests have no numbers of their own"
for id in "$rsa" "$ec"; do
    run 0 "$CSCERT" export "$id" --output "key$id.pfx" --password-source "file:$HSM_FOLDER/pfx-password" --verbose
    cp "$OUT" "export$id.out"
    cp "$ERR" "export$id.err"
    run 0 "$CSCERT" export "$id" --output "legacy$id.pfx" --password "$PFX_PASSWORD" --legacy --verbose --json
    cp "$OUT" "legacy$id.out"
    cp "$ERR" "legacy$id.err"
    run 0 "$CSCERT" export "$id" --to pkcs11:token=copies --to-pin-source "file:$PIN_FILE" --verbose
    cp "$OUT" "copy$id.out"
    cp "$ERR" "copy$id.err"
    openssl pkcs12 -in "key$id.pfx" -passin "pass:$PFX_PASSWORD" -nodes -nocerts -out "$HSM_FOLDER/key$id.pem"
done
run 0 "$CSCERT" list --json
cp "$OUT" list.out
nowhere "$PFX_PASSWORD" "$WORK" "$HSM_FOLDER/tokens"
nowhere "$HSM_PIN" "$WORK" "$HSM_FOLDER/tokens"
# numbers_in KEY FOLDER...: files that hold a secret number of the key, as octets in either order, hexadecimal or base64.
numbers_in() {
    "$PYTHON" - "$@" <<'PYTHON'
import base64, os, sys
from cryptography.hazmat.primitives.serialization import load_pem_private_key

def forms(number):
    octets = number.to_bytes((number.bit_length() + 7) // 8, "big")
    for part in (octets, octets[::-1]):
        # 24 octets are enough to be known by, also where a line ends in the middle.
        for at in (0, len(part) // 2 - 12, len(part) - 24):
            piece = part[at:at + 24]
            yield piece
            yield piece.hex().encode()
            yield piece.hex().upper().encode()
            for skip in range(3):
                yield base64.b64encode(piece[skip:skip + 21])

key = load_pem_private_key(open(sys.argv[1], "rb").read(), None).private_numbers()
numbers = [key.d, key.p, key.q, key.dmp1] if hasattr(key, "p") else [key.private_value]
wanted = [form for number in numbers for form in forms(number)]
for folder in sys.argv[2:]:
    for place, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(place, name)
            if os.path.isfile(path):
                octets = open(path, "rb").read()
                if any(form in octets for form in wanted):
                    print(path)
PYTHON
}
for id in "$rsa" "$ec"; do
    same "files with the key of request $id" '' "$(numbers_in "$HSM_FOLDER/key$id.pem" "$WORK" "$HSM_FOLDER/tokens")"
done
# The search finds what is there to be found.
mkdir "$HSM_FOLDER/seen"
openssl pkey -in "$HSM_FOLDER/key$rsa.pem" -outform DER -out "$HSM_FOLDER/seen/key.der"
same "files with a key in clear" "$HSM_FOLDER/seen/key.der" "$(numbers_in "$HSM_FOLDER/key$rsa.pem" "$HSM_FOLDER/seen")"
