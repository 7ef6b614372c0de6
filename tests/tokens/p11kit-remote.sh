# shellcheck shell=bash disable=SC2034,SC2154 # with-token.sh sets and reads what is not here
# A SoftHSM 2 token behind a program that p11-kit starts and speaks to (`remote:` in a module file),
# as it would over ssh to another machine. There is no file to load: the module is known by its name
# only. Sourced by with-token.sh.
CS_TOKEN_MODULE=remote
CS_TOKEN_PROFILE=softhsm2

token_start() {
    need /usr/libexec/p11-kit/p11-kit-remote p11-kit
    softhsm_token
    # ours with the command of this machine instead of ssh
    local command="env SOFTHSM2_CONF=$folder/softhsm2.conf p11-kit remote /usr/lib/softhsm/libsofthsm2.so"
    sed "s,^remote:.*,remote: |$command," "$source/hsm-config/p11-kit/remote.module" \
        >"$folder/remote.module"
    p11kit_module "$folder/remote.module"
}
