#!/usr/bin/env bash
# `plan`, and -WhatIf with a topology: subject, names and reasons, --like, the whole deployment. Nothing is ever changed.
set -euo pipefail
# shellcheck source=tests/integration/lib.sh
. "$1/tests/integration/lib.sh"
setup
data=$SOURCE/tests/data/topology
example=$data/example-topology.xml
topology=(--topology "$example" --simple-urls "$data/example-simpleurls.xml")

names() { json '[.[0].Names[].Name] | join(",")'; }
# line_of TEXT: of the example, where it stands.
line_of() { grep -nF -- "$1" "$example" | head -1 | cut -d: -f1; }

# Every line of the vectors, from either form of the document.
vectors=0
while IFS='|' read -r types computer rest; do
    types=$(xargs <<<"$types") computer=$(xargs <<<"$computer")
    domains=$(sed 's/.*AllSipDomain=\([A-Za-z]*\).*/\1/' <<<"$rest") want=${rest#*=> }
    for documents in "${topology[*]}" "--topology $data/example.tbxml"; do
        # shellcheck disable=SC2206 # the options are words
        ask=("$CSCERT" plan --type "$types" --computer-fqdn "$computer" "--all-sip-domain:$domains" --json $documents)
        case $want in
        'ERROR not in topology') run 2 "${ask[@]}" && says 'is not in the topology' ;;
        ERROR*) run 2 "${ask[@]}" && says "The computer $computer does not need a certificate of type" ;;
        *)
            run 0 "${ask[@]}"
            same "subject ($types on $computer)" "${want%% ;*}" "$(json '.[0].Subject')"
            same "names ($types on $computer, $domains)" "${want#*SAN=}" "$(names)"
            ;;
        esac
        vectors=$((vectors + 1))
    done
done <"$data/name-vectors.txt"
[ "$vectors" -ge 38 ] || fail "only $vectors lines of the vectors were tried"

# Reasons: each name has its rule, and the element of the document.
run 0 "$CSCERT" plan --type Default --computer-fqdn FE1.litwareinc.net "${topology[@]}" --json
same "names without a reason" 0 "$(json '[.[0].Names[] | select((.Rule // "") == "" or (.Source // "") == "")] | length')"
same "where the pool's name stands" "example-topology.xml:$(line_of 'Fqdn="pool1.litwareinc.net"') Cluster@Fqdn" \
    "$(json '.[0].Names[0].Source')"
same "where the server's name stands" "example-topology.xml:$(line_of 'Fqdn="fe1.litwareinc.net"') Machine@Fqdn" \
    "$(json '.[0].Names[1].Source')"
same "its place" "pool1.litwareinc.net fe1.litwareinc.net Front End" "$(json '.[0] | "\(.Pool) \(.Computer) \(.Role)"')"
same "state" Planned "$(json '.[0].RequestStatus')"
run 0 "$CSCERT" plan --type Default --computer-fqdn fe1.litwareinc.net "${topology[@]}"
prints 'Pool          : pool1.litwareinc.net (Front End)'
prints 'Subject       : CN=pool1.litwareinc.net'
grep -q 'sip.litwareinc.com .*example-topology.xml:' "$OUT" || fail "no reason in the text"
[ ! -e state/cscert.db ] || fail "plan made a store"
has_objects 0 0 0

# Documented example 7, with a topology in which that Edge server is.
sed 's/edge1\.litwareinc\.net/atl-edge-001.litwareinc.com/' "$example" >atl.xml
# shellcheck disable=SC2016,SC2054 # as PowerShell passes it
seven=("$CMDLET" -New -Type AccessEdgeExternal,DataEdgeExternal,AudioVideoAuthentication -ComputerFqdn atl-edge-001
    -CA 'atl-ca-001.litwareinc.com\myca' -FriendlyName 'External Edge Certificate' -Template jcila
    -PrivateKeyExportable '$True'
    -DomainName atl-edge-001.litwareinc.com,ap.litwareinc.com,dp.litwareinc.com,atl-edge-001 -WhatIf --json)
