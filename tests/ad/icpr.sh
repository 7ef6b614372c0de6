#!/usr/bin/env bash
# MS-ICPR against the test bed, from inside it (ad.sh run): who may ask and how, the life of a
# request, and what is said when something is wrong.
#   icpr.sh ICPRTOOL
set -euo pipefail

tool=$1
faketime=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/faketime.sh
: "${ADBED:?run me by ad.sh}" "${ADBED_STATE:?run me inside the bed}"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
unset KRB5CCNAME KRB5_CONFIG
export LC_ALL=C.UTF-8

ca=(ca01.litwareinc.test myca)
kenmyer=('account=LITWAREINC\kenmyer' password-file=password)
asked=(csr=request.der template=WebServer)
failed=0

# said WHAT LINE...: the tool's output has each of these as a line, or the part of one before *
said() {
    local what=$1 line
    shift
    for line; do
        if [[ $line == *'*' ]]; then
            grep -qF -- "${line%\*}" output && continue
        elif grep -qxF -- "$line" output; then
            continue
        fi
        printf 'FAIL %s\n  wanted: %s\n%s\n' "$what" "$line" "$(sed 's/^/  got: /' output)"
        failed=1
        return
    done
    echo "ok   $what"
}

# ask ARGUMENT...: its exit code is said in its output
ask() {
    "$tool" "$@" >output 2>&1 || true
    cat output >>everything
}

field() {
    sed -n "s/^$1=//p" output
}

(
    umask 077
    echo 'Passw0rd!' >password
    echo 'wrong' >wrong
    echo 'Passw0rd!low' >low
)
# request NAME SAN: NAME.der
request() {
    openssl req -new -nodes -newkey ec -pkeyopt ec_paramgen_curve:P-256 -keyout "$1.key" \
        -subj /CN=edge1.litwareinc.test -addext "subjectAltName=$2" -outform DER -out "$1.der" \
        2>/dev/null
}
request request DNS:edge1.litwareinc.test,DNS:sip.litwareinc.test

# --- who asks -----------------------------------------------------------------------------------

issued=(disposition=issued rc=OK sent=yes)
# account=..., password or keytab: each form that an account has
while read -r account; do
    ask submit "${ca[@]}" "${asked[@]}" "account=$account" password-file=password
    said "password: $account" "${issued[@]}"
done <<'ACCOUNTS'
LITWAREINC\kenmyer
litwareinc\kenmyer
litwareinc.test\kenmyer
kenmyer@litwareinc.test
kenmyer@LITWAREINC.TEST
kenmyer@litwareinc
kenmyer
ACCOUNTS
ask submit "${ca[@]}" "${asked[@]}" 'account=NB\kenmyer' password-file=password realm=LITWAREINC.TEST
said "password: the realm is configured" "${issued[@]}"
ask submit "${ca[@]}" "${asked[@]}" 'account=NB\kenmyer' password-file=password
said "a NetBIOS name that nothing explains" rc=CONFIG 'message=the Kerberos realm of the account*'

keytab=$ADBED_STATE/run/fe01.keytab
ask submit "${ca[@]}" "${asked[@]}" "keytab=$keytab"
said "keytab: the computer in it" "${issued[@]}"
ask submit "${ca[@]}" "${asked[@]}" "keytab=$keytab" 'account=FE01$@LITWAREINC.TEST'
said "keytab: an account" "${issued[@]}"
ask submit "${ca[@]}" "${asked[@]}" "keytab=$keytab" 'account=LITWAREINC\kenmyer'
said "keytab: of another account" rc=CONFIG 'message=kenmyer@LITWAREINC.TEST: the keytab does not*'

