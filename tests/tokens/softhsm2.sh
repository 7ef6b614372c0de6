# shellcheck shell=bash disable=SC2034,SC2154 # with-token.sh sets and reads what is not here
# SoftHSM 2: no daemon. Sourced by with-token.sh.
CS_TOKEN_MODULE=/usr/lib/softhsm/libsofthsm2.so
CS_TOKEN_PROFILE=softhsm2

token_start() {
    softhsm_token
    export SOFTHSM2_CONF=$folder/softhsm2.conf
    p11kit_module "$source/hsm-config/p11-kit/softhsm2.module"
}
