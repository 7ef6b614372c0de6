#!/usr/bin/env bash
# hsm-config/quickstart.sh as a new user runs it, twice, but with the program that is built already.
# Arguments: source folder, build folder.
set -euo pipefail

source=$1
build=$2
module=/usr/lib/softhsm/libsofthsm2.so
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/home"

fail() {
    echo "FAIL: $*" >&2
    cat "$work/out" >&2
    exit 1
}

# What a user may have set must not lead it to other tokens or files.
quickstart() {
    env -u XDG_DATA_HOME -u XDG_STATE_HOME -u XDG_CONFIG_HOME HOME="$work/home" \
        SOFTHSM2_CONF="$work/home/other.conf" CSCERT_CONFIG="$work/home/other-cscert.conf" \
        CSCERT_STATE_DIR="$work/home/other-state" \
        "$source/hsm-config/quickstart.sh" --no-install --bin "$build/cli" "$@" \
        >"$work/out" 2>&1 || fail "quickstart.sh $* ended with $?"
}

certificates() {
    SOFTHSM2_CONF=$dir/softhsm2.conf pkcs11-tool --module "$module" \
        --token-label cscert-quickstart --list-objects --type cert 2>/dev/null |
        grep -c '^Certificate Object'
}

dir=$work/home/.local/share/cscert-quickstart
quickstart
[ "$(certificates)" = 2 ] || fail "there are not two certificates on the token: the CA's and the Edge pool's"
grep -q '^RequestStatus : Issued' "$work/out" || fail "no certificate was issued"
grep -q 'certificate.pem: OK' "$work/out" || fail "openssl does not verify the certificate"
# The names are those of the example topology: line 13 of name-vectors.txt.
names=$(openssl x509 -in "$dir/certificate.pem" -noout -ext subjectAltName | tail -n 1 | sed 's/DNS://g; s/ //g')
[ "$names" = sip.litwareinc.com,webconf.litwareinc.com,sip.fabrikam.com,sip.contoso.com ] ||
    fail "the certificate has the names $names"
grep -q 'Nothing looks wrong' "$work/out" || fail "topology check found something, or was not run"
grep -q '^10 certificates for 5 pools: 10 to be made' "$work/out" || fail "plan --all was not run"
[ "$(grep -c '^\$ Request-CsCertificate' "$work/out")" = 7 ] || fail "not all seven examples were run"
for page in report plan; do
    grep -q '<!DOCTYPE html>' "$dir/$page.html" || fail "there is no $page.html"
done

# The other member of the pool shares that key: no second one is made.
quickstart edge2.litwareinc.net
grep -q 'share one key: nothing is made' "$work/out" || fail "it does not say that the key is shared"
[ "$(certificates)" = 2 ] || fail "the second run made a certificate"

# A folder with somebody's files is not touched.
mkdir -p "$work/theirs/examples"
echo keep >"$work/theirs/examples/file"
chmod 0755 "$work/theirs"
if "$source/hsm-config/quickstart.sh" --no-install --bin "$build/cli" --dir "$work/theirs" >"$work/out2" 2>&1; then
    fail "it took a folder that holds other files"
fi
grep -q 'did not make' "$work/out2" || fail "it does not say why: $(<"$work/out2")"
[ "$(cd "$work/theirs" && find . | sort | tr '\n' ' ')" = ". ./examples ./examples/file " ] || fail "it changed the folder"
[ "$(stat -c %a "$work/theirs")" = 755 ] || fail "it changed the folder's mode"

# Nobody else can read a PIN or enter the token's folder, and no PIN was printed.
for file in pin so-pin cscert.conf tokens state; do
    case $(stat -c %a "$dir/$file") in
    600 | 700) ;;
    *) fail "others can reach $file" ;;
    esac
done
for pin in "$dir/pin" "$dir/so-pin" "$dir/examples/pin"; do
    ! grep -qF "$(<"$pin")" "$work/out" || fail "the output has the PIN of $pin"
done

# Only its own folder was written.
[ "$(cd "$work/home" && find . -mindepth 1 -not -path './.local*')" = "" ] ||
    fail "it wrote outside its folder: $(find "$work/home" -not -path '*/.local*')"
echo "two runs, one certificate of the Edge pool"