kinit -c FILE:ticket kenmyer <password >/dev/null
ask submit "${ca[@]}" "${asked[@]}" ccache=FILE:ticket
said "ticket: a named cache" "${issued[@]}"
KRB5CCNAME=FILE:ticket ask submit "${ca[@]}" "${asked[@]}"
said "ticket: the default cache" "${issued[@]}"
KRB5CCNAME=FILE:ticket ask submit "${ca[@]}" "${asked[@]}" 'account=LITWAREINC\kenmyer'
said "ticket: of the account" "${issued[@]}"
KRB5CCNAME=FILE:ticket ask submit "${ca[@]}" "${asked[@]}" 'account=LITWAREINC\lowpriv'
said "ticket: of another account" rc=CA_UNREACHABLE \
    'message=there is neither a password, nor a keytab, nor a ticket for the account*'
KRB5CCNAME=FILE:none ask submit "${ca[@]}" "${asked[@]}"
said "ticket: none" rc=CA_UNREACHABLE 'message=credential cache FILE:none: there is no ticket' \
    'hint=get a ticket with *' sent=no
klist -c FILE:ticket | grep -c host/ >output || true
sed -i 's/^/services=/' output
said "ticket: the user's cache is as it was" services=0
# nothing of a password's ticket is left behind
ask submit "${ca[@]}" "${asked[@]}" "${kenmyer[@]}"
find /tmp -ignore_readdir_race -maxdepth 1 -name 'krb5cc*' -newer password >output
printf 'files=%s\n' "$(wc -l <output)" >output
said "password: no cache on disk" files=0

for account in 'LITWAREINC\kenmyer' kenmyer@litwareinc.test; do
    ask submit "${ca[@]}" "${asked[@]}" "account=$account" password-file=password auth=ntlm
    said "NTLM: $account" "${issued[@]}"
done
ask submit "${ca[@]}" "${asked[@]}" 'account=LITWAREINC\kenmyer' password-file=wrong auth=ntlm
said "NTLM: wrong password" rc=CA_REFUSED sent=yes \
    'message=*' 'hint=check both; several wrong passwords*'
ask submit "${ca[@]}" "${asked[@]}" auth=ntlm
said "NTLM: no account" rc=CONFIG 'message=NTLM needs an account and its password'

# --- what the domain refuses --------------------------------------------------------------------

ask submit "${ca[@]}" "${asked[@]}" 'account=LITWAREINC\kenmyer' password-file=wrong
said "wrong password" rc=CA_REFUSED sent=no \
    'message=kenmyer@LITWAREINC.TEST: the password is wrong' \
    'cause=krb5_get_init_creds: Preauthentication failed (Kerberos -1765328360)'
ask submit "${ca[@]}" "${asked[@]}" 'account=nobody@litwareinc.test' password-file=password
said "no such account" rc=CA_REFUSED \
    'message=nobody@litwareinc.test (realm LITWAREINC.TEST): the domain has no such account'
ask submit "${ca[@]}" "${asked[@]}" 'account=kenmyer@nowhere.example' password-file=password \
    realm=NOWHERE.EXAMPLE
said "no such realm" rc=CA_UNREACHABLE 'hint=this machine must find the domain*' \
    'message=kenmyer@nowhere.example (realm NOWHERE.EXAMPLE): no domain controller can be found'

# three minutes of life, seen four minutes later: that is less than the skew that Kerberos allows
kinit -l 3m -c FILE:short kenmyer <password >/dev/null
ask submit "${ca[@]}" "${asked[@]}" ccache=FILE:short
said "a short ticket, while it lives" "${issued[@]}"
"$faketime" +4m "$tool" submit "${ca[@]}" "${asked[@]}" ccache=FILE:short >output || true
said "a ticket that has expired" rc=CA_UNREACHABLE sent=no \
    'cause=krb5_get_credentials: Ticket expired (Kerberos -1765328352)'
"$faketime" +30m "$tool" submit "${ca[@]}" "${asked[@]}" ccache=FILE:ticket >output || true
said "a clock that is ahead, with a ticket" rc=CA_UNREACHABLE sent=no \
    'cause=krb5_get_credentials: Clock skew too great (Kerberos -1765328347)' 'hint=Kerberos allows*'
