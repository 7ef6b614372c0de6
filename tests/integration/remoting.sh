#!/usr/bin/env bash
# A token on "another machine", through `p11-kit server` and through a `remote:` module, whose other end dies or stops
# answering in the middle of a run: an error within the limit of the configuration, and after `recover` the token holds
# the keys of the requests that stand and no others.
#
# What happens at the other end happens at a call: spymod.so is the module there. That it does not answer any more is
# what the program sees of a process that was stopped (SIGSTOP), and one round stops it.
set -euo pipefail

if [ "${1:-}" != --inside ]; then
    code=0
    for token in p11kit-server p11kit-remote; do
        "$1/tests/tokens/with-token.sh" "$token" "$0" --inside "$1" "$2" || code=$?
        [ "$code" = 0 ] || exit "$code"
    done
    exit 0
fi
shift
# shellcheck source=tests/integration/lib.sh
. "$1/tests/integration/lib.sh"

LIMIT=5 # seconds for one call, on a busy machine too
SPY=$BUILD/tests/support/spymod.so
HSM_FOLDER=$CS_TOKEN_FOLDER/remoting
WORK=$HSM_FOLDER/work
mkdir -m 0700 "$HSM_FOLDER" "$WORK" "$WORK/run"
cd "$WORK"
export CSCERT_CONFIG=$WORK/cscert.conf CSCERT_STATE_DIR=$WORK/state
OUT=$HSM_FOLDER/stdout ERR=$HSM_FOLDER/stderr

cat >direct.profile <<'PROFILE'
name = 'direct'
manufacturer = 'SoftHSM*'
generation = 'token'
PROFILE

# configure MODE
configure() {
    local profile=
    [ "$1" = session-copy ] || profile="profile = '$WORK/direct.profile'"
    printf "token { uri = '%s'  module = '%s'  pin-source = 'file:%s'  lock-dir = '%s'  %s\n" "$CS_TOKEN_URI" \
        "$CS_TOKEN_MODULE" "$CS_TOKEN_PIN_FILE" "$WORK/run" "$profile" >"$CSCERT_CONFIG"
    printf 'timeout-call = %s  timeout-login = %s  timeout-generate = %s }\n' "$LIMIT" "$LIMIT" "$LIMIT" \
        >>"$CSCERT_CONFIG"
}

server=

# serve FAULT: from now on the other end does that (spymod.c); '' is a good one.
serve() {
    local with=(env "SOFTHSM2_CONF=$CS_TOKEN_FOLDER/softhsm2.conf" "CS_SPY_MODULE=$HSM_MODULE" "CS_SPY_FAULT=$1"
        "CS_SPY_LOG=$WORK/spy.log")
    : >spy.log
    if [ "$CS_TOKEN_NAME" = p11kit-remote ]; then
        printf 'remote: |%s p11-kit remote %s\n' "${with[*]}" "$SPY" >/etc/pkcs11/modules/remote.module
        return
    fi
    [ -z "$server" ] || kill -KILL "$server" 2>/dev/null || true
    [ -z "$server" ] || wait "$server" 2>/dev/null || true
    rm -f "$WORK/socket"
    "${with[@]}" p11-kit server --foreground --provider "$SPY" --name "$WORK/socket" \
        "pkcs11:token=$CS_TOKEN_LABEL?write-protected=no" >server.log 2>&1 &
    server=$!
    for _ in {1..500}; do
        [ ! -S "$WORK/socket" ] || break
        read -r -t 0.01 <> <(:) || true
    done
    [ -S "$WORK/socket" ] || fail "no server: $(cat server.log)"
    export P11_KIT_SERVER_ADDRESS=unix:path=$WORK/socket
}

# on_token: "private N public N certificate N other N", counted by another process beside the remoting
on_token() {
    env -u CS_TOKEN_P11KIT SOFTHSM2_CONF="$CS_TOKEN_FOLDER/softhsm2.conf" "$BUILD/tests/support/cs-hsmtool" \
        count "$CS_TOKEN_LABEL" "$CS_TOKEN_PIN_FILE"
}

# recovered WHAT: the other end is well again.
recovered() {
    serve ''
    run 0 "$CSCERT" recover
    "$CSCERT" list --json >list.json
    same "unfinished requests ($1)" 0 "$(jq 'map(select(.RequestStatus == "Planned")) | length' list.json)"
    local good
    good=$(jq 'map(select(.RequestStatus == "Offline")) | length' list.json)
    same "objects ($1)" "private $good public $good certificate 0 other 0" "$(on_token)"
}

job=("$CSCERT" new --type Internal --computer-fqdn edge1.litwareinc.com --key-alg ECDH_P256)
number=0

# ends_in_time WHAT CALL: the job fails in time, says why, and can be recovered from.
ends_in_time() {
    local code=0
    number=$((number + 1))
    timeout $((3 * LIMIT + 30)) "${job[@]}" --output "out-$number.req" >"$OUT" 2>"$ERR" </dev/null || code=$?
    case $code in
    4 | 6) grep -q 'cause: C_' "$ERR" || grep -q 'does not start' "$ERR" || fail "$1: no cause" ;;
    *) fail "$1: exit code $code" ;;
    esac
    grep -q " ${2%%:*} " spy.log || fail "$1: the call was never made"
    recovered "$1"
}

# fault MODE FAULT
fault() {
    configure "$1"
    serve "$2"
    ends_in_time "$CS_TOKEN_NAME, $1, $2" "$2"
}

# A process that is killed in C_Login loses SoftHSM's token: it only does not answer there.
for call in C_OpenSession C_Login C_CopyObject; do
    fault session-copy "$call:1:hang"
done
fault token C_SignInit:1:hang
for call in C_OpenSession:1:kill C_GenerateKeyPair:1:kill C_Sign:1:after-kill C_CopyObject:1:kill \
    C_CopyObject:1:after-kill C_CopyObject:2:kill C_CopyObject:2:after-kill; do
    fault session-copy "$call"
done
for call in C_GenerateKeyPair:1:kill C_GenerateKeyPair:1:after-kill C_SignInit:1:after-kill; do
    fault token "$call"
done

# Stopped by a signal while a key is made, and then killed.
configure token
serve 'C_GenerateKeyPair:1:slow'
number=$((number + 1))
code=0
"${job[@]}" --output "out-$number.req" >"$OUT" 2>"$ERR" </dev/null &
pid=$!
for _ in {1..500}; do
    ! grep -q 'C_GenerateKeyPair' spy.log || break
    read -r -t 0.01 <> <(:) || true
done
other=$(awk '$2 == "C_GenerateKeyPair" {print $1; exit}' spy.log)
kill -STOP "$other"
wait "$pid" || code=$?
same "exit code when the other end is stopped" 4 "$code"
grep -q "cause: C_GenerateKeyPair: no answer within $LIMIT seconds" "$ERR" || fail "it does not say what did not answer"
kill -KILL "$other"
recovered "$CS_TOKEN_NAME, stopped"

# Nothing of it stays: the next run is a good one.
run 0 "${job[@]}" --output good.req
openssl req -in good.req -verify -noout 2>&1 | grep -q 'verify OK' || fail "no request"
printf '%s: %s runs ended in time and were recovered from\n' "$CS_TOKEN_NAME" "$number"
