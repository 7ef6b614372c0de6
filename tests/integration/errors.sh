#!/usr/bin/env bash
# Everything that goes wrong: each gives its exit code and a message with cause and remedy, and leaves nothing behind.
set -euo pipefail
# shellcheck source=tests/integration/lib.sh
. "$1/tests/integration/lib.sh"
setup
export CS_SPY_MODULE=$HSM_MODULE CS_SPY_LOG=$HSM_FOLDER/spy.log
SPY=$BUILD/tests/support/spymod.so

new=("$CSCERT" new --type Internal --computer-fqdn edge1.litwareinc.com --key-alg ECDH_P256)
offline=("${new[@]}" --output out.req)

# clean: no key, no certificate, no request file, no temporary file, no request but failed ones.
clean() {
    has_objects "${KEYS:-0}" "${KEYS:-0}" "${CERTS:-0}"
    [ ! -e out.req ] || fail "a request file was left"
    [ -z "$(find . -name '.cscert-*')" ] || fail "a temporary file was left"
    if [ -e state/cscert.db ] && [ -z "${SKIP_LIST:-}" ]; then
        "$CSCERT" list --json >list.json || fail "the store is broken"
        same "requests that did not fail" 0 \
            "$(jq 'map(select(.RequestStatus != "Failed")) | length' list.json)"
    fi
}

# three_lines: message, cause and remedy in that order. remedy: message and remedy.
remedy() {
    grep -q '^cscert: ' "$ERR" || fail "no message"
    grep -q '^  do: ' "$ERR" || fail "no remedy"
}

# ---- the command line ----
run 2 "$CSCERT" new --type Nonsense --output out.req --computer-fqdn edge1.litwareinc.com
says 'Nonsense' && remedy && clean
run 2 "$CSCERT" new --type Internal --output out.req --computer-fqdn 'edge_1.litwareinc.com'
says 'edge_1.litwareinc.com' && remedy && clean
run 2 "$CSCERT" new --type Internal --output out.req --computer-fqdn edge1.litwareinc.com \
    --domain-name "$(seq -f 'n%g.litwareinc.com' -s, 300)"
says '250' && remedy && clean
run 2 "${offline[@]}" --key-size 1000
remedy && clean
run 2 "$CSCERT" new --type Internal --output out.req --computer-fqdn edge1.litwareinc.com --key-size 1000
says '1000' && remedy && clean
run 2 "$CSCERT" new --type Internal --computer-fqdn edge1.litwareinc.com
remedy && clean
run 2 "${new[@]}" --ca 'unknown.litwareinc.com'
says 'unknown.litwareinc.com' && says 'host\caname' && remedy && clean
run 2 "${new[@]}" --ca 'ca01.litwareinc.commyca'
says 'unquoted backslash' && remedy && clean
run 2 "${new[@]}" --ca 'http://ca01.litwareinc.com/certsrv'
remedy && clean
run 2 "$CMDLET" -New -Type Internal -Output out.req -ComputerFqdn edge1.litwareinc.com -PrivateKeyExportable
says "'\$true'" && clean
run 2 "$CMDLET" -New -Type Internal -Output out.req -ComputerFqdn edge1.litwareinc.com -Country USA
says 'USA' && clean
run 14 "$CSCERT" new --type OAuthTokenIssuer --computer-fqdn fe1.litwareinc.com --key-size 1024 --output out.req
remedy && clean
run 2 "${new[@]}" --output 'pkcs11:token=x'
clean

# The SAN extension is over 4,096 octets: made, with a warning.
run 0 "$CSCERT" new --type Internal --computer-fqdn edge1.litwareinc.com --output big.req --key-alg ECDH_P256 \
    --domain-name "$(seq -f 'a-rather-long-name-of-a-computer-%g.litwareinc.com' -s, 100)" --verbose
says '4096'
run 0 "$CSCERT" clear --request-id 1
SKIP_LIST=1
clean
unset SKIP_LIST
rm -rf state big.req

# ---- output files ----
run 16 "${new[@]}" --output /nonexistent/out.req
says '/nonexistent/out.req' && clean
printf 'mine' >existing.req
run 16 "${new[@]}" --output existing.req
says 'existing.req' && remedy && clean
same "the existing file" mine "$(cat existing.req)"
run 16 "${new[@]}" --output .
clean
no_mount=true
mkdir full
if mount -t tmpfs -o size=8k tmpfs full 2>mount.txt; then
    no_mount=false
    at_exit umount "$WORK/full"
    head -c 8192 /dev/zero >full/filler || true
    run 16 "${new[@]}" --output full/out.req
    says 'No space left' && clean
    [ "$(find full -type f | wc -l)" -eq 1 ] || fail "something was left on the full disk"
    # The store on a full disk: nothing is made on the token either.
    mkdir full/state 2>/dev/null || true
    run 11 "${offline[@]}" --state-dir "$WORK/full/state"
    clean
