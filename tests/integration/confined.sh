#!/usr/bin/env bash
# cscert-ca at work, as others see it: what is open in it, what it may do, and what cscert says when it is killed.
set -euo pipefail
# shellcheck source=tests/integration/lib.sh
. "$1/tests/integration/lib.sh"
setup

# A server that takes connections and says nothing; its port.
"$PYTHON" - >port <<'EOF' &
import signal, socket
server = socket.create_server(("127.0.0.1", 0))
print(server.getsockname()[1], flush=True)
connections = []
signal.alarm(300)
while True:
    connections.append(server.accept())
EOF
server=$!
until [ -s port ]; do kill -0 "$server" || fail "no server"; done
printf 'hunter2\n' >password
chmod 0600 password
write_config "ca mute { type = certsrv  address = 'https://localhost:$(cat port)/certsrv'  auth = ntlm  timeout = 60
    account = 'LITWARE\\ken'  password-source = 'file:$WORK/password' }"

# begin COMMAND...: runs it in the background until cscert-ca has a connection; its number is in $child.
begin() {
    OUT=$HSM_FOLDER/stdout ERR=$HSM_FOLDER/stderr
    "$@" >"$OUT" 2>"$ERR" </dev/null &
    run=$!
    child=
    until [ -n "$child" ] && grep -q '^Seccomp:.*2' "/proc/$child/status" 2>/dev/null &&
        grep -q "0100007F:$(printf %04X "$(cat port)") 01" /proc/net/tcp; do
        kill -0 "$run" 2>/dev/null || fail "cscert did not wait"
        child=$(pgrep -P "$run" -x cscert-ca) || true
    done
}
ends() { # ends CODE
    local code=0
    wait "$run" || code=$?
    [ "$code" -eq "$1" ] || fail "exited with $code, not $1"
}

begin "$CSCERT" ca probe mute
status() { sed -n "s/^$1:[[:space:]]*//p" "/proc/$child/status"; }
same "new privileges" 1 "$(status NoNewPrivs)"
same "capabilities" 0000000000000000 "$(status CapEff)"
same "filter" 2 "$(status Seccomp)"
same "core dumps" 0 "$(sed -n 's/^Max core file size *\([0-9]*\).*/\1/p' "/proc/$child/limits" || echo 0)"
same "arguments" "$BUILD/cli/cscert-ca" "$(tr '\0' ' ' <"/proc/$child/cmdline" | sed 's/ $//')"
if [ "$(id -u)" -eq 0 ]; then
    find "/proc/$child/fd" -type l -printf '%l\n' | sort >fds
    if grep -v -e '^/dev/null$' -e '^socket:' -e '^pipe:' -e '^anon_inode:' -e '/stderr$' -e '^/etc/ssl/' fds; then
        fail "something is open in cscert-ca that should not be"
    fi
    if tr '\0' '\n' <"/proc/$child/environ" | grep -v -e '^LANG=C.UTF-8$' -e '^TZ=UTC0$'; then
        fail "something is in the environment of cscert-ca"
    fi
    if grep -q -e "$HSM_FOLDER" "/proc/$child/maps"; then fail "the token is mapped in cscert-ca"; fi
else
    echo "descriptors and environment of cscert-ca were not looked at: that needs root"
fi

# Killed: one error, and the run says how it ended.
kill -KILL "$child"
ends 7
says 'cscert-ca was killed by signal 9'
same "errors" 1 "$(grep -cv '^  ' "$ERR")"

# Killed during a request: nothing is lost, nothing is left half done.
begin "$CSCERT" new --type Internal --computer-fqdn edge1.litwareinc.com --key-alg ECDH_P256 --ca mute --json
kill -KILL "$child"
ends 7
says 'cscert-ca was killed by signal 9'
same "keys and requests" "$(count privkey)" \
    "$("$CSCERT" list --json | jq 'map(select(.RequestStatus == "Pending")) | length')"

# Ctrl-C while it waits: the run ends at once, and cscert-ca with it.
begin "$CSCERT" ca probe mute
kill -INT "$run"
ends 12
if kill -0 "$child" 2>/dev/null; then fail "cscert-ca outlived cscert"; fi

# A keyring of the kernel is reached only if it is named, and not because krb5.conf says so.
printf '[libdefaults]\n default_realm = X.TEST\n default_ccache_name = KEYRING:persistent:%%{uid}\n' >krb5.conf
write_config "ca ring { type = certsrv  address = 'https://localhost:1/certsrv'  krb5-config = '$WORK/krb5.conf' }"
run 7 env -u KRB5CCNAME "$CSCERT" ca probe ring
says "credential cache KEYRING:persistent:$(id -u)"
says "name \`ccache\` in the CA's section"

# It has no use of its own.
run 2 "$BUILD/cli/cscert-ca"
says 'started by cscert'
kill "$server"
