#!/usr/bin/env bash
# Every parameter of the cmdlet's -New, from the command line to where it has to arrive: the store, the request, the
# lab CA's row. Those that only a later CA takes are stored all the same.
set -euo pipefail
# shellcheck source=tests/integration/lib.sh
. "$1/tests/integration/lib.sh"
setup
write_config "ca holding { type = lab  policy = hold }"
run 0 "$CSCERT" ca init 'Stored' --key-alg ECDH_P256

run 9 "$CMDLET" -New -Type AccessEdgeExternal,DataEdgeExternal -AllSipDomain -CA holding -CaAccount 'litwareinc\kenmyer' \
    -CaPassword ca-password-Hd5sL8 -City Redmond -ClientEKU True -ComputerFqdn edge1.litwareinc.com '-Confirm:$false' \
    -Country US -DomainName sip.litwareinc.com,web.litwareinc.com -FriendlyName 'Edge, 2026' \
    -GlobalCatalog gc.litwareinc.com -GlobalSettingsDomainController dc.litwareinc.com -KeyAlg RSA -KeySize 2048 \
    -Organization 'Litware, Inc.' -OU Communications -PrivateKeyExportable True -Report new.html -State WA \
    -Template jcila '-WhatIf:$false'

# stored COLUMN EXPECTED
stored() {
    same "$1 in the store" "$2" "$(sqlite3 -readonly state/cscert.db "SELECT $1 FROM request WHERE id = 1")"
}
stored types 'AccessEdgeExternal,DataEdgeExternal'
stored ca holding
stored ca_account 'litwareinc\kenmyer'
stored locality Redmond
stored client_eku 1
stored computer edge1.litwareinc.com
stored country US
stored friendly_name 'Edge, 2026'
stored label 'Edge, 2026'
stored global_catalog gc.litwareinc.com
stored global_settings_dc dc.litwareinc.com
stored key_alg RSA
stored key_bits 2048
stored organization 'Litware, Inc.'
stored organizational_unit Communications
stored exportable 1
stored province WA
stored template_name jcila
stored 'length(key_id)' 20
same "names in the store" 'edge1.litwareinc.com sip.litwareinc.com web.litwareinc.com' \
    "$(sqlite3 -readonly state/cscert.db 'SELECT name FROM request_name WHERE request = 1 ORDER BY position' | xargs)"
same "what the CA got" 'jcila|litwareinc\kenmyer' \
    "$(sqlite3 -readonly state/cscert.db 'SELECT template_name, account FROM labca_request')"
[ -s new.html ] || fail "no report"
says AllSipDomain

# The request itself. openssl prints the subject in the order of the RDNs.
sqlite3 -readonly state/cscert.db "SELECT writefile('csr.der', csr) FROM request WHERE id = 1" >/dev/null
same subject 'C=US,ST=WA,L=Redmond,O=Litware\, Inc.,OU=Communications,CN=edge1.litwareinc.com' \
    "$(openssl req -inform DER -in csr.der -noout -subject -nameopt RFC2253,-dn_rev | sed 's/^subject=//')"

# Nothing of the password, and -List, -Retrieve and -Clear take the number.
same "rows with the password" 0 "$(sqlite3 -readonly state/cscert.db .dump | grep -c ca-password-Hd5sL8 || true)"
run 0 "$CMDLET" -List -RequestId 1
run 9 "$CMDLET" -Retrieve -RequestId 1 -CaPassword ca-password-Hd5sL8
run 0 "$CMDLET" -Clear -RequestId 1 -Force
has_objects 1 1 1