fi
# A limit on the size of files is a full disk, not the end by a signal.
code=0
(ulimit -f 1 && "${new[@]}" --output limited.req) >"$OUT" 2>"$ERR" || code=$?
same "exit code under ulimit -f" 11 "$code"
remedy && clean
[ ! -e limited.req ] || fail "a file was left under ulimit -f"
# Standard output cannot be written: the work is done, the exit code says that it was not shown.
code=0
"$CSCERT" list --json >/dev/full 2>"$ERR" || code=$?
same "exit code when stdout is full" 16 "$code"

# ---- modules and tokens ----
no_module() { MODULE=$1 write_config; }
no_module /nonexistent/module.so
run 4 "${offline[@]}"
says '/nonexistent/module.so' && remedy && clean
no_module "$WORK/cscert.conf"
run 4 "${offline[@]}"
remedy && clean
cp "$HSM_MODULE" evil.so
chmod 0777 evil.so
no_module "$WORK/evil.so"
run 3 "${offline[@]}"
says 'evil.so' && clean
write_config
run 4 "${offline[@]}" --token 'pkcs11:token=absent'
says 'absent' && remedy && clean
run 2 "${offline[@]}" --token "pkcs11:token=$HSM_LABEL?pin-value=$HSM_PIN"
if grep -qF "$HSM_PIN" "$ERR" "$OUT"; then fail "a PIN in a URI is repeated in a message"; fi
clean
softhsm_add_token "$HSM_LABEL"
run 4 "${offline[@]}"
same "candidates that are listed" 2 "$(grep -o "serial=[0-9a-f]*" "$ERR" | sort -u | wc -l)"
second=$(pkcs11-tool --module "$HSM_MODULE" --list-token-slots 2>/dev/null | sed -n 's/.*serial num *: *//p' | tail -n 1)
softhsm2-util --delete-token --serial "$second" >/dev/null

# ---- login ----
printf 'wrong-pin-1\n' >wrong-pin
chmod 0600 wrong-pin
no_module "$SPY"
: >"$CS_SPY_LOG"
run 5 "${offline[@]}" --pin-source file:wrong-pin
says 'CKR_PIN_INCORRECT (0xa0)' && remedy && clean
same "tries of the wrong PIN" 1 "$(grep -c ' C_Login ' "$CS_SPY_LOG")"
if grep -qF wrong-pin-1 "$ERR" "$OUT"; then fail "the wrong PIN is repeated in a message"; fi
: >"$CS_SPY_LOG"
CS_SPY_TRAITS=final-try run 5 "${offline[@]}"
same "tries at the final try" 0 "$(grep -c ' C_Login ' "$CS_SPY_LOG" || true)"
remedy && clean
: >"$CS_SPY_LOG"
CS_SPY_TRAITS=locked run 5 "${offline[@]}"
same "tries of a locked PIN" 0 "$(grep -c ' C_Login ' "$CS_SPY_LOG" || true)"
remedy && clean
chmod 0644 "$PIN_FILE"
run 3 "${offline[@]}"
says "$PIN_FILE" && remedy && clean
chmod 0600 "$PIN_FILE"

# ---- what the token cannot do ----
CS_SPY_TRAITS=no-mechanism:0x1040 run 6 "${offline[@]}"
remedy && clean
CS_SPY_TRAITS=write-protected run 6 "${offline[@]}"
remedy && clean
CS_SPY_FAULT=C_GenerateKeyPair:1:0x31 run 6 "${offline[@]}"
says 'CKR_DEVICE_MEMORY (0x31)' && remedy && clean
CS_SPY_FAULT=C_CopyObject:1:0x31 run 6 "${offline[@]}"
says 'CKR_DEVICE_MEMORY (0x31)' && remedy && clean
CS_SPY_TRAITS=extractable-ignored run 6 "${offline[@]}" --private-key-exportable True
says 'CKA_EXTRACTABLE' && remedy && clean

# A token that does not answer: the watchdog ends the run.
TOKEN_KEYS='timeout-call = 2'
MODULE=$SPY write_config
TOKEN_KEYS=
CS_SPY_FAULT=C_SignInit:1:hang run 4 "${offline[@]}"
says 'C_SignInit' && remedy
write_config
run 0 "$CSCERT" recover
clean