run 2 "${seven[@]}" "${topology[@]}"
says '"atl-edge-001" is not in the topology'
run 0 "$CSCERT" ca init Lab
run 0 "${seven[@]}" --topology atl.xml
same "subject of example 7" 'CN=sip.litwareinc.com' "$(json '.[0].Subject')"
same "names of example 7" "sip.litwareinc.com,webconf.litwareinc.com,atl-edge-001.litwareinc.com,ap.litwareinc.com,\
dp.litwareinc.com,atl-edge-001" "$(names)"
same "who asked for them" -DomainName "$(json '.[0].Names[3].Source')"
has_objects 1 1 1 # the lab CA's own
same "requests after -WhatIf" '[]' "$("$CSCERT" list --json | jq -c .)"

# What `plan` need not know, -WhatIf must.
run 2 "$CSCERT" new --type Default --computer-fqdn fe1.litwareinc.net "${topology[@]}" -WhatIf
says 'nothing says where the request goes'

# --like: names kept, gained and lost; --like-keep adds the lost ones.
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout old.key -out old.pem -days 9 \
    -subj /CN=pool1.litwareinc.net -addext 'subjectAltName=DNS:pool1.litwareinc.net,DNS:FE1.litwareinc.net,DNS:old.litwareinc.com' \
    2>/dev/null
openssl x509 -in old.pem -outform DER -out old.der
plan=("$CSCERT" plan --type Default --computer-fqdn fe1.litwareinc.net "${topology[@]}")
for file in old.pem old.der; do
    run 0 "${plan[@]}" --like "$file" --json
    same "kept" 'pool1.litwareinc.net,fe1.litwareinc.net' "$(json '.[0].Like.Kept | join(",")')"
    same "gained" 'sip.litwareinc.com' "$(json '.[0].Like.Gained | join(",")')"
    same "lost" 'old.litwareinc.com' "$(json '.[0].Like.Lost | join(",")')"
done
run 0 "${plan[@]}" --like old.pem
prints '  lost        : old.litwareinc.com'
run 0 "${plan[@]}" --like old.pem --like-keep --json
same "names with the lost one" 'pool1.litwareinc.net,fe1.litwareinc.net,sip.litwareinc.com,old.litwareinc.com' "$(names)"
same "lost with --like-keep" '' "$(json '.[0].Like.Lost | join(",")')"
run 0 "${plan[@]}" --like old.pem --report like.html
grep -q 'nothing was changed' like.html || fail "the report does not say that nothing was changed"
grep -q 'old.litwareinc.com' like.html || fail "the report does not tell what is lost"
run 15 "${plan[@]}" --like old.key
says 'holds no certificate'
run 15 "${plan[@]}" --like nowhere.pem
run 2 "${plan[@]}" --like-keep

# All members; no autodiscover names; one SIP domain or all.
run 0 "${plan[@]}" --all-pool-members --json
same "names of all members" \
    'pool1.litwareinc.net,fe1.litwareinc.net,sip.litwareinc.com,fe2.litwareinc.net,fe3.litwareinc.net' "$(names)"
run 0 "$CSCERT" plan --type WebServicesInternal --computer-fqdn fe1 "${topology[@]}" --no-lyncdiscover --json
case $(names) in *lyncdiscover*) fail "--no-lyncdiscover left one: $(names)" ;; esac
run 0 "$CSCERT" plan --type External --computer-fqdn edge1 "${topology[@]}" --json
same "External" AccessEdgeExternal,DataEdgeExternal "$(json '.[0].Type | join(",")')"

# A document without simple URLs: loud, and only where names depend on them.
run 0 "$CSCERT" plan --type WebServicesInternal --computer-fqdn fe1.litwareinc.net --topology "$example"
grep -qi 'warning: .*simple url' "$ERR" || fail "no warning for the missing simple URLs"
run 0 "$CSCERT" plan --type Internal --computer-fqdn edge1.litwareinc.net --topology "$example"
if grep -qi 'simple url' "$ERR"; then fail "a warning where no name depends on it"; fi

