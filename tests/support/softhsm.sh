# shellcheck shell=bash
# SoftHSM2 tokens for scripts: sourced by bash, the twin of softhsm.h. Tokens stand in a private
# temporary folder that goes when the script ends; the user's own are never touched.
#
#   . tests/support/softhsm.sh
#   softhsm_init               # HSM_FOLDER with one token $HSM_LABEL; exports SOFTHSM2_CONF
#   softhsm_add_token LABEL    # one more, with the same PINs
#   softhsm_pin_file [PIN]     # prints the path of a file (0600) with $HSM_PIN or that PIN
#   softhsm_count_files        # prints how many object files all tokens have
#   at_exit COMMAND...         # runs it before the folder goes, the last one first
#
# A script that wants an EXIT trap of its own uses at_exit instead.

# shellcheck disable=SC2034 # for who sources this
HSM_MODULE=/usr/lib/softhsm/libsofthsm2.so
HSM_LABEL=cscert-test
# shellcheck disable=SC2034
HSM_URI="pkcs11:token=$HSM_LABEL"
# Words that occur nowhere else, so that a test can search for them in all that was written.
HSM_PIN=pin-Kw7qZ2
HSM_SO_PIN=so-pin-Xe4vB9

_at_exit=()

at_exit() {
    _at_exit+=("$(printf '%q ' "$@")")
}

_softhsm_exit() {
    local code=$? i
    trap - EXIT
    for ((i = ${#_at_exit[@]} - 1; i >= 0; i--)); do
        eval "${_at_exit[i]}" || true
    done
    [ -z "${HSM_FOLDER:-}" ] || rm -rf -- "$HSM_FOLDER"
    exit "$code"
}

softhsm_init() {
    HSM_FOLDER=$(mktemp -d "${TMPDIR:-/tmp}/cscert-hsm-XXXXXX") || return 1
    trap _softhsm_exit EXIT
    # bash leaves by a signal without its EXIT trap unless the signal has one that exits
    trap 'exit 129' HUP
    trap 'exit 130' INT
    trap 'exit 143' TERM
    mkdir -m 0700 "$HSM_FOLDER/tokens" || return 1
    cat >"$HSM_FOLDER/softhsm2.conf" <<CONF
directories.tokendir = $HSM_FOLDER/tokens
objectstore.backend = file
log.level = ERROR
slots.removable = false
CONF
    export SOFTHSM2_CONF="$HSM_FOLDER/softhsm2.conf"
    # Who loads every module that p11-kit knows loads tpm2-pkcs11 too where it is installed: it would
    # make its store in the user's home, look for a TPM, and tell stderr that there is none.
    export TPM2_PKCS11_STORE=$HSM_FOLDER TPM2_PKCS11_TCTI=device:/nonexistent
    export TPM2_PKCS11_LOG_LEVEL=0 TSS2_LOG=all+none
    softhsm_add_token "$HSM_LABEL"
}

softhsm_add_token() {
    softhsm2-util --init-token --free --label "$1" --pin "$HSM_PIN" --so-pin "$HSM_SO_PIN" \
        >"$HSM_FOLDER/init-token.log" 2>&1 || {
        cat "$HSM_FOLDER/init-token.log" >&2
        return 1
    }
}

softhsm_pin_file() {
    local file
    file=$(mktemp "$HSM_FOLDER/pin-XXXXXX") || return 1 # mktemp makes it 0600
    printf '%s\n' "${1:-$HSM_PIN}" >"$file"
    printf '%s\n' "$file"
}

softhsm_count_files() {
    find "$HSM_FOLDER/tokens" -type f -name '*.object' ! -name token.object | wc -l
}
