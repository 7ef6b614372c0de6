#!/usr/bin/env bash
# A TLS server whose key is on a token serves a certificate for it to openssl s_client: RSA and
# P-256, TLS 1.2 and 1.3. What is judged is what the other end sees.
#
#   tls_token.sh SOURCE BUILD
set -euo pipefail
source_dir=$1
build=$2
server=$build/tests/integration/cs-tlsserver
name=edge.example.test

# shellcheck source=../support/softhsm.sh
. "$source_dir/tests/support/softhsm.sh"

fail() {
    printf 'FAIL: %s\n' "$*" >&2
    exit 1
}

make_ca() { # NAME
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj "/CN=$1" \
        -keyout "$HSM_FOLDER/$1.key" -out "$HSM_FOLDER/$1.pem" 2>/dev/null
}

make_key() { # ID TYPE
    pkcs11-tool --module "$HSM_MODULE" --token-label "$HSM_LABEL" --login --pin "$HSM_PIN" \
        --keypairgen --key-type "$2" --id "$1" --label "key-$1" --usage-sign >/dev/null 2>&1
    pkcs11-tool --module "$HSM_MODULE" --token-label "$HSM_LABEL" --read-object --type pubkey \
        --id "$1" --output-file "$HSM_FOLDER/$1.spki" >/dev/null 2>&1
}

issue() { # ID: a certificate for the key on the token
    printf 'subjectAltName=DNS:%s\nextendedKeyUsage=serverAuth\n' "$name" >"$HSM_FOLDER/ext"
    openssl pkey -pubin -inform DER -in "$HSM_FOLDER/$1.spki" -out "$HSM_FOLDER/$1.pub"
    openssl x509 -new -subj "/CN=$name" -force_pubkey "$HSM_FOLDER/$1.pub" -days 1 \
        -CA "$HSM_FOLDER/lab.pem" -CAkey "$HSM_FOLDER/lab.key" -extfile "$HSM_FOLDER/ext" \
        -out "$HSM_FOLDER/$1.pem" 2>/dev/null
}

start_server() { # ID
    local lines=$HSM_FOLDER/port-$1
    mkfifo "$lines"
    "$server" "$HSM_URI" "$1" "$HSM_FOLDER/$1.pem" "$pin" "$build/tests/support/spymod.so" \
        >"$lines" 2>"$HSM_FOLDER/server-$1.err" &
    server_pid=$!
    read -r -t 60 port <"$lines" || fail "no server: $(cat "$HSM_FOLDER/server-$1.err")"
}

stop_server() {
    kill -TERM "$server_pid"
    wait "$server_pid" || fail "the server ended with $?: $(cat "$HSM_FOLDER"/server-*.err)"
    server_pid=
}

end_server() { # at the end, when a check failed while it ran
    if [ -n "$server_pid" ]; then
        kill -TERM "$server_pid" 2>/dev/null || true
        wait "$server_pid" || true
    fi
}

connect() { # CA PROTOCOL: what s_client says until the server closes; its exit code
    openssl s_client -connect "127.0.0.1:$port" -CAfile "$HSM_FOLDER/$1.pem" "-$2" \
        -verify_return_error -verify_hostname "$name" -ign_eof </dev/null 2>&1
}

expect() { # TEXT PATTERN...
    local text=$1 pattern
    shift
    for pattern in "$@"; do
        grep -Eq -- "$pattern" <<<"$text" || fail "no '$pattern' in: $text"
    done
}

signatures() {
    awk '$1 == "C_Sign" { n += $2 } END { print n + 0 }' "$CS_SPY_COUNTS" 2>/dev/null || echo 0
}

# ID TYPE TLS 1.2 CIPHER, SIGNATURE IN TLS 1.2, IN TLS 1.3
serve_and_judge() {
    local out before
    make_key "$1" "$2"
    issue "$1"
    before=$(signatures)
    start_server "$1"
    out=$(connect lab tls1_2) || fail "TLS 1.2: $out"
    expect "$out" 'Verify return code: 0 \(ok\)' 'TLSv1\.2' "$3" "Peer signature type: $4" \
        'served by a token over TLSv1\.2'
    out=$(connect lab tls1_3) || fail "TLS 1.3: $out"
    expect "$out" 'Verification: OK' 'TLSv1\.3' "Peer signature type: $5"
    # the judge can say no: another CA of the same kind
    if out=$(connect other tls1_3); then
        fail "s_client trusted a CA that it does not know: $out"
    fi
    expect "$out" 'unable to get local issuer certificate'
    stop_server
    # all three handshakes were signed on the token
    [ "$(($(signatures) - before))" -ge 3 ] || fail "only $(($(signatures) - before)) signatures"
    echo "ok: $2"
}

softhsm_init
export CS_SPY_MODULE=$HSM_MODULE CS_SPY_COUNTS=$HSM_FOLDER/counts
pin=$(softhsm_pin_file "$HSM_PIN")
server_pid=
at_exit end_server
make_ca lab
make_ca other
serve_and_judge 0101010101010101010101010101010101010101 rsa:2048 ECDHE-RSA RSA RSA-PSS
serve_and_judge 0202020202020202020202020202020202020202 EC:prime256v1 ECDHE-ECDSA ECDSA ECDSA

# a certificate that is not for the key is refused by the server itself
cp "$HSM_FOLDER/0101010101010101010101010101010101010101.pem" "$HSM_FOLDER/wrong.pem"
if "$server" "$HSM_URI" 0202020202020202020202020202020202020202 "$HSM_FOLDER/wrong.pem" "$pin" \
    "$HSM_MODULE" >"$HSM_FOLDER/out" 2>&1; then
    fail "the server took a certificate for another key"
fi
grep -Eq 'mismatch|no certificate assigned' "$HSM_FOLDER/out" || fail "$(cat "$HSM_FOLDER/out")"
echo "ok: certificate for another key"
