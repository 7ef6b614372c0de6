#!/usr/bin/env bash
# A domain controller that takes every connection and never answers: libkrb5 would wait for it as long as it likes, but a
# question to a CA is over with its `timeout`, says who did not answer, and the next question is asked all the same.
set -euo pipefail
# shellcheck source=tests/integration/lib.sh
. "$1/tests/integration/lib.sh"
setup
umask 077
printf 'secret\n' >password
cat >kdc.py <<'PYTHON'
import signal, socket
stream, datagram = socket.socket(), socket.socket(type=socket.SOCK_DGRAM)
stream.bind(("127.0.0.1", 0))
datagram.bind(stream.getsockname())
stream.listen(16)
print(stream.getsockname()[1], flush=True)
signal.pause()
PYTHON
exec 5< <(exec "$PYTHON" kdc.py)
kdc=$!
at_exit kill "$kdc"
read -r port <&5
cat >krb5.conf <<CONF
[libdefaults]
    default_realm = STALLED.TEST
    dns_lookup_kdc = false
[realms]
    STALLED.TEST = {
        kdc = 127.0.0.1:$port
    }
CONF
SECTION="type = certsrv  account = 'ken@stalled.test'  password-source = 'file:$WORK/password'
    realm = STALLED.TEST  krb5-config = '$WORK/krb5.conf'  timeout = 5"
write_config "ca one { address = 'https://localhost:1/certsrv'  $SECTION }" \
    "ca two { address = { 'https://localhost:1/certsrv', 'https://localhost:2/certsrv' }  $SECTION }"

new() { # new CA SECONDS: within so many
    local begun=$SECONDS
    run 7 "$CSCERT" new --type Internal --computer-fqdn edge1.litwareinc.com --ca "$1" --key-alg ECDH_P256
    [ $((SECONDS - begun)) -le "$2" ] || fail "$1 took $((SECONDS - begun)) s"
    says 'Kerberos: the domain controllers (KDC) of STALLED.TEST, asked for a ticket of ken@stalled.test'
    says 'no answer within 5 seconds'
}
new one 25
# The program that ended is started anew for the second address.
new two 50
says 'none of the 2 addresses'
run 7 "$CSCERT" ca probe one
says 'no answer within 5 seconds'
prints confinement
run 0 "$CSCERT" list --json
same "requests" 0 "$(json length)"
has_objects 0 0 0
