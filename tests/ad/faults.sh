#!/usr/bin/env bash
# What the CA refuses, who asks it and how it is reached: everything that can be wrong there, over every way to an AD CS,
# through the program: which exit code, which message and remedy, and that neither a key nor half a request is left.
# Inside the bed (ad.sh run): faults.sh SOURCE BUILD
set -euo pipefail
# shellcheck source=tests/ad/faultlib.sh
. "$1/tests/ad/faultlib.sh"

# ---- what the CA refuses ----

table "unknown template" --template NoSuchTemplate <<'ROWS'
rpc|8|undone|the template NoSuchTemplate is not installed on the CA myca|it has: WebServer, jcila
rpc-ntlm|8|undone|0x80094800|check -Template
certsrv|8|undone|the template NoSuchTemplate is not installed on the CA myca|it has: WebServer, jcila
certsrv-ntlm|8|undone|0x80094800|check -Template
certsrv-epa|8|undone|the template NoSuchTemplate is not installed on the CA myca|it has: WebServer, jcila
ces|8|undone|the template NoSuchTemplate is not installed on the CA myca|it has: WebServer, jcila
ces-password|8|undone|0x80094800|check -Template
cep|8|undone|knows no template NoSuchTemplate for this account|it has: WebServer, jcila
ROWS
table "template not allowed" --template DeniedTemplate <<'ROWS'
rpc|8|undone|0x80094012 CERTSRV_E_TEMPLATE_DENIED|Read and Enroll on the template
rpc-ntlm|8|undone|0x80094012 CERTSRV_E_TEMPLATE_DENIED|Read and Enroll on the template
certsrv|8|undone|0x80094012 CERTSRV_E_TEMPLATE_DENIED|Read and Enroll on the template
certsrv-ntlm|8|undone|0x80094012 CERTSRV_E_TEMPLATE_DENIED|Read and Enroll on the template
certsrv-epa|8|undone|0x80094012 CERTSRV_E_TEMPLATE_DENIED|Read and Enroll on the template
ces|8|undone|0x80094012 CERTSRV_E_TEMPLATE_DENIED|Read and Enroll on the template
ces-password|8|undone|0x80094012 CERTSRV_E_TEMPLATE_DENIED|Read and Enroll on the template
cep|8|undone|knows no template DeniedTemplate for this account|it has: WebServer, jcila
ROWS
# 200 names of 34 octets and 2 of DER each are more than the 4,096 that the CA's database has for an extension.
table "SAN too long" --domain-name "$(printf 'further-name-%04d.litwareinc.test,' {1..200} | sed 's/,$//')" <<'ROWS'
rpc|8|undone|0xc80005e2|names
rpc-ntlm|8|undone|0xc80005e2|names
certsrv|8|undone|0xc80005e2|names
certsrv-ntlm|8|undone|0xc80005e2|names
certsrv-epa|8|undone|0xc80005e2|names
ces|8|undone|0xc80005e2|names
ces-password|8|undone|0xc80005e2|names
cep|8|undone|0xc80005e2|names
ROWS
# Of /certsrv and CEP the address is all that there is of a name.
table "wrong CA name" <<'ROWS'
rpc:path|8|undone|the directory lists no CA othercax on ca01.litwareinc.test|cscert ca list
rpc-ntlm:path|8|undone|no CA of the name "othercax"|cscert ca list
certsrv:path|7|undone|HTTP 404|https://host/certsrv
certsrv-ntlm:path|7|undone|HTTP 404|https://host/certsrv
certsrv-epa:path|7|undone|HTTP 404|https://host/certsrv
ces:path|7|undone|HTTP 404|https://host/CANAME_CES_Kerberos/service.svc/CES
ces-password:path|7|undone|HTTP 404|https://host/CANAME_CES_Kerberos/service.svc/CES
cep:path|7|undone|HTTP 404|.../service.svc/CEP
ROWS

# ---- who asks ----

