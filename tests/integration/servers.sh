#!/usr/bin/env bash
# nginx and Apache as Debian builds them, with keys on a token and certificates that cscert had issued for them; curl,
# s_client and Chromium as clients. What is run stands in docs/SERVERS.md: its blocks marked "sh", in their order.
#
#   servers.sh SOURCE BUILD
set -euo pipefail
# shellcheck source=tests/integration/lib.sh
. "$1/tests/integration/lib.sh"
spy=$(dpkg-query -L opensc-pkcs11 2>/dev/null | grep '/pkcs11-spy.so$' | head -n 1 || true)
nginx=/usr/sbin/nginx
[ -x "$nginx" ] || nginx=$SOURCE/build/packages/usr/sbin/nginx
for program in "$nginx" /usr/sbin/apache2 /usr/bin/certutil /usr/bin/curl "${spy:-/nonexistent/pkcs11-spy.so}"; do
    if [ ! -e "$program" ]; then
        echo "skipped: there is no $program (hsm-config/packages.sh tests/packages.txt brings it)"
        exit 77
    fi
done
setup
# shellcheck source=tests/integration/browser.sh
. "$SOURCE/tests/integration/browser.sh"

# Apache does not run as root, and who runs the workers must be able to use the token: all is nobody's then.
as=(env "HOME=$WORK")
if [ "$(id -u)" -eq 0 ]; then
    as=(setpriv --reuid=nobody --regid=nogroup --clear-groups env "HOME=$WORK")
fi
mkdir "$WORK/bin" "$WORK/blocks"
cp "$CSCERT" "$nginx" "$WORK/bin/"
export PATH=$WORK/bin:$PATH PKCS11SPY=$HSM_MODULE PKCS11SPY_OUTPUT=$WORK/spy.log
write_config "ca lab { type = lab }"
printf '%s\n' "$HSM_PIN" >"$WORK/pin" # with a newline, as most have it

# The page's blocks, numbered from 1; the first says the names of a site, and here are this one's.
awk -v to="$WORK/blocks/" '/^```sh$/ { in_block = 1; n++; next } /^```$/ { in_block = 0; next }
    in_block { print >(to n) }' "$SOURCE/docs/SERVERS.md"
