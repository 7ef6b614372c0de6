# shellcheck shell=bash disable=SC2034,SC2154 # with-token.sh sets and reads what is not here
# A smart card: pcscd with vsmartcard-vpcd's reader, the card of vcard.py in it, OpenSC as its
# module. Sourced by with-token.sh.
# OpenSC puts the PIN's name behind the label.
CS_TOKEN_LABEL="$label (User PIN)"
CS_TOKEN_URI="pkcs11:token=$label%20%28User%20PIN%29"
CS_TOKEN_MODULE=/usr/lib/x86_64-linux-gnu/opensc-pkcs11.so
CS_TOKEN_PROFILE=opensc-isoapplet

card_is_in() {
    opensc-tool --list-readers | grep -q Yes
}

token_start() {
    need /usr/sbin/pcscd pcscd
    need /etc/reader.conf.d/vpcd vsmartcard-vpcd
    need /usr/bin/pkcs15-init opensc
    need "$CS_TOKEN_MODULE" opensc-pkcs11
    need /usr/lib/python3/dist-packages/cryptography python3-cryptography
    # the driver that fits, not all in turn; caches would outlive the card
    cat >/etc/opensc/opensc.conf <<CONF
app default {
    card_drivers = isoApplet;
    framework pkcs15 {
        use_file_caching = no;
    }
}
CONF
    mkdir -p /run/pcscd
    daemon pcscd --foreground
    until_true 10 test -S /run/pcscd/pcscd.comm
    until_true 10 bash -c ': 3<>/dev/tcp/127.0.0.1/35963'
    daemon /usr/bin/python3 "$tokens/vcard.py"
    until_true 10 card_is_in
    pkcs15-init --create-pkcs15 --no-so-pin --profile pkcs15+onepin \
        --label "$label" --pin "$pin" --puk 1234567890123456
    p11kit_module "$source/hsm-config/p11-kit/opensc.module"
}
