#!/usr/bin/env bash
# The life of a request through the program, over the ways to AD CS that are named: issued at once; pending, approved,
# denied, unknown, withdrawn, waited for; revoked. What the CA itself has on record is asked of the bed.
#   life.sh SOURCE BUILD WAY...    a WAY is what -CA takes; `ntlm` is a section of the configuration
set -euo pipefail
# shellcheck source=tests/ad/lib.sh
. "$1/tests/ad/lib.sh"
shift 2
setup_ad
write_config "ca ntlm { type = certsrv  address = 'https://$CA_HOST:8443/certsrv'  auth = ntlm }"
PASSWORD=(--ca-password-source "file:$PASSWORD_FILE")
keys=0 certificates=0 # what the token should hold

# ask CODE COMMAND...: run, with what was said kept for the search at the end.
ask() {
    run "$@"
    cat "$OUT" "$ERR" >>said
}

# new CODE TEMPLATE NAME [OPTION...]: a request over $ca, by account and password. Sets $id and $number, the CA's.
new() {
    local code=$1 template=$2 name=$3
    shift 3
    ask "$code" "$CSCERT" new --type Internal --computer-fqdn "$name" --key-alg ECDH_P256 --ca "$ca" \
        --template "$template" --verbose --json --report "report-$name.html" "${AS_KENMYER[@]}" "$@"
    id=$(json '.[0].RequestId')
    number=$(json '.[0].CaRequestId')
}

# of ID FILTER: of that request in the last run's JSON.
of() {
    jq -r ".[] | select(.RequestId == $1) | $2" "$OUT"
}

# imported ID NAME: the CA's certificate is on the token.
imported() {
    run 0 "$CSCERT" list --request-id "$1" --json
    same "status of $1" Issued "$(of "$1" .RequestStatus)"
    on_token "$(of "$1" .Key.Uri)" certificate.der
    issued_here certificate.der
    same "name in the certificate of $1" "DNS:$2" "$(openssl x509 -inform DER -in certificate.der -noout \
        -ext subjectAltName | sed -n 's/^ *DNS:/DNS:/p')"
}

# token_has KEYS CERTIFICATES: so many more than before.
token_has() {
    keys=$((keys + $1)) certificates=$((certificates + $2))
    has_objects "$keys" "$keys" "$certificates"
}

# approve_after ID: the CA's next request, as soon as it is there. Meanwhile cscert and cscert-ca run and have the password:
# their arguments and environments go into a file.
approve_after() {
    local waiting='' pid
    for ((i = 0; i < 600; i++)); do
        waiting=$(records "SELECT id FROM request WHERE disposition = 5 AND id > $1")
        [ -z "$waiting" ] || break
        read -r -t 0.1 <> <(:) || true
    done
    for pid in $(ps -eo pid=,comm= | awk '$2 ~ /^cscert/ { print $1 }'); do
        # each may end meanwhile
        cat "/proc/$pid/comm" "/proc/$pid/cmdline" "/proc/$pid/environ" || true
    done 2>/dev/null | tr '\0' '\n' >"$HSM_FOLDER/proc"
    officer approve "$waiting"
}

# ---- what each way tells of a certificate that was revoked after it was fetched ----

