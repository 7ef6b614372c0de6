#!/usr/bin/env bash
# Servers that close, stall, send garbage, lie in their lengths and give another request's certificate, over every way to
# an AD CS, through the program: which exit code, which message and remedy. What cannot have got to the CA leaves no key;
# what may have is kept, reached it once at most, and `retrieve` ends it well.
# Inside the bed (ad.sh run): mischief.sh SOURCE BUILD
#
# What cannot be shown so: lies inside the seal of RPC are tests/unit/test_icpr.c's.
set -euo pipefail
# shellcheck source=tests/ad/faultlib.sh
. "$1/tests/ad/faultlib.sh"

# ---- mischief.py ----

mischief() { # PLACE WHAT
    printf '%s\n' "$*" >mischief
}
new_issued() { # WAY: what mischief.py passes on is as good as ever
    names=$((names + 1))
    run 0 "${BEFORE[@]}" "$CSCERT" new --type Internal --computer-fqdn "edge$names.$DOMAIN" \
        --key-alg ECDH_P256 --ca "$1" --json
    same "status over $1" Issued "$(json '.[0].RequestStatus')"
}
spoilt() { # PLACE WHAT CODE undone|kept MESSAGE HINT WAY...
    local place=$1 what=$2 code=$3 key=$4 message=$5 hint=$6 way
    shift 6
    mischief "$place" "$what"
    for way; do
        fault "$place $what" "$way" "$code" "$key" "$message" "$hint"
    done
    rm mischief
}

mkfifo control ready
"$PYTHON" "$SOURCE/tests/ad/mischief.py" "$WORK" <control >ready 2>mischief.log &
MISCHIEF=$!
exec 9>control # it ends, and gives the CA's socket back, when this closes
over() {
    exec 9>&-
    wait "$MISCHIEF"
}
at_exit over
read -r -t 60 <ready || fail "mischief.py does not start: $(cat mischief.log)"

# A client certificate for the one service that takes it: its key is on the token.
run 0 "$CSCERT" new --type Internal --computer-fqdn edge-client.litwareinc.test --key-alg ECDH_P256 --ca rpc \
    --template jcila --json
CLIENT_KEY=$(json '.[0].Key.Uri')
on_token "$CLIENT_KEY" client.der
openssl x509 -inform DER -in client.der -out client.pem
cat "$ADBED_STATE/ca/ca.pem" >>client.pem
for timeout in 20 15 8; do
    suffix=m${timeout}s
    ca "ces-certificate:${suffix/m20s/m}" ces "$URL:9600/myca_CES_Certificate/service.svc/CES" \
        "auth = certificate  timeout = $timeout" \
        "client-key = '$CLIENT_KEY'  client-certificate = '$WORK/client.pem'"
done
write_config "${SECTIONS[@]}"
# RPC: ca01 is at mischief.py's address, which passes Kerberos on to the real one.
hosts 127.0.1.4 "$CA_HOST"
new_issued rpc
spoilt mapper close 7 undone 'TCP port 135 of ca01.litwareinc.test (127.0.1.4) closed the connection' 'TCP 135' rpc rpc-ntlm
spoilt mapper stall 7 undone 'TCP port 135 of ca01.litwareinc.test (127.0.1.4) does not answer in time' 'TCP 135' rpc:8s
spoilt mapper garbage 7 undone 'does not speak DCE/RPC 5.0' 'TCP 135' rpc
spoilt mapper huge 7 undone 'a fragment of 65535 octets' 'TCP 135' rpc
spoilt mapper longer 7 undone 'closed the connection' 'TCP 135' rpc
spoilt mapper tower 7 undone 'the answer of TCP port 135' 'TCP 135' rpc
spoilt bind close 7 undone 'closed the connection' 'ca probe' rpc rpc-ntlm
spoilt bind garbage 7 undone 'does not speak DCE/RPC 5.0' 'ca probe' rpc
spoilt bind auth 7 undone 'is broken' 'ca probe' rpc
spoilt check close 7 undone 'closed the connection' 'ca probe' rpc rpc-ntlm
spoilt check flip 7 undone 'authentication' '' rpc
spoilt submit close 7 kept 'closed the connection' 'sends it again' rpc rpc-ntlm
spoilt submit stall 7 kept 'does not answer in time' 'sends it again' rpc:15s
spoilt submit garbage 7 kept 'does not speak DCE/RPC 5.0' 'sends it again' rpc
spoilt submit huge 7 kept 'a fragment of 65535 octets' 'sends it again' rpc
spoilt submit longer 7 kept 'closed the connection' 'sends it again' rpc
spoilt submit auth 7 kept 'is broken' 'sends it again' rpc
spoilt submit half 7 kept 'closed the connection' 'sends it again' rpc
spoilt submit flip 7 kept 'ca01.litwareinc.test' 'sends it again' rpc
# No server signs that, so that anybody on the way can say it: the CA has the request.
spoilt check fault 7 undone 'is too busy' 'try again later' rpc
spoilt submit fault 7 kept 'is too busy' 'sends it again' rpc rpc-ntlm
BEFORE=()

