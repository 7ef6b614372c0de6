#!/usr/bin/env bash
# How the program gets to an AD CS: with which credentials, at which of several addresses, and what `ca list` and
# `ca probe` tell. What goes wrong leaves neither an object on the token nor a process.
set -euo pipefail
# shellcheck source=tests/ad/lib.sh
. "$1/tests/ad/lib.sh"
setup_ad
ticket "$HSM_FOLDER/ccache"
CES=myca_CES_Kerberos/service.svc/CES
CEP=ADPolicyProvider_CEP_Kerberos/service.svc/CEP
CACHE="ccache = 'FILE:$HSM_FOLDER/ccache'"
TAB="keytab = '$KEYTAB'"
ACCOUNT="account = '$KENMYER'  password-source = 'file:$PASSWORD_FILE'"
address() { # WAY [HOST]
    case $1 in
    rpc) printf '%s' "${2:-$CA_HOST}\\myca" ;;
    certsrv) printf '%s' "https://${2:-$CA_HOST}/certsrv" ;;
    ces) printf '%s' "https://${2:-$CA_HOST}/$CES" ;;
    cep) printf '%s' "https://${2:-$CA_HOST}/$CEP" ;;
    esac
}
sections=()
section() { # NAME TYPE ADDRESSES KEYS
    sections+=("ca '$1' { type = $2  address = { $3 }  $4 }")
}
for way in rpc certsrv ces cep; do
    here="'$(address $way)'"
    section "$way-cache" "$way" "$here" "$CACHE"
    section "$way-keytab" "$way" "$here" "$TAB"
    section "$way-account" "$way" "$here" "$ACCOUNT"
    section "$way-two" "$way" "'$(address $way "$OFFLINE_HOST")', $here" "$CACHE  timeout = 20"
    section "$way-off" "$way" "'$(address $way "$OFFLINE_HOST")'" "$CACHE  timeout = 20"
done
section rpc-ntlm rpc "'$(address rpc)'" "$ACCOUNT  auth = ntlm"
section rpc-lower rpc "'$(address rpc)'" "$ACCOUNT  realm = 'litwareinc.test'"
section both-off rpc "'$OFFLINE_HOST\\offlineca', '$OFFLINE_HOST\\myca'" "$CACHE"
write_config "${sections[@]}"

# new CODE CA [OPTION...]
names=0
new() {
    local code=$1 ca=$2
    shift 2
    names=$((names + 1))
    run "$code" "$CSCERT" new --type Internal --computer-fqdn "reach$names.litwareinc.test" --key-alg ECDH_P256 \
        --ca "$ca" --json "$@"
}

# asked_by ACCOUNT: the last request was issued, and the CA has it as this account's.
asked_by() {
    same "status over $way" Issued "$(json '.[0].RequestStatus')"
    same "who asked over $way" "$1" "$(records "SELECT requester FROM request WHERE id = $(json '.[0].CaRequestId')" |
        sed 's/.*\\//; s/@.*//' | tr '[:lower:]' '[:upper:]')"
}

# of_request ID FILTER: what `list` has of it.
of_request() {
    "$CSCERT" list --request-id "$1" --json | jq -r ".[0] | $2"
}

# ---- credentials ----

for way in rpc certsrv ces cep; do
    new 0 "$(address $way)" "${AS_KENMYER[@]}"
    asked_by KENMYER
    new 0 "$way-cache"
    asked_by KENMYER
    new 0 "$way-keytab"
    asked_by 'FE01$'
    new 0 "$way-account"
    asked_by KENMYER
    KRB5CCNAME=FILE:$HSM_FOLDER/ccache new 0 "$(address $way)"
    asked_by KENMYER
    # a person whose ticket is there, and another who is named
    KRB5CCNAME=FILE:$HSM_FOLDER/ccache new 0 "$(address $way)" --ca-account 'FE01$@LITWAREINC.TEST' \
        --ca-password-source "fd:3" --template jcila 3< <(printf 'Passw0rd!fe01\n')
    asked_by 'FE01$'
done
way=rpc-ntlm
new 0 rpc-ntlm
asked_by KENMYER
# a cache that is named as seen from here
(cd "$HSM_FOLDER" && KRB5CCNAME=ccache run 0 "$CSCERT" ca probe "$(address rpc)")
# what is wrong with who asks, and is not the account's fault
new 3 rpc-lower
says 'upper case'
KRB5CCNAME=KCM: new 7 "$(address rpc)"
says 'the KCM that has it does not answer'
KRB5CCNAME=FILE:$HSM_FOLDER/ccache new 8 "https://$CA_HOST:8443/certsrv"
says '`auth = ntlm`'
printf 'ok   credentials (%s s)\n' "$SECONDS"

# ---- several addresses: the first refuses the connection ----

for way in rpc certsrv ces cep; do
    new 0 "$way-two"
    asked_by KENMYER
    new 9 "$way-two" --template ManualApproval
    id=$(json '.[0].RequestId')
    run 9 "$CSCERT" retrieve --request-id "$id"
    officer approve "$(of_request "$id" .CaRequestId)"
    run 0 "$CSCERT" retrieve --request-id "$id"
    same "retrieved over $way" Issued "$(of_request "$id" .RequestStatus)"
done
printf 'ok   fail-over (%s s)\n' "$SECONDS"

# ---- ca list: what the directory has (bed/README.md) ----