# MS-WSTEP knows no such answer: a fault with CERTSRV_E_BAD_REQUESTSTATUS, which is no reason to give the certificate up.
revoked() {
    ask 8 "$CSCERT" retrieve --request-id "$1" "${PASSWORD[@]}"
    says 'evoked'
    run 0 "$CSCERT" list --request-id "$1" --json
    case $ca in
    */service.svc/*)
        grep -qF '0x80094003 CERTSRV_E_BAD_REQUESTSTATUS' said || fail "no cause"
        same "status" Issued "$(of "$1" .RequestStatus)"
        ;;
    *)
        # as the cmdlet's documentation says: cleared, and gone from the list
        same "status" Revoked "$(of "$1" .RequestStatus)"
        ask 0 "$CMDLET" -Clear -RequestId "$1"
        says 'stays on the token'
        ;;
    esac
}

# life CA TAG
life() {
    local ca=$1 tag=$2 id number first first_number denied held held_number last waiter
    # ---- issued at once ----
    new 0 WebServer "at-once.$tag.litwareinc.test"
    same "status" Issued "$(of "$id" .RequestStatus)"
    same "the CA's record" issued "$(at_ca "$number")"
    imported "$id" "at-once.$tag.litwareinc.test"
    token_has 1 1

    # ---- pending ----
    new 9 ManualApproval "approved.$tag.litwareinc.test"
    same "status" Pending "$(of "$id" .RequestStatus)"
    same "the CA's record" pending "$(at_ca "$number")"
    first=$id first_number=$number
    new 9 ManualApproval "denied.$tag.litwareinc.test"
    denied=$id
    officer deny "$number"
    new 9 ManualApproval "held.$tag.litwareinc.test"
    held=$id held_number=$number
    token_has 3 0
    ask 0 "$CMDLET" -List
    same "in the list" 3 "$(grep -c "Pending .*\.$tag\.litwareinc\.test" "$OUT")"
    ask 9 "$CSCERT" retrieve --request-id "$first" "${PASSWORD[@]}" --json
    same "still" Pending "$(of "$first" .RequestStatus)"

    # ---- one approved, one denied, one held: none stops the others ----
    officer approve "$first_number"
    ask 13 "$CSCERT" retrieve "${PASSWORD[@]}" --json
    same "approved" Issued "$(of "$first" .RequestStatus)"
    same "denied" 'Denied 8 CA_REFUSED' "$(of "$denied" '"\(.RequestStatus) \(.Error.Code) \(.Error.Name)"')"
    grep -q '0x80094014 CERTSRV_E_ADMIN_DENIED_REQUEST' <<<"$(of "$denied" .Error.Cause)" ||
        fail "why it was denied: $(of "$denied" .Error.Cause)"
    same "held" Pending "$(of "$held" .RequestStatus)"
    imported "$first" "approved.$tag.litwareinc.test"
    token_has 0 1

    # ---- unknown: the CA has lost what it was asked for, as one that was restored from a backup ----
    sqlite3 state/cscert.db "UPDATE request SET ca_request_id = '999999' WHERE id = $held"
    ask 8 "$CSCERT" retrieve --request-id "$held" "${PASSWORD[@]}"
    says '0x80094004 CERTSRV_E_PROPERTY_EMPTY'
    sqlite3 state/cscert.db "UPDATE request SET ca_request_id = '$held_number' WHERE id = $held"
    ask 9 "$CSCERT" retrieve --request-id "$held" "${PASSWORD[@]}"

    # ---- withdrawn: here only ----
    ask 0 "$CMDLET" -Clear -RequestId "$denied"
    if grep -qF 'still has it' "$ERR"; then fail "the CA has nothing to do with a request that it denied"; fi
    ask 0 "$CMDLET" -Clear -RequestId "$held"
    says 'withdrawn here only'
    says "number $held_number"
    same "the CA's record of a request that was withdrawn" pending "$(at_ca "$held_number")"
    token_has -2 0

    # ---- waited for ----
    new 9 ManualApproval "too-late.$tag.litwareinc.test" --wait 1
    ask 0 "$CSCERT" clear --request-id "$id"
    last=$(records 'SELECT max(id) FROM request')
    approve_after "$last" &
    waiter=$!
    new 0 ManualApproval "waited.$tag.litwareinc.test" --wait 60
    wait "$waiter" || fail "nobody approved"
    same "programs that were looked at" 'cscert cscert-ca' "$(grep -xE 'cscert(-ca)?' "$HSM_FOLDER/proc" | sort -u | xargs)"
    same "the password in their arguments" 0 "$(grep -cF "$KENMYER_PASSWORD" "$HSM_FOLDER/proc" || true)"
    same "waited for" Issued "$(of "$id" .RequestStatus)"
    imported "$id" "waited.$tag.litwareinc.test"
    token_has 1 1

    # ---- revoked ----
    officer revoke "$first_number"
    revoked "$first"
    nothing_runs
}

tag=0
for way; do
    tag=$((tag + 1))
    life "$way" "w$tag"
    printf 'ok   %s (%s s)\n' "$way" "$SECONDS"
done

# Nothing is left to be asked, and nothing of the password anywhere: not in the store, the reports, what was said, or
# beside the token, nor in a credential cache.
run 0 "$CMDLET" -List --json
same "what is left" 0 "$(jq length "$OUT")"
same "objects, as p11tool counts them" $((2 * keys + certificates)) "$(all_objects)"
nowhere "$KENMYER_PASSWORD" "$WORK" "$HSM_FOLDER/tokens"
same "credential caches" '' "$(find /tmp -maxdepth 1 -name 'krb5cc*' -newer "$PASSWORD_FILE")"
