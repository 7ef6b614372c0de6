# shellcheck shell=bash disable=SC2034,SC2154 # with-token.sh sets and reads what is not here
# A SoftHSM 2 token that another process serves on a socket (`p11-kit server`), reached through
# p11-kit-client.so: what a network HSM looks like. Sourced by with-token.sh.
CS_TOKEN_MODULE=/usr/lib/x86_64-linux-gnu/pkcs11/p11-kit-client.so
CS_TOKEN_PROFILE=softhsm2

token_start() {
    need /usr/libexec/p11-kit/p11-kit-server p11-kit
    need "$CS_TOKEN_MODULE" p11-kit-modules
    softhsm_token
    daemon env SOFTHSM2_CONF="$folder/softhsm2.conf" p11-kit server --foreground \
        --provider /usr/lib/softhsm/libsofthsm2.so --name "$folder/p11kit.sock" \
        "pkcs11:token=$label?write-protected=no"
    until_true 10 test -S "$folder/p11kit.sock"
    export P11_KIT_SERVER_ADDRESS=unix:path=$folder/p11kit.sock
    p11kit_module "$source/hsm-config/p11-kit/p11-kit-client.module"
}
