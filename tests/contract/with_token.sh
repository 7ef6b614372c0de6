#!/usr/bin/env bash
# tests/tokens/with-token.sh itself: what it hands on, what it refuses, and that nothing is left when
# it is ended in the middle. Arguments: source and build folder.
set -euo pipefail

with_token=$1/tests/tokens/with-token.sh
work=$(mktemp -d "${TMPDIR:-/tmp}/cscert-with-token-XXXXXX")
trap 'rm -rf -- "$work"' EXIT

fail() {
    printf 'FAIL: %s\n' "$*" >&2
    exit 1
}

# says CODE COMMAND...: it ends with that code; what it said is in $work/out and $work/err.
says() {
    local want=$1 code=0
    shift
    "$@" >"$work/out" 2>"$work/err" </dev/null || code=$?
    [ "$code" = "$want" ] || fail "$* ended with $code instead of $want: $(cat "$work/err")"
}

code=0
"$with_token" softhsm2 true || code=$?
[ "$code" != 77 ] || exit 77

# the command's own exit code, input, output and folder
says 3 "$with_token" softhsm2 sh -c 'exit 3'
says 0 "$with_token" softhsm2 pwd
[ "$(cat "$work/out")" = "$PWD" ] || fail "it runs in another folder"
[ "$(echo word | "$with_token" softhsm2 cat)" = word ] || fail "it has another input"
[ ! -s "$work/err" ] || fail "it says something of its own: $(cat "$work/err")"

# mistakes
says 2 "$with_token"
says 2 "$with_token" softhsm2
says 2 "$with_token" --inside softhsm2 true
says 2 "$with_token" no-such-token true
grep -q 'vcard' "$work/err" || fail "it does not say which tokens there are"
says 0 "$with_token" --list
[ "$(wc -l <"$work/out")" = 6 ] || fail "six tokens are not listed"

# without the right to namespaces
says 77 setpriv --reuid 65534 --regid 65534 --clear-groups \
    "$with_token" softhsm2 touch "$work/touched"
grep -q 'refused' "$work/err" || fail "it does not say that it refuses"
says 77 setpriv --bounding-set -sys_admin --inh-caps -sys_admin \
    "$with_token" softhsm2 touch "$work/touched"
grep -q 'refused' "$work/err" || fail "it does not say that it refuses"
[ ! -e "$work/touched" ] || fail "it ran the command all the same"

# the user's own are out of sight
says 0 env HOME=/root SOFTHSM2_CONF=/etc/softhsm/softhsm2.conf "$with_token" opencryptoki \
    sh -c 'echo "$HOME"; ls /etc/pkcs11/modules /usr/share/p11-kit/modules /var/lib/opencryptoki'
[ "$(cat "$work/out")" = "/run/cscert-token/home
/etc/pkcs11/modules:
opencryptoki.module

/usr/share/p11-kit/modules:

/var/lib/opencryptoki:
swtok" ] || fail "in there is: $(cat "$work/out")"

# Ended in the middle by a signal, also by one that nobody can catch: the daemons' pipe closes when
# the last of them has gone. The command tells by a pipe that everything is up, so that nothing sleeps.
for signal in TERM INT KILL; do
    mkfifo "$work/up" "$work/alive"
    "$with_token" tpm2 sh -c 'echo up >"$1"; exec sleep 300' sh "$work/up" 3>"$work/alive" \
        >"$work/out" 2>"$work/err" </dev/null &
    started=$!
    exec 4<"$work/alive"
    read -r _ <"$work/up"
    # a shell's background job ignores INT; what starts it in the foreground does not
    [ "$signal" != INT ] || signal=HUP
    kill -"$signal" "$started"
    timeout 20 cat <&4 || fail "after $signal something of it still runs"
    exec 4<&-
    wait "$started" 2>/dev/null && fail "after $signal it ended well"
    rm "$work/up" "$work/alive"
done
echo "with-token.sh keeps to itself"