"$faketime" -30m "$tool" submit "${ca[@]}" "${asked[@]}" ccache=FILE:ticket >output || true
said "a clock that is behind, with a ticket" rc=CA_UNREACHABLE sent=no 'hint=Kerberos allows*'
"$faketime" +30m "$tool" submit "${ca[@]}" "${asked[@]}" "${kenmyer[@]}" >output || true
said "a clock that is ahead, with a password: libkrb5 takes the domain's" "${issued[@]}"
sed 's/^\[libdefaults\]/&\n    kdc_timesync = 0/' /etc/krb5.conf >no-timesync.conf
KRB5_CONFIG=no-timesync.conf "$faketime" +30m "$tool" submit "${ca[@]}" "${asked[@]}" \
    "${kenmyer[@]}" >output || true
said "the same where krb5.conf forbids that" rc=CA_UNREACHABLE sent=no \
    'cause=krb5_get_init_creds: Clock skew too great (Kerberos -1765328347)'

# --- which CA -----------------------------------------------------------------------------------

ask submit ca01.litwareinc.test otherca "${asked[@]}" "${kenmyer[@]}"
said "no CA of that name" rc=CA_REFUSED sent=no 'cause=0x80070057 E_INVALIDARG' \
    'message=ca01.litwareinc.test\otherca: its computer has no CA of the name "otherca"'
ask submit ca02.litwareinc.test offlineca "${asked[@]}" "${kenmyer[@]}"
said "a CA that is down" rc=CA_UNREACHABLE sent=no 'hint=from this machine to the CA*' \
    'message=TCP port 135 of ca02.litwareinc.test (127.0.1.3) refuses the connection'
ask submit nohost.litwareinc.test myca "${asked[@]}" "${kenmyer[@]}"
said "no such computer" rc=CA_UNREACHABLE sent=no \
    'message=the name nohost.litwareinc.test cannot be resolved*'
ask submit 127.0.1.2 myca "${asked[@]}" "${kenmyer[@]}"
said "an address instead of a name" rc=CA_UNREACHABLE sent=no \
    "hint=name the CA's host as the domain knows it*"
ip route add unreachable 192.0.2.0/24
ask submit 192.0.2.1 myca "${asked[@]}" "${kenmyer[@]}"
said "no route" rc=CA_UNREACHABLE sent=no 'cause=connect: No route to host (errno 113)'
ip route del unreachable 192.0.2.0/24
ip route add blackhole 192.0.2.0/24
ask submit 192.0.2.1 myca "${asked[@]}" "${kenmyer[@]}" timeout=2
said "a route that leads nowhere" rc=CA_UNREACHABLE sent=no 'message=TCP port 135 of 192.0.2.1*'
ip route del blackhole 192.0.2.0/24

# --- the life of a request ----------------------------------------------------------------------

ask submit "${ca[@]}" "${asked[@]}" "${kenmyer[@]}" out=issued
said "issued" "${issued[@]}" code=0x00000000
openssl x509 -inform DER -in issued.cer -noout -pubkey >public.cer
openssl req -inform DER -in request.der -noout -pubkey >public.req
cmp -s public.cer public.req && echo "public=same" >output || echo "public=other" >output
said "issued: to our key" public=same
openssl x509 -inform DER -in issued.chain -noout -subject >output
said "issued: the chain begins with the issuer" 'subject=DC = test, DC = litwareinc, CN = myca'

ask submit "${ca[@]}" csr=request.der template=ManualApproval "${kenmyer[@]}"
said "pending" disposition=pending rc=OK
id=$(field id)
ask poll "${ca[@]}" "id=$id" "${kenmyer[@]}"
said "still pending" disposition=pending "id=$id" certificate=0
"$ADBED" approve "$id"
ask poll "${ca[@]}" "id=$id" "${kenmyer[@]}"
said "approved" disposition=issued "id=$id"
"$ADBED" revoke "$id"
ask poll "${ca[@]}" "id=$id" "${kenmyer[@]}"
said "revoked" disposition=revoked "id=$id" certificate=0
ask submit "${ca[@]}" csr=request.der template=ManualApproval 'account=LITWAREINC\kenmyer' \
    password-file=password auth=ntlm
