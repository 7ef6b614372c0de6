# shellcheck shell=bash
# One thing that goes wrong between cscert and an AD CS, over any way to one: sourced with the source and the build folder
# as arguments, inside the bed (ad.sh run). $CSCERT_TRANSCRIPT: a file to which each error is written as it was printed.
# shellcheck source=tests/ad/lib.sh
. "$1/tests/ad/lib.sh"
setup_ad
TRANSCRIPT=${CSCERT_TRANSCRIPT:-/dev/null}
URL=https://$CA_HOST

# ---- the ways, and what is configured for each ----

# NAME|type|address|other keys; EPA is Kerberos with the channel binding required
WAYS="rpc|rpc|$CA_HOST\\\\myca|
rpc-ntlm|rpc|$CA_HOST\\\\myca|auth = ntlm
certsrv|certsrv|$URL/certsrv|
certsrv-ntlm|certsrv|$URL:8443/certsrv|auth = ntlm
certsrv-epa|certsrv|$URL:9443/certsrv|
ces|ces|$URL/myca_CES_Kerberos/service.svc/CES|
ces-password|ces|$URL/myca_CES_UsernamePassword/service.svc/CES|auth = password
cep|cep|$URL/ADPolicyProvider_CEP_Kerberos/service.svc/CEP|"

secret() { # FILE TEXT
    (umask 077 && printf '%s\n' "$2" >"$1")
}
account() { # PASSWORD-FILE
    printf "account = '%s'  password-source = 'file:%s'" 'LITWAREINC\\kenmyer' "$1"
}
SECTIONS=()
ca() { # NAME TYPE ADDRESS KEY...
    local name=$1 type=$2 address=$3
    shift 3
    SECTIONS+=("ca '$name' { type = $type  address = '$address'  $* }")
}

secret wrong 'wrong-Zk4pT9'
ticket ticket
# three minutes of life; four minutes on is less than the skew that Kerberos allows
kinit -l 3m -c "FILE:$WORK/short" kenmyer <"$PASSWORD_FILE" >/dev/null
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj '/CN=Another root' \
    -keyout other.key -out other.pem 2>/dev/null

# What each way is called with, by the fault: "certsrv:anchors".
sections() { # NAME TYPE ADDRESS KEYS
    local good
    good=$(account "$PASSWORD_FILE")
    ca "$1" "$2" "$3" "$4 $good"
    ca "$1:8s" "$2" "$3" "$4 $good timeout = 8"
    ca "$1:password" "$2" "$3" "$4 $(account "$WORK/wrong")"
    ca "$1:alias" "$2" "${3/$CA_HOST/alias.litwareinc.test}" "$4 $good"
    ca "$1:path" "$2" "${3/myca/otherca}x" "$4 $good"
    ca "$1:ticket" "$2" "$3" "ccache = 'FILE:$WORK/ticket'"
    ca "$1:short" "$2" "$3" "ccache = 'FILE:$WORK/short'"
    ca "$1:none" "$2" "$3" "ccache = 'FILE:$WORK/none'"
    [ "$2" = rpc ] || ca "$1:anchors" "$2" "$3" "$4 $good anchors = '$WORK/other.pem'"
}
while IFS='|' read -r way type address keys; do
    sections "$way" "$type" "$address" "$keys"
    # The same at mischief.py's port; RPC is there by its address.
    case $way in
    rpc*) ;;
    certsrv-epa) ;; # as certsrv there
    *)
        address=$(sed -E "s#^https://$CA_HOST(:[0-9]*)?/#$URL:9600/#" <<<"$address")
        ca "$way:m" "$type" "$address" "$keys $(account "$PASSWORD_FILE")"
        ca "$way:m8s" "$type" "$address" "$keys $(account "$PASSWORD_FILE") timeout = 8"
        ca "$way:m15s" "$type" "$address" "$keys $(account "$PASSWORD_FILE") timeout = 15"
        ;;
    esac
done <<<"$WAYS"
ca rpc:15s rpc "$CA_HOST\\\\myca" "$(account "$PASSWORD_FILE") timeout = 15"
write_config "${SECTIONS[@]}"

# ---- one fault ----

names=0
DOMAIN=f$(date +%s).litwareinc.test # other tests ask the same CA for other names
kept=()     # number and subject of the requests that the CA may have, and
answered=() # of those that it has
BEFORE=()   # what cscert is started with

