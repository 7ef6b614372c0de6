#!/usr/bin/env bash
# The documented examples 1, 2, 4, 5, 6 and 7 of Request-CsCertificate (3 asks no CA) against AD CS over RPC, with the
# argument vector that PowerShell passes and the templates that they name. Only the CA's computer has another name
# here: the configuration maps it. Expected names come from the examples' own parameters by the rules of docs/NAMES.md,
# purposes from the templates (bed/README.md), the template's extension from the recorded request tests/data/ca/req.der.
set -euo pipefail
# shellcheck source=tests/ad/lib.sh
. "$1/tests/ad/lib.sh"
setup_ad
hostname=$(uname -n)
CA='atl-ca-001.litwareinc.com\myca'
# The cmdlet has no account parameter in the examples: the logged-on user asks.
ticket "$HSM_FOLDER/ccache"
write_config "ca '$CA' { type = rpc  address = '$CA_HOST\\myca'  ccache = 'FILE:$HSM_FOLDER/ccache' }"

# extension FILE OID: of a request, openssl's dump of its value.
extension() {
    openssl asn1parse -inform DER -in "$1" | grep -A 1 ":$2\$" | sed -n 's/.*\[HEX DUMP\]://p'
}

# issued ID COMMON_NAME EXPORTABLE TEMPLATE NAME...: what --json, the token and openssl say of the request.
issued() {
    local id=$1 common_name=$2 exportable=$3 template=$4 want uri
    shift 4
    want=$(printf 'DNS:%s, ' "$@")
    run 0 "$CSCERT" list --request-id "$id" --json
    same "status of $id" Issued "$(json '.[0].RequestStatus')"
    same "template of $id" "$template" "$(json '.[0].Template')"
    same "the CA's record of $id" issued "$(at_ca "$(json '.[0].CaRequestId')")"
    same "key of $id" "$exportable" "$(json '.[0].Key.Attributes.CKA_EXTRACTABLE')"
    same "sensitive key of $id" true "$(json '.[0].Key.Attributes.CKA_SENSITIVE')"
    same "local key of $id" true "$(json '.[0].Key.Attributes.CKA_LOCAL')"
    uri=$(json '.[0].Key.Uri')
    thumbprint=$(json '.[0].Thumbprint')

    # The certificate under the key's CKA_ID.
    on_token "$uri" certificate.der
    issued_here certificate.der
    same "thumbprint of $id" "$thumbprint" "$(sha1sum certificate.der | cut -d ' ' -f 1 | tr a-f A-F)"
    same "subject of $id" "CN=$common_name" "$(openssl x509 -inform DER -in certificate.der -noout -subject \
        -nameopt RFC2253 | sed 's/^subject=//')"
    same "names of $id" "${want%, }" "$(openssl x509 -inform DER -in certificate.der -noout -ext subjectAltName |
        sed -n 's/^ *DNS:/DNS:/p')"
    same "purposes of $id" "$(purposes "$template")" "$(openssl x509 -inform DER -in certificate.der -noout \
        -ext extendedKeyUsage | sed -n '2s/^ *//p')"

    # The request: the same names and key, and the template as certificate template name (a bare BMPString).
    sqlite3 -readonly state/cscert.db "SELECT writefile('csr.der', csr) FROM request WHERE id = $id" >/dev/null
    same "signature of the request of $id" 'Certificate request self-signature verify OK' \
        "$(openssl req -inform DER -in csr.der -verify -noout 2>&1)"
    same "key of the request of $id" "$(openssl x509 -inform DER -in certificate.der -noout -pubkey)" \
        "$(openssl req -inform DER -in csr.der -noout -pubkey)"
    same "names of the request of $id" "${want%, }" "$(openssl req -inform DER -in csr.der -noout -text |
        sed -n 's/^ *DNS:/DNS:/p')"
    same "purposes of the request of $id" 'TLS Web Server Authentication' "$(openssl req -inform DER -in csr.der \
        -noout -text | grep -A 1 'Extended Key Usage' | sed -n '2s/^ *//p')"
    same "template in the request of $id" "$(bmp "$template")" "$(extension csr.der "$TEMPLATE_NAME")"
}