# ---- configuration ----
printf "token { uri = 'pkcs11:' }\nno-such-key = 1\n" >bad.conf
run 3 "${offline[@]}" --config bad.conf
says 'bad.conf' && says '2' && says 'no-such-key' && clean
chmod 0666 bad.conf
run 3 "${offline[@]}" --config bad.conf
says 'can be changed by others' && clean
run 3 "${offline[@]}" --config missing.conf
says 'missing.conf' && clean
write_config "policy { min-rsa-bits = 3072  forbid-exportable = true }"
run 14 "$CSCERT" new --type Internal --computer-fqdn edge1.litwareinc.com --output out.req --force
says '3072' && remedy && clean
run 14 "${offline[@]}" --private-key-exportable True --force
remedy && clean
write_config

# ---- the store ----
rm -rf state
run 0 "$CSCERT" list
[ ! -e state/cscert.db ] || fail "list has made a store"
mkdir -m 0700 state
head -c 4096 /dev/urandom >state/cscert.db
chmod 0600 state/cscert.db
cp state/cscert.db corrupt.db
SKIP_LIST=1
run 11 "${offline[@]}"
says 'cscert.db' && remedy && clean
cmp -s state/cscert.db corrupt.db || fail "a corrupt store was changed"
rm -rf state
unset SKIP_LIST
run 0 "${new[@]}" --output first.req
run 0 "$CSCERT" clear --request-id 1
sqlite3 state/cscert.db 'PRAGMA user_version = 9999' >/dev/null
SKIP_LIST=1
run 11 "${offline[@]}"
says '9999' && remedy && clean
rm -rf state
run 0 "${new[@]}" --output locked.req
run 0 "$CSCERT" clear --request-id 1
exec 9> >(sqlite3 state/cscert.db >/dev/null 2>&1)
locker=$!
printf 'BEGIN EXCLUSIVE;\nSELECT 1;\n' >&9
for ((i = 0; i < 100; i++)); do
    sqlite3 -cmd '.timeout 0' state/cscert.db 'BEGIN IMMEDIATE; ROLLBACK;' 2>/dev/null || break
done
run 11 "${offline[@]}"
says 'locked' && remedy
exec 9>&-
wait "$locker" || true
clean
unset SKIP_LIST
rm -rf state

# ---- the CA's answer ----
openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -days 30 -subj '/CN=CA' 2>/dev/null
run 0 "${new[@]}" --output answered.req
KEYS=1
SKIP_LIST=1
# reply WANT FILE
reply() {
    run "$1" "$CSCERT" retrieve --request-id 1 --reply "$2"
    remedy
    clean
    "$CSCERT" list --request-id 1 --json >list.json
    same "status after $2" Offline "$(jq -r '.[0].RequestStatus' list.json)"
}
run 15 "$CSCERT" retrieve --request-id 1 --reply missing.pem
run 15 "$CSCERT" retrieve --request-id 1 --reply answered.req
says 'request'
openssl req -x509 -newkey rsa:2048 -nodes -keyout other.key -subj /CN=edge1.litwareinc.com \
    -addext subjectAltName=DNS:edge1.litwareinc.com -out other.pem -days 2 2>/dev/null
reply 10 other.pem
# signed ARGUMENT...: what the CA made of the request
signed() {
    openssl x509 -req -in answered.req -CA ca.pem -CAkey ca.key -set_serial 1 -out issued.pem "$@" 2>/dev/null
}
printf 'subjectAltName=DNS:edge2.litwareinc.com\nextendedKeyUsage=serverAuth\n' >wrong-name.ext
signed -days 2 -extfile wrong-name.ext
reply 10 issued.pem
says 'edge1.litwareinc.com'
printf 'subjectAltName=DNS:edge1.litwareinc.com\nextendedKeyUsage=clientAuth\n' >wrong-eku.ext
signed -days 2 -extfile wrong-eku.ext
reply 10 issued.pem
signed -copy_extensions copyall -days -1
reply 10 issued.pem
signed -copy_extensions copyall -days 2 -sha1
reply 10 issued.pem
signed -copy_extensions copyall -days 2
run 0 "$CSCERT" retrieve --request-id 1 --reply issued.pem
CERTS=1
clean

# ---- a CA of the network that is not there: asked by cscert-ca, and nothing is left but the record ----
keys=$(count privkey)
run 7 "${new[@]}" --ca 'ca01.litwareinc.invalid\ca'
says 'ca01.litwareinc.invalid' && remedy
same "keys" "$keys" "$(count privkey)"

# Said at the end, because all the rest is judged all the same.
if $no_mount; then
    printf 'skipped: no disk could be made that is full: %s\n' "$(cat mount.txt)"
    exit 77
fi