free_port() { "$PYTHON" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
nginx_port=$(free_port)
apache_port=$(free_port)
cat >"$WORK/vars" <<VARS
name=web1.litwareinc.com
ca=lab
token='$HSM_URI'
module='$spy'
pin_file='$WORK/pin'
ca_object=cscert%20lab%20CA%20training
dir='$WORK/web1'
nginx='$WORK/bin/nginx'
nginx_port=$nginx_port
apache=/usr/sbin/apache2
apache_port=$apache_port
VARS
diff <(sed 's/=.*//' "$WORK/blocks/1") <(sed 's/=.*//' "$WORK/vars") >"$WORK/names.diff" ||
    fail "the first block of the page sets other names than this test"
"$CSCERT" ca init training >/dev/null
if [ "$(id -u)" -eq 0 ]; then chown -R nobody:nogroup "$HSM_FOLDER"; fi

# block NUMBER TEXT: runs it, with the variables of those before it; TEXT stands in it, or another block was meant.
block() {
    grep -qF -- "$2" "$WORK/blocks/$1" || fail "block $1 of the page does not have: $2"
    # shellcheck disable=SC2016
    run 0 "${as[@]}" bash -euc '. "$1/vars"; . "$1/blocks/$2"
        for word in name ca token module pin_file ca_object dir nginx nginx_port apache apache_port rsa_key ec_key \
            new_key
        do declare -p "$word" 2>/dev/null || true; done >"$1/vars.new"; mv "$1/vars.new" "$1/vars"' - "$WORK" "$1"
}

# end_server NAME: by its pid, and waits until it is gone. Servers are daemons, nobody's children.
end_server() {
    local pid i
    pid=$(cat "$WORK/web1/$1/pid" 2>/dev/null) || return 0
    kill -TERM "$pid" 2>/dev/null || return 0
    for ((i = 0; i < 1000; i++)); do
        [ -e "$WORK/web1/$1/pid" ] || return 0
        read -r -t 0.01 <> <(:) || true
    done
    kill -KILL "$pid"
}
at_exit end_server nginx
at_exit end_server apache

spied() { grep -c ": $1\$" "$PKCS11SPY_OUTPUT" || true; }
logged_in() { awk '/: C_Login$/ { on = 1 } on && /^Returned/ { n += / 0 CKR_OK/; on = 0 } END { print n + 0 }' \
    "$PKCS11SPY_OUTPUT"; }

block 2 '--type Server'
block 3 'cscert get'
openssl x509 -in web1/rsa.pem -noout -text | grep -q 'rsaEncryption' || fail "web1/rsa.pem is no RSA certificate"
openssl x509 -in web1/ec.pem -noout -text | grep -q 'prime256v1' || fail "web1/ec.pem is no P-256 certificate"
block 4 'tr -d'
block 5 'MODULE_PATH'

# Traps of the page: a newline after the PIN; a token that is not there.
grep -v '"\$nginx" -p' blocks/6 >only_config && cp blocks/6 whole
mv only_config blocks/6
block 6 'ssl_certificate_key'
try_nginx() (
    "${as[@]}" env OPENSSL_CONF="$WORK/web1/openssl.cnf" "$nginx" -t -p "$WORK/web1/nginx" \
        -c "$WORK/web1/nginx/nginx.conf" -e "$WORK/web1/nginx/error.log" || exit 1
) >nginx.out 2>&1
cp -p web1/pin good-pin
printf '%s\n' "$HSM_PIN" >web1/pin
if try_nginx; then fail "a PIN with a newline was taken: docs/SERVERS.md warns of it"; fi
grep -q 'PIN incorrect' nginx.out || fail "nginx with a newline after the PIN: $(cat nginx.out)"
cp -p good-pin web1/pin
mv "$HSM_FOLDER/tokens" "$HSM_FOLDER/tokens.away"
mkdir "$HSM_FOLDER/tokens"
if try_nginx; then fail "nginx starts without the token"; fi
rmdir "$HSM_FOLDER/tokens"
mv "$HSM_FOLDER/tokens.away" "$HSM_FOLDER/tokens"
try_nginx || fail "nginx does not take its configuration: $(cat nginx.out)"

cp whole blocks/6
: >"$PKCS11SPY_OUTPUT"
block 6 'ssl_certificate_key'
same "logins when nginx started" 1 "$(logged_in)"
block 7 'SSLCryptoDevice pkcs11'
same "logins when Apache started too" 2 "$(logged_in)"

before=$(spied C_Sign)
block 8 's_client'
same "pages that curl got" 2 "$(grep -c 'The key is on the token' "$OUT")"
same "handshakes that s_client verified" 4 "$(grep -c 'Verification: OK' "$OUT")"
same "handshakes in TLS 1.2" 2 "$(grep -c 'New, TLSv1.2' "$OUT")"
same "handshakes in TLS 1.3" 2 "$(grep -c 'New, TLSv1.3' "$OUT")"
same "signatures on the token" 6 "$(($(spied C_Sign) - before))"

# connect PORT PROTOCOL SIGNATURE: what s_client says; its exit code.
connect() {
    openssl s_client -connect "127.0.0.1:$1" -servername web1.litwareinc.com -CAfile web1/ca.pem \
        -verify_return_error -verify_hostname web1.litwareinc.com "-$2" -sigalgs "$3" </dev/null >client.txt 2>&1
}
for port in "$nginx_port" "$apache_port"; do
    # Which of the two certificates: by what the client can verify. TLS 1.3 wants RSA-PSS (RFC 8446 section 4.2.3).
    while read -r protocol algorithms type; do
        connect "$port" "$protocol" "$algorithms" || fail "$protocol $algorithms: $(cat client.txt)"
        grep -q "^Peer signature type: $type\$" client.txt || fail "$protocol $algorithms: $(cat client.txt)"
    done <<'ROWS'
tls1_2 RSA+SHA256 RSA
tls1_2 ECDSA+SHA256 ECDSA
tls1_3 RSA-PSS+SHA256:RSA+SHA256 RSA-PSS
tls1_3 ECDSA+SHA256 ECDSA
ROWS
    run 60 curl --silent --show-error --resolve "web1.litwareinc.com:$port:127.0.0.1" \
        "https://web1.litwareinc.com:$port/"
done

# visit PORT: the page as Chromium shows it.
visit() {
    : >browser.log
    browse --host-resolver-rules='MAP web1.litwareinc.com 127.0.0.1' --dump-dom "https://web1.litwareinc.com:$1/" \
        >page.dom || true
}
visit "$nginx_port"
if grep -q 'The key is on the token' page.dom; then fail "Chromium showed a page of a CA that it does not know"; fi
has browser.log ERR_CERT_AUTHORITY_INVALID
block 9 'certutil'
for port in "$nginx_port" "$apache_port"; do
    visit "$port"
    has page.dom '<p>The key is on the token.</p>'
    has_not browser.log ERR_CERT
    has page.dom '<title>web1.litwareinc.com</title>'
done

# served PORT: the serial number of the RSA certificate.
served() {
    connect "$1" tls1_2 RSA+SHA256 || fail "$(cat client.txt)"
    openssl x509 -noout -serial <client.txt
}
old=$(openssl x509 -in web1/rsa.pem -noout -serial)
for port in "$nginx_port" "$apache_port"; do same "serial number" "$old" "$(served "$port")"; done
block 10 'kill -HUP'
new=$(openssl x509 -in web1/rsa.pem -noout -serial)
[ "$old" != "$new" ] || fail "the renewed certificate is the old one"
for port in "$nginx_port" "$apache_port"; do
    for ((i = 0; i < 500; i++)); do
        [ "$(served "$port")" != "$new" ] || break
        read -r -t 0.01 <> <(:) || true
    done
    same "serial number after the reload" "$new" "$(served "$port")"
done
same "logins after all of it" 2 "$(logged_in)"
[ ! -e blocks/11 ] || fail "the page has a block that nobody runs: $(cat blocks/11)"
browser_done "nginx and Apache serve keys on a token to curl, s_client and Chromium"
