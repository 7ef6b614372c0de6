# shellcheck shell=bash disable=SC2034,SC2154 # with-token.sh sets and reads what is not here
# tpm2-pkcs11 over a TPM in software. Sourced by with-token.sh.
#
# A TPM has room for three objects at a time: the resource manager swaps them, and the module needs
# more of its places than its default gives (it leaves one behind for each key that it makes).
CS_TOKEN_MODULE=/usr/lib/x86_64-linux-gnu/pkcs11/libtpm2_pkcs11.so
CS_TOKEN_PROFILE=tpm2-pkcs11

token_start() {
    need /usr/bin/swtpm swtpm
    need /usr/sbin/tpm2-abrmd tpm2-abrmd
    need /usr/bin/tpm2_ptool libtpm2-pkcs11-tools
    need "$CS_TOKEN_MODULE" libtpm2-pkcs11-1
    mkdir -p "$folder/tpm" "$folder/store" /run/tpm2-tss
    daemon swtpm socket --tpm2 --tpmstate dir="$folder/tpm" --flags not-need-init,startup-clear \
        --server type=tcp,port=2321,bindaddr=127.0.0.1 --ctrl type=tcp,port=2322,bindaddr=127.0.0.1
    daemon dbus-daemon --session --nofork --nopidfile --address="unix:path=$folder/bus"
    until_true 10 test -S "$folder/bus"
    export DBUS_SESSION_BUS_ADDRESS=unix:path=$folder/bus
    until_true 10 bash -c ': 3<>/dev/tcp/127.0.0.1/2322'
    daemon tpm2-abrmd --session --allow-root --max-transients=100 \
        --tcti=swtpm:host=127.0.0.1,port=2321
    export TPM2TOOLS_TCTI=tabrmd:bus_type=session TPM2_PKCS11_TCTI=tabrmd:bus_type=session
    export TPM2_PKCS11_STORE=$folder/store
    # it writes about every refusal of its own to stderr
    export TPM2_PKCS11_LOG_LEVEL=0 TSS2_LOG=all+none
    until_true 10 tpm2_getcap properties-fixed
    tpm2_ptool init --path "$folder/store"
    tpm2_ptool addtoken --pid 1 --label "$label" --sopin "$so_pin" --userpin "$pin" \
        --path "$folder/store"
    p11kit_module "$source/hsm-config/p11-kit/tpm2-pkcs11.module"
}
