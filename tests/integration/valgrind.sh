#!/usr/bin/env bash
# The whole job under valgrind: key, request, CA, certificate; then list, retrieve, clear and recover. No error, no leak.
set -euo pipefail
# shellcheck source=tests/integration/lib.sh
. "$1/tests/integration/lib.sh"
setup
CA='atl-ca-001.litwareinc.com\myca'
checked() {
    local want=$1
    shift
    run "$want" valgrind --quiet --leak-check=full --show-leak-kinds=definite,indirect,possible \
        --errors-for-leak-kinds=definite,indirect,possible --error-exitcode=99 \
        --suppressions="$SOURCE/tests/support/valgrind.supp" "$@"
}
checked 0 "$CSCERT" ca init 'Valgrind' --key-alg ECDH_P256
checked 0 "$CSCERT" new --type Internal --computer-fqdn edge1.litwareinc.com --key-size 1024 --ca "$CA" --report report.html
checked 0 "$CSCERT" new --type Internal --computer-fqdn edge2.litwareinc.com --key-alg ECDH_P384 --output out.req
checked 0 "$CMDLET" -List
checked 0 "$CSCERT" list --json
checked 0 "$CSCERT" retrieve
checked 0 "$CSCERT" clear --request-id 2
checked 0 "$CSCERT" recover
checked 2 "$CSCERT" new --type Nonsense
checked 16 "$CSCERT" new --type Internal --computer-fqdn edge2.litwareinc.com --output /nonexistent/x
printf 'wrong\n' >wrong && chmod 0600 wrong
checked 5 "$CSCERT" new --type Internal --computer-fqdn edge2.litwareinc.com --output x.req --pin-source file:wrong