# The web services.
WEB=(certsrv:m certsrv-ntlm:m ces:m ces-password:m ces-certificate:m)
for way in "${WEB[@]}" cep:m; do
    new_issued "$way"
done
spoilt connect close 7 undone 'ca01.litwareinc.test cannot be asked' '' certsrv:m cep:m
spoilt connect garbage 7 undone 'ca01.litwareinc.test cannot be asked' '' certsrv:m ces:m
# shellcheck disable=SC2016
spoilt connect stall 7 undone 'ca01.litwareinc.test cannot be asked' 'raise `timeout`' \
    certsrv:m8s certsrv-ntlm:m8s ces:m8s ces-password:m8s ces-certificate:m8s cep:m8s
spoilt other close 7 undone 'ca01.litwareinc.test cannot be asked' 'breaks off' certsrv:m ces:m cep:m
spoilt other garbage 7 undone 'ca01.litwareinc.test cannot be asked' 'speaks no HTTP' "${WEB[@]}" cep:m
spoilt other after-longer 7 undone '1000 bytes remaining' 'breaks off' certsrv:m cep:m
spoilt other chunks 7 undone 'ca01.litwareinc.test cannot be asked' 'breaks off' certsrv:m cep:m
spoilt other after-nonsense 7 undone 'no SOAP 1.2 envelope' 'check that the address' ces:m cep:m
spoilt other after-half 7 undone 'not well-formed XML' 'check that the address' ces:m cep:m
spoilt other busy 7 undone 'HTTP 503' 'check' certsrv:m ces:m cep:m
# The CA has it not, or has it: nobody knows.
spoilt submit close 7 kept 'ca01.litwareinc.test cannot be asked' 'sends it again' "${WEB[@]}"
spoilt submit after-close 7 kept 'ca01.litwareinc.test cannot be asked' 'sends it again' certsrv:m certsrv-ntlm:m ces:m
spoilt submit stall 7 kept 'ca01.litwareinc.test cannot be asked' 'sends it again' certsrv:m15s ces:m15s
spoilt submit garbage 7 kept 'ca01.litwareinc.test cannot be asked' 'sends it again' certsrv:m ces:m
spoilt submit after-longer 7 kept '1000 bytes remaining' 'sends it again' "${WEB[@]}"
spoilt submit after-nonsense 7 kept '' 'sends it again' certsrv:m ces:m
spoilt submit after-half 7 kept 'not well-formed XML' 'sends it again' ces:m
spoilt submit busy 7 kept 'HTTP 503' 'sends it again' certsrv:m ces:m
at_ca_most 1 "${kept[@]}"

# All that the CA may have is sent again, and issued.
run 0 "$CSCERT" retrieve --json
same "requests that were kept, and are issued" "${#kept[@]}" "$(jq '[.[] | select(.RequestStatus == "Issued")] | length' "$OUT")"
kept=()

# ---- what the CA itself answers ----

ALL=(rpc rpc-ntlm certsrv certsrv-ntlm certsrv-epa ces ces-password ces-certificate:m cep)
# numbered WHAT CODE TEXT WAY...: the CA has the request, and what it gave is not imported. Its number is known, so that
# it is asked again and not sent.
numbered() {
    local what=$1 code=$2 text=$3 way files
    shift 3
    mischief answer "$what"
    for way; do
        names=$((names + 1))
        files=$(softhsm_count_files)
        run "$code" "$CSCERT" new --type Internal --computer-fqdn "edge$names.$DOMAIN" --key-alg ECDH_P256 \
            --ca "$way"
        transcript "answer $what" "$way" "$code"
        prints 'CaRequestId   : '
        grep -qF -- "$text" "$OUT" "$ERR" || fail "answer $what, $way: it does not say: $text"
        same "objects on the token after answer $what, $way" $((files + 2)) "$(softhsm_count_files)"
        answered+=("$(sed -n 's/^RequestId *: //p' "$OUT") CN=edge$names.$DOMAIN")
        echo "ok   answer $what, $way"
    done
    rm mischief
}
numbered other 10 'another key' "${ALL[@]}"
numbered garbage 9 'cannot be used' "${ALL[@]}"
numbered longer 9 'cannot be used' "${ALL[@]}"
for what in half none chain; do
    numbered $what 9 '' rpc certsrv ces
done
numbered mixed 9 'cannot be used' ces
open_requests
run 0 "$CSCERT" retrieve --json
same "requests that were asked about again, and are issued" "${#answered[@]}" \
    "$(jq '[.[] | select(.RequestStatus == "Issued")] | length' "$OUT")"
at_ca_most 1 "${answered[@]}"
answered=()

# ---- mischief.py killed: the CA takes its socket back ----

kill -KILL "$MISCHIEF"
wait "$MISCHIEF" 2>mischief.log || true
for ((i = 0; i < 600; i++)); do
    [ -e "$ADBED_STATE/run/ca.sock.borrowed" ] || break
    read -r -t 0.1 <> <(:) || true
done
new_issued certsrv
new_issued rpc

done_well
