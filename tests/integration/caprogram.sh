#!/usr/bin/env bash
# A CA behind a program in another language, and everything that such a program can do wrong: one clear error each, and
# no request that is lost.
set -euo pipefail
# shellcheck source=tests/integration/lib.sh
. "$1/tests/integration/lib.sh"
setup
CA=$WORK/ca
mkdir -m 0700 "$CA"
cp "$SOURCE/tests/support/caprogram.py" "$SOURCE/tests/support/camischief.py" "$WORK"
write_config "ca tiny { type = program  program = '$WORK/caprogram.py'  address = '$CA'  timeout = 60 }" \
    "ca odd { type = program  program = '$WORK/camischief.py'  address = '$CA'  timeout = 10 }" \
    "ca templated { type = program  program = '$WORK/caprogram.py'  address = '$CA'  template = Held }" \
    "ca known { type = program  program = '$WORK/camischief.py'  address = '$CA'  account = 'LITWARE\\ken' }" \
    "ca secret { type = program  program = '$WORK/camischief.py'  address = '$CA'  account = 'LITWARE\\ken'
        password-source = 'file:$WORK/old-password' }" \
    "ca plain { type = program  program = '$WORK/caprogram.py.txt'  address = '$CA' }" \
    "ca gone { type = program  program = '$WORK/nothing.py'  address = '$CA' }" \
    "ca two { type = program  program = '$WORK/camischief.py'  address = { '$WORK/first', '$CA' } }"
n=0
new() { # new CODE CA [OPTION...]: a request for a name that no other has
    local code=$1 ca=$2
    shift 2
    n=$((n + 1))
    run "$code" "$CSCERT" new --type Internal --computer-fqdn "edge$n.litwareinc.com" --key-alg ECDH_P256 --ca "$ca" \
        --json "$@"
}
keys() { count privkey; }
one_error() { # exactly one, with a remedy
    same "errors" 1 "$(grep -cv -e '^  ' -e warning: -e '^$' "$ERR")"
    grep -q '^  do: .' "$ERR" || fail "no remedy"
}
status() { jq -r ".[] | select(.RequestId == $1) | .RequestStatus" "$OUT"; }

# ---- issued, held, approved, denied, revoked ----
new 0 tiny
same "status" Issued "$(json '.[0].RequestStatus')"
same "the CA's number" 1 "$(json '.[0].CaRequestId')"
says 'warning: request 1: the certificate names no CRL distribution point'
has_objects 1 1 1
new 9 tiny --template Held
same "status" Pending "$(json '.[0].RequestStatus')"
new 9 templated
new 9 tiny --template Held
run 9 "$CSCERT" retrieve --json
: >"$CA/2.approve"
: >"$CA/3.deny"
run 13 "$CSCERT" retrieve --json
same "approved" Issued "$(status 2)"
same "denied" Denied "$(status 3)"
same "held" Pending "$(status 4)"
same "its code" "0x80094014 CERTSRV_E_ADMIN_DENIED_REQUEST" \
    "$(jq -r '.[] | select(.RequestId == 3) | .Error.Cause' "$OUT" | grep -o '0x.*')"
: >"$CA/2.revoke"
run 8 "$CSCERT" retrieve --request-id 2
says revoked
run 0 "$CSCERT" clear --request-id 3
prints 'CERTSRV_E_ADMIN_DENIED_REQUEST'
if grep -q 'do  *:' "$OUT"; then fail "there is something to do about a request that was withdrawn"; fi
run 0 "$CSCERT" clear --request-id 4
says 'withdrawn here only'
says 'number 4'

# ---- before there is a key ----
before=$(keys)
new 8 tiny --template Unknown
says 'no template' && one_error
new 3 gone
one_error
says "program in the ca section: $WORK/nothing.py cannot be read"
cp caprogram.py caprogram.py.txt
chmod 0644 caprogram.py.txt
new 3 plain
says 'must be allowed to execute it' && one_error
same "keys" "$before" "$(keys)"

# ---- waiting ----
(
    while [ "$(find "$CA" -name '5.json' | wc -l)" -eq 0 ]; do :; done
    : >"$CA/5.approve"
) &
new 0 tiny --template Held --wait 60
wait
same "waited for" Issued "$(json '.[0].RequestStatus')"
new 9 tiny --template Held --wait 1
: >"$CA/6.approve"
run 0 "$CSCERT" retrieve --wait 5