entry() { # NAME FILTER: of the last run's JSON
    jq -r --arg name "$1" '.[] | .Authority | select(.Name == $name) | '"$2" "$OUT"
}
listed() {
    same "CAs" "$CA_HOST\\myca $OFFLINE_HOST\\offlineca" "$(jq -r 'map(.Authority.Name) | sort | join(" ")' "$OUT")"
    same "host" "$CA_HOST" "$(entry "$CA_HOST\\myca" .Host)"
    same "common name" myca "$(entry "$CA_HOST\\myca" .CommonName)"
    same "templates" 'DeniedTemplate ManualApproval ShortLived StrongKey WebServer jcila' \
        "$(entry "$CA_HOST\\myca" '.Templates | sort | join(" ")')"
    same "addresses" "https://$CA_HOST/$CES https://$CA_HOST/myca_CES_UsernamePassword/service.svc/CES" \
        "$(entry "$CA_HOST\\myca" '.Urls | sort | join(" ")')"
}
run 0 "$CSCERT" ca list --json "${AS_KENMYER[@]}"
listed
# the same by OpenLDAP's client
KRB5CCNAME=FILE:$HSM_FOLDER/ccache ldapsearch -Q -Y GSSAPI -LLL -H ldap://dc1.litwareinc.test -o ldif-wrap=no \
    -b 'CN=Enrollment Services,CN=Public Key Services,CN=Services,CN=Configuration,DC=litwareinc,DC=test' \
    '(cn=myca)' certificateTemplates >directory.ldif
same "templates, as ldapsearch sees them" "$(sed -n 's/^certificateTemplates: //p' directory.ldif | sort)" \
    "$(entry "$CA_HOST\\myca" '.Templates[]' | sort)"
export KRB5CCNAME=FILE:$HSM_FOLDER/ccache
run 0 "$CSCERT" ca list --json
listed
run 0 "$CSCERT" ca list --json --global-catalog dc1.litwareinc.test
listed
run 0 "$CMDLET" ca list -GlobalSettingsDomainController dc1.litwareinc.test --json
listed
run 0 "$CSCERT" ca list
prints "CA            : $CA_HOST\\myca"
prints "Host          : $CA_HOST"
prints jcila
prints "https://$CA_HOST/$CES"
run 7 "$CSCERT" ca list --global-catalog "$OFFLINE_HOST"
says "$OFFLINE_HOST"
unset KRB5CCNAME
run 7 "$CSCERT" ca list --json
same "without a ticket" CA_UNREACHABLE "$(json '.[-1].Error.Name')"
printf 'ok   ca list (%s s)\n' "$SECONDS"

# ---- ca probe ----

for way in rpc certsrv ces cep; do
    run 0 "$CSCERT" ca probe "$way-cache" --json
    same "steps that failed over $way" 0 "$(jq 'map(select(.Finding.Ok != true)) | length' "$OUT")"
    same "type" "$way" "$(json '.[] | .Finding | select(.Step == "type") | .Detail')"
    same "address" "$(address $way)" "$(json '.[] | .Finding | select(.Step == "address") | .Detail')"
    same "who asks" true "$(json '[.[] | .Finding | select(.Step == "credentials") | .Detail
        | startswith("Kerberos: kenmyer@LITWAREINC.TEST by ")] | first')"
    same "confined" 1 "$(jq '[.[] | .Finding | select(.Step == "confinement")] | length' "$OUT")"
    run 0 "$CSCERT" ca probe "$(address $way)" "${AS_KENMYER[@]}"
    prints 'ok      address'
    if grep -q FAILED "$OUT"; then fail "a step failed"; fi
    run 7 "$CSCERT" ca probe "$way-off" --json
    same "address that refuses" false "$(jq '.[] | .Finding // empty | select(.Step == "address") | .Ok' "$OUT")"
    same "its error" CA_UNREACHABLE "$(json '.[-1].Error.Name')"
    # of two each is told
    run 7 "$CSCERT" ca probe "$way-two" --json
    same "addresses over $way" 'false true' \
        "$(jq -r '[.[] | .Finding // empty | select(.Step == "address") | .Ok | tostring] | join(" ")' "$OUT")"
done
printf 'ok   ca probe (%s s)\n' "$SECONDS"

# ---- what goes wrong leaves nothing ----

objects=$(all_objects)
open=$("$CMDLET" -List --json | jq length)
nothing_left() {
    same "objects after $1" "$objects" "$(all_objects)"
    same "requests that are open after $1" "$open" "$("$CMDLET" -List --json | jq length)"
    nothing_runs
}
for way in rpc certsrv ces cep; do
    new 7 "$way-off"
    says "$OFFLINE_HOST"
    nothing_left "an address that refuses, over $way"
    new 8 "$way-cache" --template NotInstalled
    says NotInstalled
    same "request for it" none "$(json '.[0].RequestId // "none"')" # refused before there is one
    nothing_left "a template that is not installed, over $way"
    new 8 "$way-cache" --template DeniedTemplate
    nothing_left "a template that is denied, over $way"
    new 7 "$(address $way)"
    nothing_left "no credentials, over $way"
done
new 7 both-off
says 'none of the 2 addresses'
nothing_left "addresses that all refuse"
printf 'ok   nothing is left (%s s)\n' "$SECONDS"
nowhere "$KENMYER_PASSWORD" "$WORK" "$HSM_FOLDER/tokens"