# Computers and types that do not fit.
run 2 "$CSCERT" plan --type Default "${topology[@]}"
says '-ComputerFqdn'
run 2 "$CSCERT" plan --type Default --computer-fqdn fe9.litwareinc.net "${topology[@]}"
says '"fe9.litwareinc.net" is not in the topology'
run 2 "$CSCERT" plan --type TenantAdmin --computer-fqdn fe1.litwareinc.net "${topology[@]}"
says 'does not need a certificate of type'
run 0 "$CSCERT" plan --type Server --computer-fqdn web.example.com --domain-name '*.example.com,www.example.com' \
    "${topology[@]}" --json
same "names of type Server" 'web.example.com,www.example.com,*.example.com' "$(names)"
run 2 "$CSCERT" plan --type Server,Default --computer-fqdn fe1.litwareinc.net "${topology[@]}"
# Without any topology the names are the user's, with a warning.
run 0 "$CSCERT" plan --type Default --computer-fqdn fe1.litwareinc.net --json
same "names without a topology" fe1.litwareinc.net "$(names)"
grep -qi 'warning: .*topology' "$ERR" || fail "no warning that there is no topology"
run 2 "$CSCERT" plan --type Default --computer-fqdn fe1.litwareinc.net --simple-urls "$data/example-simpleurls.xml"
says 'needs a topology'
run 2 "$CSCERT" plan --all
says '--all needs a topology'
run 15 "$CSCERT" plan --all --topology "$data/example-simpleurls.xml"
says 'holds no topology'

# The whole example: 3 Front Ends, Standard Edition, 2 Directors, Mediation; two for the Edge pool; one OAuthTokenIssuer.
run 0 "$CSCERT" plan --all "${topology[@]}" --json --report plan.html
same "certificates" 10 "$(json length)"
same "without a choice explained" 0 "$(json '[.[] | select((.Choice // "") == "")] | length')"
same "certificates of the Edge pool" 2 "$(json '[.[] | select(.Pool == "edgepool.litwareinc.net")] | length')"
same "OAuthTokenIssuer" 'litwareinc.com' \
    "$(json '[.[] | select(.Type == ["OAuthTokenIssuer"]) | .Names[0].Name] | join(",")')"
same "all SIP domains" 7 "$(json '[.[] | select(.Names | map(.Name) | index("sip.contoso.com"))] | length')"
grep -q '<!DOCTYPE html>' plan.html || fail "no page"
grep -q '<svg' plan.html || fail "no picture in the page"
grep -q 'edgepool.litwareinc.net' plan.html || fail "the page does not have the Edge pool"
# shellcheck disable=SC2016
run 0 "$CMDLET" -New --all '-AllSipDomain:$false' "${topology[@]}" --output-dir out -WhatIf --json
same "only the default SIP domain" 0 "$(json '[.[] | select(.Names | map(.Name) | index("sip.contoso.com"))] | length')"
[ ! -e out ] || fail "-WhatIf made the folder"
# What cannot be planned keeps nothing else from being planned.
sed 's/ ConfiguredFqdn="sip\.litwareinc\.com"//' "$example" >edge.xml
run 13 "$CSCERT" plan --all --topology edge.xml --simple-urls "$data/example-simpleurls.xml" --json --report edge.html
same "certificates and failures" '10 1' "$(json '"\(length) \([.[] | select(.Error)] | length)"')"
same "what failed" 'edgepool.litwareinc.net Failed USAGE null' \
    "$(json '.[] | select(.Error) | "\(.Pool) \(.RequestStatus) \(.Error.Name) \(.Key)"')"
grep -q '<!DOCTYPE html>' edge.html || fail "no page when one certificate cannot be planned"
run 13 "$CSCERT" plan --all --topology edge.xml --simple-urls "$data/example-simpleurls.xml"
prints '10 certificates for 5 pools: 9 to be made, 0 there already, 1 cannot be planned'
prints '    Error     '
run 0 "$CSCERT" plan --all "${topology[@]}"
prints 'edgepool.litwareinc.net (Edge)'
prints '10 certificates for 5 pools: 10 to be made, 0 there already'
same "requests after plan --all" '[]' "$("$CSCERT" list --json | jq -c .)"
has_objects 1 1 1
echo "$vectors lines of the vectors"