# bmp TEXT: its BMPString in DER, as hexadecimal.
bmp() {
    local hex
    hex=$(printf %s "$1" | iconv -t UTF-16BE | od -An -v -tx1 | tr -d ' \n' | tr a-f A-F)
    printf '1E%02X%s' $((${#hex} / 2)) "$hex"
}

purposes() {
    case $1 in
    jcila) echo 'TLS Web Server Authentication, TLS Web Client Authentication' ;;
    *) echo 'TLS Web Server Authentication' ;;
    esac
}

TEMPLATE_NAME=1.3.6.1.4.1.311.20.2
same "the recorded request's template" "$(bmp User)" "$(extension "$SOURCE/tests/data/ca/req.der" "$TEMPLATE_NAME")"

# 1: for this host, with the default template.
run 0 "$CMDLET" -New -Type WebServicesExternal -CA "$CA"
issued 1 "${hostname,,}" false WebServer "${hostname,,}"

# 2: nothing is pending, until something is.
run 0 "$CMDLET" -List
same "pending before" 0 "$(wc -l <"$OUT")"
run 9 "$CMDLET" -New -Type WebServicesExternal -CA "$CA" -Template ManualApproval -KeyAlg ECDH_P256
run 0 "$CMDLET" -List
same "pending after" 1 "$(grep -c Pending "$OUT")"
run 0 "$CMDLET" -Clear -RequestId 2
run 0 "$CMDLET" -List
same "pending at the end" 0 "$(wc -l <"$OUT")"

# 4: Standard Edition. `True` is what PowerShell makes of $True for a native program.
run 0 "$CMDLET" -New -Type Default,WebServicesInternal,WebServicesExternal \
    -ComputerFqdn atl-cs-001.litwareinc.com -CA "$CA" -FriendlyName 'Standard Edition Certficate' \
    -Template jcila -PrivateKeyExportable True -DomainName atl-cs-001.litwareinc.com,atl-ext.litwareinc.com
issued 3 atl-cs-001.litwareinc.com true jcila atl-cs-001.litwareinc.com atl-ext.litwareinc.com
same "labels of 4" "$(printf '%s\n' 'Standard Edition Certficate' 'Standard Edition Certficate')" \
    "$(pkcs11-tool --module "$HSM_MODULE" --token-label "$HSM_LABEL" --login --pin "$HSM_PIN" --list-objects 2>/dev/null |
        awk '/^(Private|Certificate|Public)/ { kind = $1 } / label:/ && kind != "Public" { sub(/^ *label: */, ""); print }' |
        grep '^Standard Edition')"

# 5: Enterprise Edition pool.
run 0 "$CMDLET" -New -Type Default,WebServicesInternal,WebServicesExternal \
    -ComputerFqdn atl-cs-001.litwareinc.com -CA "$CA" -FriendlyName 'Enterprise Edition Pool Certificate' \
    -Template jcila -PrivateKeyExportable True \
    -DomainName pool1.litwareinc.com,pool1int.litwareinc.com,pool1ext.litwareinc.com
issued 4 atl-cs-001.litwareinc.com true jcila atl-cs-001.litwareinc.com pool1.litwareinc.com \
    pool1int.litwareinc.com pool1ext.litwareinc.com

# 6: internal Edge; a short name, and a blank after the comma.
run 0 "$CMDLET" -New -Type Internal -ComputerFqdn atl-edge-001 -CA "$CA" \
    -FriendlyName 'Internal Edge Certificate' -Template jcila -PrivateKeyExportable '$True' \
    -DomainName 'atl-edge-001.litwareinc.com, ap.litwareinc.com'
says 'short name'
issued 5 atl-edge-001 true jcila atl-edge-001 atl-edge-001.litwareinc.com ap.litwareinc.com

# 7: external Edge; a name that is said twice stands there once.
run 0 "$CMDLET" -New -Type AccessEdgeExternal,DataEdgeExternal,AudioVideoAuthentication \
    -ComputerFqdn atl-edge-001 -CA "$CA" -FriendlyName 'External Edge Certificate' -Template jcila \
    -PrivateKeyExportable True \
    -DomainName atl-edge-001.litwareinc.com,ap.litwareinc.com,dp.litwareinc.com,atl-edge-001
issued 6 atl-edge-001 true jcila atl-edge-001 atl-edge-001.litwareinc.com ap.litwareinc.com dp.litwareinc.com

# The five issued ones; the key of the cleared one is gone.
has_objects 5 5 5
same "objects, as p11tool counts them" 15 "$(all_objects)"

# A template of the examples' kind that the CA does not offer: said before there is a key.
run 8 "$CMDLET" -New -Type Internal -ComputerFqdn atl-edge-001 -CA "$CA" -Template NotInstalled
says NotInstalled
says jcila
same "objects after a refusal" 15 "$(all_objects)"
same "requests after a refusal" 6 "$("$CSCERT" list --json | jq length)"
nothing_runs
