#!/usr/bin/env bash
# Runs a command with a token of one kind, in mount, process, network and IPC namespaces of its own:
# the daemons that the token needs cannot meet the machine's, nothing of the user's is read or
# written, and when the command has ended all of it is gone, whatever happened.
#
#   tests/tokens/with-token.sh NAME COMMAND [ARGUMENT...]
#   tests/tokens/with-token.sh --list
#
# NAME is that of a file here, NAME.sh. The command finds the token in its environment:
#   CS_TOKEN_NAME      NAME
#   CS_TOKEN_MODULE    the module's path, or p11-kit's name of it where it is no file
#   CS_TOKEN_P11KIT    p11-kit's name of it; it is the only module that p11-kit knows in there
#   CS_TOKEN_LABEL     the token's label
#   CS_TOKEN_URI       its RFC 7512 URI
#   CS_TOKEN_PIN_FILE  a file (0600) with its user PIN
#   CS_TOKEN_SO_PIN    its SO PIN, or PUK; empty if nobody knows one
#   CS_TOKEN_PROFILE   name of the profile that must fit it
#   CS_TOKEN_FOLDER    a private folder, gone afterwards
#
# Exit code: the command's. 77: this needs root, and is refused without (nothing was done). 78: the
# token did not come up; what was said by whom is on stderr.
set -euo pipefail

tokens=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck disable=SC2034 # for the files of the tokens
source=$(cd "$tokens/../.." && pwd)
folder=/run/cscert-token # in a /run of our own
label=cscert-test

# Eight characters: openCryptoki takes no more.
pin=Kw7qZ2pn
so_pin=Xe4vB9so

say() {
    printf 'with-token: %s\n' "$*" >&2
}

usage() {
    sed -n '6,7s/^# *//p' "${BASH_SOURCE[0]}" >&2
    exit 2
}