table "bad password" <<'ROWS'
rpc:password|8|undone|kenmyer@LITWAREINC.TEST: the password is wrong|several wrong ones lock the account
rpc-ntlm:password|8|undone|does not accept the account and its password by NTLM|several wrong passwords lock the account
certsrv:password|8|undone|kenmyer@LITWAREINC.TEST: the password is wrong|several wrong ones lock the account
certsrv-ntlm:password|8|undone|does not accept who asks (tried: NTLM; it offers: NTLM)|check the account, its password
certsrv-epa:password|8|undone|kenmyer@LITWAREINC.TEST: the password is wrong|several wrong ones lock the account
ces:password|8|undone|kenmyer@LITWAREINC.TEST: the password is wrong|several wrong ones lock the account
ces-password:password|8|undone|does not accept|check the account, its password and this machine's clock
cep:password|8|undone|kenmyer@LITWAREINC.TEST: the password is wrong|several wrong ones lock the account
ROWS
table "no ticket" <<ROWS
rpc:none|7|undone|credential cache FILE:$WORK/none: there is no ticket|get a ticket with \`kinit\`
certsrv:none|7|undone|credential cache FILE:$WORK/none: there is no ticket|get a ticket with \`kinit\`
ces:none|7|undone|credential cache FILE:$WORK/none: there is no ticket|get a ticket with \`kinit\`
cep:none|7|undone|credential cache FILE:$WORK/none: there is no ticket|get a ticket with \`kinit\`
ROWS

at +4m
table "expired ticket" <<'ROWS'
rpc:short|7|undone|the ticket has expired|get a ticket with `kinit`
certsrv:short|7|undone|the ticket has expired|get a ticket with `kinit`
certsrv-epa:short|7|undone|the ticket has expired|get a ticket with `kinit`
ces:short|7|undone|the ticket has expired|get a ticket with `kinit`
cep:short|7|undone|the ticket has expired|get a ticket with `kinit`
ROWS
skewed +60m rpc:ticket certsrv:ticket certsrv-epa:ticket ces:ticket cep:ticket
fault "clock skew +60m" ces-password 8 undone 'does not accept' "this machine's clock"
skewed -8m rpc:ticket certsrv:ticket certsrv-epa:ticket ces:ticket cep:ticket
# Before the certificate of the bed's server was made, TLS is the first to say so.
at -48h
table "clock skew -48h" <<'ROWS'
certsrv:ticket|7|undone|certificate is not yet valid|check this machine's clock
certsrv-ntlm|7|undone|certificate is not yet valid|check this machine's clock
ces-password|7|undone|certificate is not yet valid|check this machine's clock
cep:ticket|7|undone|certificate is not yet valid|check this machine's clock
ROWS
right_time

# ---- who is asked ----

table "no such host" <<'ROWS'
rpc:alias|7|undone|the name alias.litwareinc.test cannot be resolved|getent hosts alias.litwareinc.test
rpc-ntlm:alias|7|undone|the name alias.litwareinc.test cannot be resolved|getent hosts alias.litwareinc.test
certsrv:alias|7|undone|alias.litwareinc.test cannot be asked: Could not resolve host|check the name of the host
certsrv-ntlm:alias|7|undone|alias.litwareinc.test cannot be asked: Could not resolve host|check the name of the host
certsrv-epa:alias|7|undone|alias.litwareinc.test cannot be asked: Could not resolve host|check the name of the host
ces:alias|7|undone|alias.litwareinc.test cannot be asked: Could not resolve host|check the name of the host
ces-password:alias|7|undone|alias.litwareinc.test cannot be asked: Could not resolve host|check the name of the host
cep:alias|7|undone|alias.litwareinc.test cannot be asked: Could not resolve host|check the name of the host
ROWS
hosts 127.0.1.3 "$CA_HOST" # the address of the CA that is down
table "closed port" <<'ROWS'
rpc|7|undone|TCP port 135 of ca01.litwareinc.test (127.0.1.3) refuses the connection|TCP 135 and the dynamic ports 49152-65535
rpc-ntlm|7|undone|TCP port 135 of ca01.litwareinc.test (127.0.1.3) refuses the connection|TCP 135 and the dynamic ports 49152-65535
certsrv|7|undone|ca01.litwareinc.test port 443|a firewall lets its port through
certsrv-ntlm|7|undone|ca01.litwareinc.test port 8443|a firewall lets its port through
certsrv-epa|7|undone|ca01.litwareinc.test port 9443|a firewall lets its port through
ces|7|undone|ca01.litwareinc.test port 443|a firewall lets its port through
ces-password|7|undone|ca01.litwareinc.test port 443|a firewall lets its port through
cep|7|undone|ca01.litwareinc.test port 443|a firewall lets its port through
ROWS
hosts 192.0.2.1 "$CA_HOST"
ip route add unreachable 192.0.2.0/24
table "no route" <<'ROWS'
rpc|7|undone|TCP port 135 of ca01.litwareinc.test (192.0.2.1) cannot be reached|TCP 135
rpc-ntlm|7|undone|TCP port 135 of ca01.litwareinc.test (192.0.2.1) cannot be reached|TCP 135
certsrv|7|undone|ca01.litwareinc.test port 443|a firewall
certsrv-ntlm|7|undone|ca01.litwareinc.test port 8443|a firewall
ces|7|undone|ca01.litwareinc.test port 443|a firewall
ces-password|7|undone|ca01.litwareinc.test port 443|a firewall
cep|7|undone|ca01.litwareinc.test port 443|a firewall
ROWS
ip route del unreachable 192.0.2.0/24
ip route add 192.0.2.0/24 dev lo # on which nobody has that address: what is sent there is lost
table "no answer" <<'ROWS'
rpc:8s|7|undone|TCP port 135 of ca01.litwareinc.test (192.0.2.1) does not answer in time|TCP 135
rpc-ntlm:8s|7|undone|TCP port 135 of ca01.litwareinc.test (192.0.2.1) does not answer in time|TCP 135
certsrv:8s|7|undone|ca01.litwareinc.test cannot be asked|raise `timeout`
certsrv-ntlm:8s|7|undone|ca01.litwareinc.test cannot be asked|raise `timeout`
ces:8s|7|undone|ca01.litwareinc.test cannot be asked|raise `timeout`
ces-password:8s|7|undone|ca01.litwareinc.test cannot be asked|raise `timeout`
cep:8s|7|undone|ca01.litwareinc.test cannot be asked|raise `timeout`
ROWS
ip route del 192.0.2.0/24
hosts 127.0.1.2 alias.litwareinc.test # the right computer by another name
table "another name" <<'ROWS'
rpc:alias|7|undone|host/alias.litwareinc.test@LITWAREINC.TEST: the domain knows no such service|name the CA's host as
certsrv:alias|7|undone|alias.litwareinc.test|use a name that the server's certificate has
certsrv-ntlm:alias|7|undone|alias.litwareinc.test|use a name that the server's certificate has
certsrv-epa:alias|7|undone|alias.litwareinc.test|use a name that the server's certificate has
ces:alias|7|undone|alias.litwareinc.test|use a name that the server's certificate has
ces-password:alias|7|undone|alias.litwareinc.test|use a name that the server's certificate has
cep:alias|7|undone|alias.litwareinc.test|use a name that the server's certificate has
ROWS
BEFORE=()
table "anchors that do not fit" <<'ROWS'
certsrv:anchors|7|undone|unable to get local issuer certificate|`anchors` in the ca section
certsrv-ntlm:anchors|7|undone|unable to get local issuer certificate|`anchors` in the ca section
certsrv-epa:anchors|7|undone|unable to get local issuer certificate|`anchors` in the ca section
ces:anchors|7|undone|unable to get local issuer certificate|`anchors` in the ca section
ces-password:anchors|7|undone|unable to get local issuer certificate|`anchors` in the ca section
cep:anchors|7|undone|unable to get local issuer certificate|`anchors` in the ca section
ROWS

done_well