transcript() { # WHAT WAY CODE; what waits says why in its record
    printf '%s | %s | exit %s\n%s\n\n' "$@" \
        "$(grep -v '^cscert: warning' "$ERR" || grep '^CaMessage ' "$OUT")" >>"$TRANSCRIPT"
    cat "$OUT" "$ERR" >>said
}
# open_requests: those of the store that are neither done nor undone are the kept and the answered ones.
open_requests() {
    same "open requests" $((${#kept[@]} + ${#answered[@]})) "$("$CSCERT" list --json |
        jq '[.[] | select(.RequestStatus | . == "Pending" or . == "Planned")] | length')"
}
# at_ca_most MOST "ID SUBJECT"...: so often at the most the CA has got the request; more would be certificates that nobody
# asked for.
at_ca_most() {
    local most=$1 request times
    shift
    "$ADBED" requests >at-ca
    for request; do
        times=$(awk -F '\t' -v subject="${request#* }" '$5 == subject' at-ca | wc -l)
        [ "$times" -le "$most" ] || fail "the CA has got request $request $times times"
    done
}

# fault WHAT WAY CODE undone|kept MESSAGE HINT [OPTION...]: a new request over the way ends so. Undone: no object is
# left on the token and the request is not open. Kept: the two keys are there, and the request is to be sent again.
fault() {
    local what=$1 way=$2 code=$3 key=$4 message=$5 hint=$6 files
    shift 6
    names=$((names + 1))
    files=$(softhsm_count_files)
    run "$code" "${BEFORE[@]}" "$CSCERT" new --type Internal --computer-fqdn "edge$names.$DOMAIN" \
        --key-alg ECDH_P256 --ca "$way" --json "$@"
    transcript "$what" "$way" "$code"
    same "errors of $what, $way" 1 "$(grep -cv -e '^  ' -e warning: -e '^$' "$ERR")"
    says "$message"
    grep '^  do: ' "$ERR" | grep -qF -- "$hint" || fail "$what, $way: the remedy does not say: $hint"
    if [ "$key" = undone ]; then
        same "objects on the token after $what, $way" "$files" "$(softhsm_count_files)"
        same "status after $what, $way" Failed "$(json '.[0].RequestStatus')"
        says_not 'its key is kept'
    else
        same "objects on the token after $what, $way" $((files + 2)) "$(softhsm_count_files)"
        same "status after $what, $way" Pending "$(json '.[0].RequestStatus')"
        says 'its key is kept'
        kept+=("$(json '.[0].RequestId') CN=edge$names.$DOMAIN")
    fi
    echo "ok   $what, $way"
}
says_not() {
    ! grep -qF -- "$1" "$ERR" || fail "stderr says: $1"
}

# table WHAT: rows of WAY|CODE|undone or kept|MESSAGE|HINT
table() {
    local way code key message hint
    while IFS='|' read -r way code key message hint; do
        fault "$1" "$way" "$code" "$key" "$message" "$hint" "${@:2}"
    done
}

# ---- where and when ----

# cscert-ca gets an environment of its own, so that faketime must come in between: an installed tree, in which a script
# stands where cscert looks for it.
mkdir -p prefix/bin prefix/libexec/cscert
cp "$CSCERT" prefix/bin/cscert
# shellcheck disable=SC2016
PRELOAD=$("$SOURCE/tests/ad/faketime.sh" +0 sh -c 'printf %s "$LD_PRELOAD"')
at() { # OFFSET: cscert and cscert-ca see a clock that is wrong by so much
    printf '#!/bin/sh\nexec env LD_PRELOAD=%q FAKETIME=%q DONT_FAKE_MONOTONIC=1 %q "$@"\n' "$PRELOAD" "$1" \
        "$BUILD/cli/cscert-ca" >prefix/libexec/cscert/cscert-ca
    chmod 0755 prefix/libexec/cscert/cscert-ca
    CSCERT=$WORK/prefix/bin/cscert BEFORE=("$SOURCE/tests/ad/faketime.sh" "$1")
}
right_time() {
    CSCERT=$BUILD/cli/cscert BEFORE=()
}

# NTLM does not look at clocks; with a password libkrb5 takes the domain's time.
skewed() { # OFFSET WAY...
    local offset=$1 way here there
    shift
    at "$offset"
    for way; do
        fault "clock skew $offset" "$way" 7 undone "this machine's clock and the domain's differ" 'Kerberos allows five minutes'
        here=$(sed -n 's/.*: here it is \(.*Z\), there .*/\1/p' "$ERR")
        there=$(sed -n 's/.*, there \(.*Z\)$/\1/p' "$ERR")
        # a busy machine needs some seconds for the answer
        same "minutes between $here and $there" "${offset%m}" \
            "$(printf '%+d' $((($(date -d "$here" +%s) - $(date -d "$there" +%s) + ${offset:0:1}30) / 60)))"
    done
}

hosts() { # ADDRESS NAME: in /etc/hosts, as cscert alone sees it
    { printf '%s %s\n' "$1" "$2" && grep -v -w -F -- "$2" /etc/hosts; } >hosts
    # shellcheck disable=SC2016
    BEFORE=(unshare --mount sh -c 'mount --bind "$0" /etc/hosts && exec "$@"' "$WORK/hosts")
}

# done_well: no request is open that should not be, no password in what was said, no sanitizer's finding, nothing left running.
done_well() {
    open_requests
    if grep -qF -e "$KENMYER_PASSWORD" -e wrong-Zk4pT9 said; then fail "a password is in what was said"; fi
    if grep -qE 'Sanitizer|runtime error' said; then fail "a sanitizer has found something"; fi
    nothing_runs
}
