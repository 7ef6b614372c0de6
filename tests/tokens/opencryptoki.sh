# shellcheck shell=bash disable=SC2034,SC2154 # with-token.sh sets and reads what is not here
# openCryptoki's soft token with its slot daemon. Sourced by with-token.sh.
#
# Configuration, token folder, lock folder and the daemon's socket are compiled in: all stand in
# places that with-token.sh made private. The daemon's shared memory has one key for the whole
# machine: so has the IPC namespace.
CS_TOKEN_MODULE=/usr/lib/x86_64-linux-gnu/pkcs11/libopencryptoki.so
CS_TOKEN_PROFILE=opencryptoki-soft

# The PINs of a token that has just been made; it does nothing before both are changed.
factory_so=87654321
factory_user=12345678

ock_folders() {
    local each
    for each in /run/lock/opencryptoki /run/lock/opencryptoki/swtok \
        /var/lib/opencryptoki/swtok /var/lib/opencryptoki/swtok/TOK_OBJ; do
        install -d -m 0770 -o root -g pkcs11 "$each"
    done
}

ock_initialise() {
    printf '%s\n' "$label" | pkcsconf -I -c 0 -S "$factory_so"
    pkcsconf -P -c 0 -S "$factory_so" -n "$so_pin"
    pkcsconf -u -c 0 -S "$so_pin" -n "$factory_user"
    pkcsconf -p -c 0 -U "$factory_user" -n "$pin"
}

token_start() {
    need /usr/sbin/pkcsslotd opencryptoki
    # one slot: the package's file lists hardware that is not there
    cat >/etc/opencryptoki/opencryptoki.conf <<CONF
version opencryptoki-3.1
slot 0
{
stdll = libpkcs11_sw.so
tokname = swtok
}
CONF
    ock_folders
    pkcsslotd # goes to the background by itself
    until_true 10 test -s /run/pkcsslotd.pid -a -S /run/pkcsslotd.socket
    daemons+=("$(cat /run/pkcsslotd.pid)")
    ock_initialise
    p11kit_module "$source/hsm-config/p11-kit/opencryptoki.module"
}