list() {
    local file
    for file in "$tokens"/*.sh; do
        [ "$file" = "$tokens/with-token.sh" ] || basename "$file" .sh
    done
}

# ---- inside the namespaces; these are what NAME.sh is written with ----

daemons=()

# need FILE PACKAGE: what a token cannot do without.
need() {
    [ -e "$1" ] || {
        say "$1 is not there: install the package $2 (tests/packages.txt)"
        exit 78
    }
}

# daemon COMMAND...: starts it; what it says goes to a file, shown if the token does not come up.
daemon() {
    "$@" >"$folder/log/$(basename "$1").log" 2>&1 </dev/null &
    daemons+=($!)
}

# until_true SECONDS COMMAND...: a daemon is up when it answers, not after a time.
until_true() {
    local end=$((SECONDS + $1))
    shift
    until "$@" >"$folder/log/last.log" 2>&1; do
        [ "$SECONDS" -lt "$end" ] || {
            say "still not true: $*"
            return 1
        }
        sleep 0.02
    done
}

# p11kit_module FILE: the only module that p11-kit knows; those of hsm-config/p11-kit as they are.
p11kit_module() {
    cp "$1" "/etc/pkcs11/modules/$(basename "$1")"
    chmod 0644 "/etc/pkcs11/modules/$(basename "$1")"
    export CS_TOKEN_P11KIT
    CS_TOKEN_P11KIT=$(basename "$1" .module)
}

softhsm_token() {
    need /usr/lib/softhsm/libsofthsm2.so softhsm2
    mkdir -m 0700 "$folder/softhsm"
    cat >"$folder/softhsm2.conf" <<CONF
directories.tokendir = $folder/softhsm
objectstore.backend = file
log.level = ERROR
slots.removable = false
CONF
    SOFTHSM2_CONF=$folder/softhsm2.conf softhsm2-util --init-token --free --label "$label" \
        --pin "$pin" --so-pin "$so_pin"
}

# What is private: /etc is a copy, so that files can be put where libraries have the place compiled
# in; the rest is empty.
make_private() {
    mount -t tmpfs -o mode=0755,nosuid tmpfs /run
    mkdir -p "$folder" /run/lock /run/user
    chmod 0700 "$folder"
    chmod 1777 /run/lock
    mkdir "$folder/log" "$folder/home"
    cp -a /etc "$folder/etc"
    mount --bind "$folder/etc" /etc
    rm -rf /etc/pkcs11
    mkdir -p /etc/pkcs11/modules
    mount -t tmpfs -o mode=1777,nosuid tmpfs /dev/shm
    for empty in /usr/share/p11-kit/modules /var/lib/opencryptoki; do
        [ ! -d "$empty" ] || mount -t tmpfs -o mode=0755,nosuid tmpfs "$empty"
    done
    ip link set lo up
}

end_daemons() {
    local i pid end
    trap - EXIT
    for ((i = ${#daemons[@]} - 1; i >= 0; i--)); do
        pid=${daemons[i]}
        kill "$pid" 2>/dev/null || continue
        end=$((SECONDS + 5))
        while kill -0 "$pid" 2>/dev/null && [ "$SECONDS" -lt "$end" ]; do
            sleep 0.01
        done
    done
}

token_fails() {
    local log
    say "the token $1 does not come up"
    for log in "$folder"/log/*; do
        [ ! -s "$log" ] || sed "s|^|  $(basename "$log"): |" "$log" >&2
    done
    end_daemons
    exit 78
}

inside() {
    local name=$1 code=0
    shift
    # as process 1 bash would not even notice these
    trap 'exit 129' HUP
    trap 'exit 130' INT
    trap 'exit 143' TERM
    make_private
    export HOME=$folder/home XDG_CACHE_HOME=$folder/home XDG_RUNTIME_DIR=$folder/home
    export CS_TOKEN_NAME=$name CS_TOKEN_LABEL=$label CS_TOKEN_URI=pkcs11:token=$label
    export CS_TOKEN_PIN_FILE=$folder/pin CS_TOKEN_SO_PIN=$so_pin CS_TOKEN_FOLDER=$folder
    export CS_TOKEN_MODULE='' CS_TOKEN_P11KIT='' CS_TOKEN_PROFILE=''
    (umask 077 && printf '%s\n' "$pin" >"$CS_TOKEN_PIN_FILE")
    trap 'token_fails "$CS_TOKEN_NAME"' EXIT
    # shellcheck source=/dev/null
    . "$tokens/$name.sh"
    token_start >"$folder/log/start.log" 2>&1
    trap end_daemons EXIT
    "$@" || code=$?
    end_daemons
    exit "$code"
}

# ---- outside ----

refuse() {
    say "refused: $*"
    say "the token's daemons and folders would be the machine's own; run it as root"
    exit 77
}

outside() {
    local child code=0
    local own=(setpriv --pdeathsig KILL unshare --mount --pid --net --ipc --fork
        --kill-child=KILL --mount-proc)

    [ "$(id -u)" = 0 ] || refuse "it needs namespaces of its own, which $(id -un) may not make"
    "${own[@]}" mount -t tmpfs tmpfs /run 2>/dev/null ||
        refuse "this place does not let root make mount, process, network and IPC namespaces"
    "${own[@]}" "$tokens/with-token.sh" --inside "$@" <&0 &
    child=$!
    trap 'kill -KILL "$child" 2>/dev/null; exit 129' HUP
    trap 'kill -KILL "$child" 2>/dev/null; exit 130' INT
    trap 'kill -KILL "$child" 2>/dev/null; exit 143' TERM
    wait "$child" || code=$?
    exit "$code"
}

case ${1:-} in
--list)
    list
    exit 0
    ;;
--inside)
    # A mistake of a person's must not lose the machine its /etc: process 1 of a new namespace only.
    [ $# -gt 2 ] && [ "$$" = 1 ] && [ ! -e "$folder" ] || usage
    shift
    inside "$@"
    ;;
esac
[ $# -ge 2 ] || usage
[ -f "$tokens/$1.sh" ] && [ "$1" != with-token ] || {
    say "there is no token $1; there are: $(list | paste -sd ' ')"
    exit 2
}
command -v ip >/dev/null || refuse "the package iproute2 is not installed"
outside "$@"