# ---- what a program can do wrong ----
mischief() { printf '%s\n' "$*" >"$CA/mischief"; }

# Nothing is sent yet: there is no key, no request.
before=$(keys)
requests=$("$CSCERT" list --json | jq length)
for what in die stall garbage half no-json huge nonsense; do
    mischief check "$what"
    new 7 odd
    one_error
done
same "keys" "$before" "$(keys)"
same "requests" "$requests" "$("$CSCERT" list --json | jq length)"

# It says that the CA cannot have it: undone as ever.
mischief submit not-sent
new 7 odd
one_error
same "status" Failed "$(json '.[0].RequestStatus')"
same "keys" "$before" "$(keys)"

# Nobody knows whether the CA has it: the key stays, and `retrieve` sends it again.
ids=()
for what in die stall garbage half no-json huge nonsense die-after perhaps-sent; do
    mischief submit "$what"
    new 7 odd
    one_error
    says 'its key is kept'
    same "status after $what" Pending "$(json '.[0].RequestStatus')"
    ids+=("$(json '.[0].RequestId')")
done
same "keys" $((before + ${#ids[@]})) "$(keys)"
rm "$CA/mischief"
run 0 "$CSCERT" recover --json
for id in "${ids[@]}"; do
    same "request $id after recover" Issued "$(status "$id")"
done
mischief submit die-after
new 7 odd
id=$(json '.[0].RequestId')
rm "$CA/mischief"
run 0 "$CSCERT" retrieve --request-id "$id" --json
same "retrieved" Issued "$(status "$id")"

# Polled at a program that dies: the request waits on.
new 9 odd --template Held
id=$(json '.[0].RequestId')
mischief poll die
run 7 "$CSCERT" retrieve --request-id "$id"
one_error
run 0 "$CSCERT" list --request-id "$id" --json
same "still pending" Pending "$(status "$id")"

# Another request's certificate is not imported, whatever the CA says.
openssl x509 -in "$CA/ca.pem" -outform DER -out "$CA/other.der"
certificates=$(count cert)
mischief submit other
new 10 odd
one_error
says 'another key'
same "certificates on the token" "$certificates" "$(count cert)"

# What it says cannot move the cursor.
mischief submit escape
new 8 odd
if grep -q $'\x1b' "$ERR" "$OUT"; then fail "an escape sequence reached the terminal"; fi

# A signature: no client key is configured, and the program is told so.
mischief submit wants-signature
new 3 odd
says 'none is configured'
same "what the program got" null "$(jq -r .signature "$CA/signature")"

# ---- several addresses ----
mkdir -m 0700 first
printf 'submit not-sent\n' >first/mischief
rm "$CA/mischief"
new 0 two
same "fail-over" Issued "$(json '.[0].RequestStatus')"
# A request that the first address may have is not sent to the second.
printf 'submit perhaps-sent\n' >first/mischief
rm -rf "$CA/seen"
new 7 two
same "asked at the second" 0 "$(find "$CA" -path '*/seen/*' | wc -l)"
rm first/mischief
run 0 "$CSCERT" retrieve --request-id "$(json '.[0].RequestId')"
printf 'poll die\n' >first/mischief
mischief poll die
new 9 two --template Held
run 7 "$CSCERT" retrieve --request-id "$(json '.[0].RequestId')"
says 'none of the 2 addresses'
rm "$CA/mischief" first/mischief

# ---- two runs at once: what one is sending, the other leaves alone ----
printf 'submit wait\n' >first/mischief
n=$((n + 1))
"$CSCERT" new --type Internal --computer-fqdn "edge$n.litwareinc.com" --key-alg ECDH_P256 --ca two --json \
    >sending.json 2>sending.txt </dev/null &
sending=$!
for ((i = 0; i < 500; i++)); do
    [ ! -e first/asked ] || break
    read -r -t 0.1 <> <(:) || true
done
run 9 "$CSCERT" retrieve --json
says 'another run is sending it'
same "sent by the other" 1 "$(jq '[.[] | select(.Warnings[]? | contains("another run is sending it"))] | length' "$OUT")"
: >first/go
wait "$sending" || fail "the run that sends failed: $(cat sending.txt)"
same "sent once" Issued "$(jq -r '.[0].RequestStatus' sending.json)"
rm first/mischief

# Both bring in the same request: it is Issued for both, and the token has its certificate once.
certificates=$(count cert)
for ((i = 1; i <= 5; i++)); do
    new 9 tiny --template Held
    : >"$CA/$(json '.[0].CaRequestId').approve"
    id=$(json '.[0].RequestId')
    "$CSCERT" retrieve --request-id "$id" --json >beside.json 2>beside.txt </dev/null &
    beside=$!
    run 0 "$CSCERT" retrieve --request-id "$id" --json
    same "status" Issued "$(status "$id")"
    wait "$beside" || fail "the other run failed: $(cat beside.txt)"
    same "status for the other run" Issued "$(jq -r '.[0].RequestStatus' beside.json)"
    same "certificates on the token" $((certificates + i)) "$(count cert)"
done

# ---- who sees the password, and what else the program has ----
rm -rf "$CA/seen" "$CA/secrets"
printf 'hunter2-Sécret\n' >password
chmod 0600 password
new 0 odd --ca-account 'LITWARE\ken' --ca-password-source "file:$WORK/password"
same "the secret frames" 'hunter2-Sécret' "$(sort -u "$CA/secrets")"
if grep -rq hunter2 "$CA/seen" state "$OUT" "$ERR"; then fail "the password is not only in its frame"; fi
same "account" 'LITWARE\ken' "$(jq -r .question.ca.account "$CA/seen/2.json")"
same "one program" 1 "$(jq -s 'map(.started.pid) | unique | length' "$CA"/seen/*.json)"
same "environment" 'LANG=C.UTF-8 TZ=UTC0' "$(jq -r '.started.environ' "$CA/seen/1.json" | tr '\0' ' ' | sed 's/ *$//')"
same "descriptors" '/dev/null /dev/null socket:' \
    "$(jq -r '.started.fds | [."0", ."1", ."3"] | join(" ")' "$CA/seen/1.json" | sed 's/:\[.*/:/')"
if jq -r '.started.fds[]' "$CA"/seen/*.json | grep -e 'cscert\.db' -e tokens -e '\.lock'; then
    fail "a descriptor of the store or the token is open in the program"
fi

# The account of the section, and the password of the command line: it goes before that of the section.
printf 'old-Secret\n' >old-password
chmod 0600 old-password
for ca in known secret; do
    rm -f "$CA/secrets"
    new 0 "$ca" --ca-password-source "file:$WORK/password"
    same "the secret frames" 'hunter2-Sécret' "$(sort -u "$CA/secrets")"
done
rm "$CA/secrets"
new 0 secret
same "the section's own" 'old-Secret' "$(sort -u "$CA/secrets")"
# `retrieve` asks many CAs: what a section says of its own stays.
new 9 secret --template Held
rm "$CA/secrets"
run 9 "$CSCERT" retrieve --request-id "$(json '.[0].RequestId')" --ca-password-source "file:$WORK/password"
same "the section's own, polled" 'old-Secret' "$(sort -u "$CA/secrets")"
# Nobody's password is a mistake, not an anonymous request.
new 2 odd --ca-password-source "file:$WORK/password"
says 'of no use without an account' && one_error

# ---- a disk that is full when the CA has answered ----
mkdir -p "$CA/full"
if mount -t tmpfs -o size=600k,mode=700 tmpfs "$CA/full" 2>mount.txt; then
    at_exit umount "$CA/full"
    mischief submit fill
    new 11 odd --state-dir "$CA/full"
    one_error
    says 'recover` finishes it'
    rm "$CA/full/filler" "$CA/mischief"
    certificates=$(count cert)
    run 0 "$CSCERT" recover --state-dir "$CA/full" --json
    same "finished" Issued "$(json '.[0].RequestStatus')"
    same "certificates on the token" $((certificates + 1)) "$(count cert)"
fi

# ---- ca probe ----
run 0 "$CSCERT" ca probe tiny --json
same "found" "$CA" "$(json '.[] | .Finding | select(.Step == "folder") | .Detail')"
mischief probe die
run 7 "$CSCERT" ca probe odd
one_error
prints FAILED
run 3 "$CSCERT" ca probe gone
run 2 "$CSCERT" ca probe nobody
says 'https://HOST/certsrv'

# A program that others can write is not started.
chmod 0777 caprogram.py
new 3 tiny
says 'caprogram.py'
