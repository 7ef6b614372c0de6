#!/usr/bin/env bash
# The seven examples of the cmdlet's documentation, with the argument vector that PowerShell passes; their CA is the
# lab CA. Names expected here are derived from the examples' own parameters by the rules of docs/NAMES.md.
set -euo pipefail
# shellcheck source=tests/integration/lib.sh
. "$1/tests/integration/lib.sh"
setup
hostname=$(uname -n)
CA='atl-ca-001.litwareinc.com\myca'

run 0 "$CSCERT" ca init 'Examples'
has_objects 1 1 1

# issued ID COMMON_NAME EXPORTABLE NAME...: the request with that number, as --json and openssl see it.
issued() {
    local id=$1 common_name=$2 exportable=$3 want
    shift 3
    run 0 "$CSCERT" list --request-id "$id" --json
    same "status of $id" Issued "$(json '.[0].RequestStatus')"
    same "key of $id" "$exportable" "$(json '.[0].Key.Attributes.CKA_EXTRACTABLE')"
    same "sensitive key of $id" true "$(json '.[0].Key.Attributes.CKA_SENSITIVE')"
    same "local key of $id" true "$(json '.[0].Key.Attributes.CKA_LOCAL')"
    want=$(printf 'DNS:%s, ' "$@")
    same "names of $id" "${want%, }" "$(json '.[0].Names | map("DNS:" + .Name) | join(", ")')"
    # The certificate on the token, found by the CKA_ID, as others read it.
    local key_id
    key_id=$(json '.[0].Key.Uri' | sed 's/.*;id=\([^;?]*\).*/\1/; s/%//g')
    pkcs11-tool --module "$HSM_MODULE" --token-label "$HSM_LABEL" --read-object --type cert \
        --id "$key_id" --output-file certificate.der >/dev/null 2>&1 ||
        fail "no certificate with the id $key_id on the token"
    same "subject of $id" "$common_name" \
        "$(openssl x509 -inform DER -in certificate.der -noout -subject -nameopt multiline |
            sed -n 's/ *commonName *= //p')"
    same "alternative names of $id" "${want%, }" \
        "$(openssl x509 -inform DER -in certificate.der -noout -ext subjectAltName |
            sed -n 's/^ *DNS:/DNS:/p')"
}

# 1: the CA issues for this host; no -ComputerFqdn, no topology.
if [[ $hostname =~ ^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$ ]]; then
    run 0 "$CMDLET" -New -Type WebServicesExternal -CA "$CA"
    issued 1 "${hostname,,}" false "${hostname,,}"
else
    fail "the name of this machine, $hostname, is no host name"
fi

# 2: nothing is pending.
run 0 "$CMDLET" -List
grep -q WebServicesExternal "$OUT" && fail "an issued request is listed as pending"

# 3: an offline request.
run 0 "$CMDLET" -New -Type WebServicesExternal -Output 'C:\Certificates\WebServicesExternal.cer'
says 'certificate request'
openssl req -in 'C:\Certificates\WebServicesExternal.cer' -verify -noout 2>&1 | grep -q 'verify OK' ||
    fail "openssl does not verify the request of example 3"
run 0 "$CMDLET" -List
prints Offline

# 4: Standard Edition. `True` is what PowerShell makes of $True for a native program.
run 0 "$CMDLET" -New -Type Default,WebServicesInternal,WebServicesExternal \
    -ComputerFqdn atl-cs-001.litwareinc.com -CA "$CA" -FriendlyName 'Standard Edition Certficate' \
    -Template jcila -PrivateKeyExportable True -DomainName atl-cs-001.litwareinc.com,atl-ext.litwareinc.com
issued 3 atl-cs-001.litwareinc.com true atl-cs-001.litwareinc.com atl-ext.litwareinc.com
same "label of 4" 'Standard Edition Certficate' \
    "$(pkcs11-tool --module "$HSM_MODULE" --token-label "$HSM_LABEL" --list-objects --type cert 2>/dev/null |
        sed -n 's/^ *label: *\(Standard Edition.*\)/\1/p')"

# 5: Enterprise Edition pool.
run 0 "$CMDLET" -New -Type Default,WebServicesInternal,WebServicesExternal \
    -ComputerFqdn atl-cs-001.litwareinc.com -CA "$CA" -FriendlyName 'Enterprise Edition Pool Certificate' \
    -Template jcila -PrivateKeyExportable True \
    -DomainName pool1.litwareinc.com,pool1int.litwareinc.com,pool1ext.litwareinc.com
issued 4 atl-cs-001.litwareinc.com true atl-cs-001.litwareinc.com pool1.litwareinc.com \
    pool1int.litwareinc.com pool1ext.litwareinc.com

# 6: internal Edge; a short name, and a blank after the comma.
run 0 "$CMDLET" -New -Type Internal -ComputerFqdn atl-edge-001 -CA "$CA" \
    -FriendlyName 'Internal Edge Certificate' -Template jcila -PrivateKeyExportable '$True' \
    -DomainName 'atl-edge-001.litwareinc.com, ap.litwareinc.com'
says 'short name'
issued 5 atl-edge-001 true atl-edge-001 atl-edge-001.litwareinc.com ap.litwareinc.com

# 7: external Edge; the list as PowerShell passes it when it is an array of types.
run 0 "$CMDLET" -New -Type AccessEdgeExternal,DataEdgeExternal,AudioVideoAuthentication \
    -ComputerFqdn atl-edge-001 -CA "$CA" -FriendlyName 'External Edge Certificate' -Template jcila \
    -PrivateKeyExportable True \
    -DomainName atl-edge-001.litwareinc.com,ap.litwareinc.com,dp.litwareinc.com,atl-edge-001
issued 6 atl-edge-001 true atl-edge-001 atl-edge-001.litwareinc.com ap.litwareinc.com dp.litwareinc.com

# The CA's pair and six of ours; the CA's certificate and the five issued ones.
has_objects 7 7 6