id=$(field id)
"$ADBED" deny "$id"
ask poll "${ca[@]}" "id=$id" "${kenmyer[@]}"
said "denied" disposition=denied "id=$id" code=0x80094014 code_name=CERTSRV_E_ADMIN_DENIED_REQUEST
ask poll "${ca[@]}" id=999999 "${kenmyer[@]}"
said "a number that was never given" rc=CA_REFUSED 'cause=0x80094004 CERTSRV_E_PROPERTY_EMPTY' \
    'message=ca01.litwareinc.test\myca knows no request 999999'
ask poll ca01.litwareinc.test otherca id=1 "${kenmyer[@]}"
said "a number of another CA" rc=CA_REFUSED 'cause=0x80070057 E_INVALIDARG'

# --- what the CA refuses ------------------------------------------------------------------------

while read -r template code name; do
    ask submit "${ca[@]}" csr=request.der "template=$template" "${kenmyer[@]}"
    said "template $template" rc=CA_REFUSED sent=no "cause=$code $name" \
        'message=ca01.litwareinc.test\myca refused the request (its number *'
done <<'TEMPLATES'
NoSuchTemplate 0x80094800 CERTSRV_E_UNSUPPORTED_CERT_TYPE
NotInstalled 0x80094800 CERTSRV_E_UNSUPPORTED_CERT_TYPE
DeniedTemplate 0x80094012 CERTSRV_E_TEMPLATE_DENIED
TEMPLATES
ask submit "${ca[@]}" csr=request.der "${kenmyer[@]}"
said "no template" rc=CA_REFUSED 'cause=0x80094801 CERTSRV_E_NO_CERT_TYPE'
ask submit "${ca[@]}" "${asked[@]}" 'account=LITWAREINC\lowpriv' password-file=low
said "an account that may not" rc=CA_REFUSED 'cause=0x80094012 CERTSRV_E_TEMPLATE_DENIED'
ask submit "${ca[@]}" csr=request.der template=jcila 'account=LITWAREINC\lowpriv' password-file=low
said "the same account with its own template" "${issued[@]}"
# 200 names are more than 4,096 octets, and the request needs several fragments
request long "$(printf 'DNS:further-name-%04d.litwareinc.test,' {1..200} | sed 's/,$//')"
ask submit "${ca[@]}" csr=long.der template=WebServer "${kenmyer[@]}"
said "a SAN that is too long" rc=CA_REFUSED 'cause=0xc80005e2*' sent=no
# one that is just short enough, in fragments both ways
request many "$(printf 'DNS:further-name-%04d.litwareinc.test,' {1..110} | sed 's/,$//')"
for auth in kerberos ntlm; do
    ask submit "${ca[@]}" csr=many.der template=WebServer "${kenmyer[@]}" auth=$auth
    said "110 names, $auth" "${issued[@]}"
done

# --- probe --------------------------------------------------------------------------------------

ask probe "${ca[@]}" "${kenmyer[@]}"
said "probe" rc=OK 'ok endpoint mapper: detail=TCP port 135 of ca01.litwareinc.test (127.0.1.2)*' \
    'ok credentials: detail=Kerberos: kenmyer@LITWAREINC.TEST by its password' \
    'ok certification authority: detail=ca01.litwareinc.test\myca answers this account'
ask probe ca01.litwareinc.test otherca "${kenmyer[@]}"
said "probe: no CA of that name" rc=CA_REFUSED 'ok authentication: *' 'no certification authority: *'
ask probe ca02.litwareinc.test offlineca "${kenmyer[@]}"
said "probe: a CA that is down" rc=CA_UNREACHABLE 'no endpoint mapper: *'
ask probe "${ca[@]}" 'account=LITWAREINC\kenmyer' password-file=wrong
said "probe: wrong password" rc=CA_REFUSED 'ok connection: *' 'no credentials: *'

echo "times=$(grep -c Passw0rd everything)" >output
said "the password in all that was said" times=0
echo "times=$(grep -cE 'Sanitizer|runtime error' everything)" >output
said "a sanitizer's findings" times=0
exit "$failed"
