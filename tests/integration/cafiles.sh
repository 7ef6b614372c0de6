#!/usr/bin/env bash
# The files that a ca section names: one that others can write, or a keytab or password that others can read, is
# refused before anybody is asked and before there is a key.
set -euo pipefail
# shellcheck source=tests/integration/lib.sh
. "$1/tests/integration/lib.sh"
setup
export KRB5CCNAME=FILE:$WORK/no-ticket
umask 077
printf 'secret\n' >password
printf '\x05\x02' >keytab # MIT's format 5.2, without an entry
printf '[libdefaults]\n    default_realm = X.TEST\n' | tee first.conf >second.conf
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj '/CN=A root' -keyout root.key \
    -out anchors 2>/dev/null
printf '#!/bin/sh\n: >"%s/asked"\n' "$WORK" >program
chmod 0700 program
chmod 0644 first.conf second.conf anchors
# Port 1 of this machine is closed.
PAGES="type = certsrv  address = 'https://localhost:1/certsrv'"
write_config \
    "ca program { type = program  address = 'x'  program = '$WORK/program' }" \
    "ca keytab { $PAGES  keytab = '$WORK/keytab' }" \
    "ca krb5 { $PAGES  krb5-config = '$WORK/first.conf:$WORK/second.conf' }" \
    "ca half { $PAGES  krb5-config = '$WORK/first.conf:second.conf' }" \
    "ca anchors { $PAGES  anchors = '$WORK/anchors' }" \
    "ca password { $PAGES  auth = ntlm  account = 'X\\\\ken'  password-source = 'file:$WORK/password' }"

new() { # new CODE CA
    rm -f asked
    run "$1" "$CSCERT" new --type Internal --computer-fqdn edge1.litwareinc.com --ca "$2" --key-alg ECDH_P256
    has_objects 0 0 0
}
refused() { # refused CA FILE TEXT
    new 3 "$1"
    says "$WORK/$2 $3"
    [ ! -e asked ] || fail "$1: the program was started"
}
# file CA FILE CODE TEXT GOOD BAD...: with a mode that is good it is used, which ends so; with the others it is not.
file() {
    local ca=$1 file=$2 code=$3 text=$4 good=$5 mode
    shift 5
    for mode; do
        chmod "$mode" "$file"
        case $mode in
        *[2367]? | *[2367]) refused "$ca" "$file" 'can be changed by others' ;;
        *) refused "$ca" "$file" 'can be read by others' ;;
        esac
    done
    chmod "$good" "$file"
    if [ "$(id -u)" -eq 0 ]; then
        chown 65534 "$file"
        refused "$ca" "$file" 'can be changed by others (owner 65534'
        chown 0 "$file"
    fi
    new "$code" "$ca"
    says "$text"
}
file keytab keytab 3 'keytab: the keytab is empty' 0600 0640 0604 0620 0602 0644
file krb5 first.conf 7 'there is no ticket' 0644 0664 0646
file krb5 second.conf 7 'there is no ticket' 0644 0664 0646
file anchors anchors 7 'there is no ticket' 0644 0664 0646
file program program 7 'program ended with exit code 0' 0755 0775 0757
[ -e asked ] || fail "the program was not started"
for mode in 0640 0604 0620 0602; do
    chmod "$mode" password
    refused password password 'can be read by others'
done
chmod 0600 password
new 7 password
says 'localhost cannot be asked'
new 3 half
says 'krb5-config in the ca section: "second.conf" is no absolute path'
for name in keytab first.conf anchors program; do
    mv "$name" gone
    new 3 "${name/first.conf/krb5}"
    says "$WORK/$name"
    mv gone "$name"
done
run 0 "$CSCERT" list --json
same "requests" 0 "$(json length)"
