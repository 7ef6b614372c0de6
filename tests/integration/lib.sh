# shellcheck shell=bash
# What the integration tests share: sourced with the source and the build folder as arguments.
#
# A test runs the built program as a user would, in a temporary folder with a SoftHSM2 token of its own, and lets
# other programs judge what comes out. Every check prints what it expected and ends the test when it does not hold.

# shellcheck disable=SC2034 # for who sources this
SOURCE=$1
BUILD=$2
# shellcheck source=tests/support/softhsm.sh
. "$SOURCE/tests/support/softhsm.sh"

CSCERT=$BUILD/cli/cscert
CMDLET=$BUILD/cli/Request-CsCertificate
PYTHON=/usr/bin/python3 # the one that Debian's python3-cryptography belongs to

# A token, a PIN file, a configuration and an empty store in $WORK.
setup() {
    softhsm_init
    WORK=$HSM_FOLDER/work
    mkdir -m 0700 "$WORK" "$WORK/run"
    PIN_FILE=$(softhsm_pin_file)
    export CSCERT_CONFIG=$WORK/cscert.conf CSCERT_STATE_DIR=$WORK/state
    write_config "ca 'atl-ca-001.litwareinc.com\\myca' { type = lab }"
    cd "$WORK" || exit 1
}

# write_config SECTIONS: the token's section ($MODULE and the $TOKEN_KEYS go into it) and what is given. Locks are the
# test's own, so that tests do not wait for each other.
write_config() {
    {
        printf "token { uri = '%s'  module = '%s'  pin-source = 'file:%s'  lock-dir = '%s'  %s }\n" \
            "$HSM_URI" "${MODULE:-$HSM_MODULE}" "$PIN_FILE" "$WORK/run" "${TOKEN_KEYS:-}"
        printf '%s\n' "$@"
    } >"$CSCERT_CONFIG"
}

# A profile that makes SoftHSM2 generate on the token: for $TOKEN_KEYS.
direct_profile() {
    printf "name = 'direct'\nmanufacturer = 'SoftHSM*'\ngeneration = 'token'\n" >"$WORK/direct.profile"
    printf "profile = '%s'" "$WORK/direct.profile"
}

fail() {
    printf 'FAILED: %s\n' "$*" >&2
    if [ -s "${OUT:-/dev/null}" ]; then sed 's/^/  stdout: /' "$OUT" >&2; fi
    if [ -s "${ERR:-/dev/null}" ]; then sed 's/^/  stderr: /' "$ERR" >&2; fi
    exit 1
}

# run CODE COMMAND...: runs it with its output in $OUT and $ERR; any other exit code ends the test.
run() {
    local want=$1 code=0
    shift
    OUT=$HSM_FOLDER/stdout ERR=$HSM_FOLDER/stderr
    "$@" >"$OUT" 2>"$ERR" </dev/null || code=$?
    [ "$code" -eq "$want" ] || fail "$(printf '%q ' "$@")exited with $code, not $want"
}

# says TEXT: what the last run wrote to stderr has it. prints TEXT: the same for stdout.
says() {
    grep -qF -- "$1" "$ERR" || fail "stderr does not say: $1"
}
prints() {
    grep -qF -- "$1" "$OUT" || fail "stdout does not have: $1"
}

# json FILTER: of the last run's stdout.
json() {
    local value
    value=$(jq -r "$1" "$OUT") || fail "no JSON"
    [ "$value" != null ] || fail "no $1 in the JSON"
    printf '%s\n' "$value"
}

# same WHAT EXPECTED ACTUAL
same() {
    [ "$2" = "$3" ] || fail "$1: expected \"$2\", got \"$3\""
}

# count CLASS: objects of a class on the token, as OpenSC sees them: privkey, pubkey, cert.
count() {
    pkcs11-tool --module "$HSM_MODULE" --token-label "$HSM_LABEL" --login --pin "$HSM_PIN" \
        --list-objects --type "$1" 2>/dev/null | grep -c 'Object;' || true
}

# has_objects PRIVATE PUBLIC CERTIFICATES: what the token holds.
has_objects() {
    same "private keys on the token" "$1" "$(count privkey)"
    same "public keys on the token" "$2" "$(count pubkey)"
    same "certificates on the token" "$3" "$(count cert)"
}

# nowhere SECRET FOLDER...: not as text, not as hexadecimal, not as base64
nowhere() {
    local secret=$1 hex
    shift
    hex=$(printf %s "$secret" | od -An -tx1 | tr -d " \n")
    for pattern in "$secret" "$hex" "${hex^^}" "$(printf %s "$secret" | base64 | tr -d =)"; do
        if grep -rqaF -- "$pattern" "$@"; then
            grep -rlaF -- "$pattern" "$@" >&2
            fail "a secret was written"
        fi
    done
}
