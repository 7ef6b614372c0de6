#!/usr/bin/env bash
# From a fresh clone to a certificate whose key was made inside a token. See --help.
set -euo pipefail

usage() {
    cat <<'TEXT'
usage: hsm-config/quickstart.sh [--dir DIR] [--no-install] [--bin DIR] [COMPUTER-FQDN]

1. installs the packages of hsm-config/packages.txt that are missing (as root or with sudo)
2. builds cscert in build/quickstart
3. makes a SoftHSM2 token of its own in DIR, with random PINs in files that only you can read,
   and a configuration (cscert.conf) beside it
4. imports the example topology (tests/data/topology), checks it and shows what it needs
5. makes a lab CA on that token and issues the external Edge certificate for COMPUTER-FQDN, whose
   names come from the topology
6. shows what is on the token, and that the key cannot be taken out
7. runs the seven documented examples of Request-CsCertificate on a throw-away token

COMPUTER-FQDN is edge1.litwareinc.net if not given; edge2.litwareinc.net is the other Edge Server of
the example. DIR is a new or empty folder, or that of an earlier run; ~/.local/share/cscert-quickstart if not given (under $XDG_DATA_HOME if that is set).
Your own tokens and configuration are never touched.
With --bin nothing is built: the cscert in that folder is used.
It may be run again: token, CA and topology stay. The members of an Edge pool share one key, so the
certificate stays too until it is to be renewed.
TEXT
}

dir=
computer=
install=true
bin=
while [ $# -gt 0 ]; do
    case $1 in
    --dir | --bin)
        if [ $# -lt 2 ] || [ -z "$2" ]; then
            usage >&2
            exit 2
        fi
        if [ "$1" = --dir ]; then dir=$2; else bin=$2; fi
        shift
        ;;
    --no-install) install=false ;;
    --help | -h)
        usage
        exit 0
        ;;
    -*)
        usage >&2
        exit 2
        ;;
    *)
        [ -z "$computer" ] || {
            echo "one COMPUTER-FQDN, not $computer and $1" >&2
            exit 2
        }
        computer=$1
        ;;
    esac
    shift
done
dir=${dir:-${XDG_DATA_HOME:-${HOME:?say --dir DIR}/.local/share}/cscert-quickstart}
computer=${computer:-edge1.litwareinc.net}

source_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
build=$source_dir/build/quickstart
module=/usr/lib/softhsm/libsofthsm2.so
lab_ca="ca01.litwareinc.com\\cscert-lab"
topology=$source_dir/tests/data/topology
documented_ca="atl-ca-001.litwareinc.com\\myca"

step() {
    printf '\n== %s\n' "$*"
}

# say WORD...: a command line as one would type it.
say() {
    local word line='$'
    for word in "$@"; do
        [[ $word =~ ^[A-Za-z0-9_.,:/=@%+-]+$ ]] || word="'${word//\'/\'\\\'\'}'"
        line+=" $word"
    done
    printf '\n%s\n' "$line"
}

# show COMMAND...: says what is run, then runs it.
show() {
    say "$@"
    "$@"
}

# A file that only the user can read, with a random PIN of 16 digits and letters.
random_pin() {
    (
        umask 077
        openssl rand -hex 8 >"$1"
    )
}

# use FOLDER: everything that follows works on the token, configuration and store in FOLDER.
use() {
    home=$1
    export SOFTHSM2_CONF=$home/softhsm2.conf
    export CSCERT_CONFIG=$home/cscert.conf
    export CSCERT_STATE_DIR=$home/state
}

write_configuration() {
    cat >"$home/softhsm2.conf" <<CONF
# Written by hsm-config/quickstart.sh; hsm-config/softhsm2.conf explains it.
directories.tokendir = $home/tokens
objectstore.backend = file
log.level = ERROR
slots.removable = false
CONF
    cat >"$home/cscert.conf" <<CONF
# Written by hsm-config/quickstart.sh; hsm-config/cscert.conf explains every key.
token {
    uri = 'pkcs11:token=$label'
    module = '$module'
    pin-source = 'file:$home/pin'
}
ca '$lab_ca' {
    type = lab
    crl-url = 'http://pki.litwareinc.com/cscert-lab.crl'
    crl-file = '$home/cscert-lab.crl'
}
# The CA that the documented examples name: the lab CA in its place.
ca '$documented_ca' {
    type = lab
    crl-url = 'http://pki.litwareinc.com/cscert-lab.crl'
    crl-file = '$home/cscert-lab.crl'
}
default-ca = '$lab_ca'
CONF
    cat >"$home/env.sh" <<CONF
# For your shell: . $home/env.sh
export SOFTHSM2_CONF='$home/softhsm2.conf'
export CSCERT_CONFIG='$home/cscert.conf'
export CSCERT_STATE_DIR='$home/state'
export PATH='$bin':"\$PATH"
CONF
    chmod 0600 "$home/softhsm2.conf" "$home/cscert.conf" "$home/env.sh"
}

# The PINs go to pkcs11-tool by its environment, not on a command line that others can see.
token_tool() {
    CSCERT_QS_PIN=$(<"$home/pin") CSCERT_QS_SO_PIN=$(<"$home/so-pin") \
        pkcs11-tool --module "$module" "$@"
}

# Files of ours are written over and examples/ is made anew, so the folder must be new or our own.
claim_folder() {
    mkdir -p -- "$dir"
    dir=$(cd -- "$dir" && pwd)
    if [[ $dir == *[\'\"\$\\[:cntrl:]]* ]]; then
        echo "--dir: a path with quotation marks, dollar signs, backslashes or control characters does not work" >&2
        exit 2
    fi
    if [ ! -e "$dir/.made-by-quickstart" ] && [ -n "$(ls -A "$dir")" ]; then
        echo "$dir holds files that this script did not make: name an empty or new folder with --dir" >&2
        exit 1
    fi
    : >"$dir/.made-by-quickstart"
}

make_token() {
    mkdir -p "$home/tokens"
    chmod 0700 "$home" "$home/tokens"
    write_configuration
    [ ! -e "$home/token-made" ] || return 0
    random_pin "$home/pin"
    random_pin "$home/so-pin"
    rm -rf "$home/tokens"/*
    token_tool --init-token --slot-index 0 --label "$label" --so-pin env:CSCERT_QS_SO_PIN 2>&1
    token_tool --token-label "$label" --login --login-type so --so-pin env:CSCERT_QS_SO_PIN \
        --init-pin --new-pin env:CSCERT_QS_PIN 2>&1
    : >"$home/token-made"
}

make_ca() {
    [ ! -e "$home/ca-made" ] || return 0
    show cscert ca init cscert-lab
    : >"$home/ca-made"
}

step "packages"
if $install; then
    "$source_dir/hsm-config/packages.sh" "$source_dir/hsm-config/packages.txt"
else
    echo "not installed (--no-install)"
fi

if [ -n "$bin" ]; then
    bin=$(cd "$bin" && pwd)
    step "no build: cscert from $bin"
else
    step "build (in $build)"
    cmake -S "$source_dir" --preset release -B "$build" -DCS_TESTS=OFF >/dev/null
    cmake --build "$build" -- --quiet
    bin=$build/cli
fi
PATH=$bin:$PATH
export PATH

step "token and configuration (in $dir)"
claim_folder
label=cscert-quickstart
use "$dir"
make_token
echo "token \"$label\", PIN in $dir/pin, configuration in $dir/cscert.conf"

step "lab CA: for tests and training, its key is on the same token"
make_ca

step "the example topology: from here on the names come from it"
show cscert topology import "$topology/example-topology.xml" "$topology/example-simpleurls.xml"
show cscert topology check
say cscert plan --all --report "$dir/plan.html"
cscert plan --all --report "$dir/plan.html" | tail -n 1
echo "(each with all its names and why they are there: $dir/plan.html)"

step "the external Edge certificate for $computer, with the lab CA"
edge=(--type "AccessEdgeExternal,DataEdgeExternal,AudioVideoAuthentication"
    --computer-fqdn "$computer" --all-sip-domain)
show cscert plan "${edge[@]}"
fit=$(cscert plan "${edge[@]}" --json | jq -r '.[0].Existing.Fit // "None"')
case $fit in
Good | Open)
    echo "It is there already, and the members of an Edge pool share one key: nothing is made."
    ;;
None) show cscert new "${edge[@]}" --ca "$lab_ca" --report "$dir/report.html" ;;
*) show cscert new "${edge[@]}" --ca "$lab_ca" --report "$dir/report.html" -Force ;;
esac
show cscert list

step "what is on the token"
echo "(the tools log in with the PIN of $dir/pin)"
say pkcs11-tool --module "$module" --token-label "$label" --login --list-objects
token_tool --token-label "$label" --login --pin env:CSCERT_QS_PIN --list-objects 2>/dev/null

step "the private key cannot be taken out"
key_uri=$(cscert list --json | jq -r '.[-1].Key.Uri')
key_id=$(sed 's/.*;id=\([^;?]*\).*/\1/; s/%//g' <<<"$key_uri")
say p11tool --provider "$module" --login --export "$key_uri"
if GNUTLS_PIN=$(<"$dir/pin") p11tool --provider "$module" --login --export "$key_uri" 2>&1; then
    echo "the private key could be read" >&2
    exit 1
fi
echo "Refused, as it must be: the token says sensitive, never extractable, local."

step "the certificate, checked by openssl against the lab CA"
# read_certificate FILE OPTION...: a certificate from the token, which needs no PIN.
read_certificate() {
    local file=$1
    shift
    pkcs11-tool --module "$module" --token-label "$label" --read-object --type cert \
        --output-file "$file" "$@" >/dev/null
}
read_certificate "$dir/certificate.der" --id "$key_id"
read_certificate "$dir/lab-ca.der" --label "cscert lab CA cscert-lab"
openssl x509 -inform DER -in "$dir/lab-ca.der" -out "$dir/lab-ca.pem"
openssl x509 -inform DER -in "$dir/certificate.der" -out "$dir/certificate.pem"
show openssl verify -CAfile "$dir/lab-ca.pem" -purpose sslserver "$dir/certificate.pem"
show openssl x509 -in "$dir/certificate.pem" -noout -subject -issuer -dates \
    -ext subjectAltName,extendedKeyUsage,keyUsage

step "the seven documented examples (on a token in $dir/examples, made anew each time)"
rm -rf "$dir/examples"
mkdir -p "$dir/examples"
label=cscert-examples
use "$dir/examples"
make_token >/dev/null
make_ca >/dev/null
cd "$dir/examples"
edge_names="atl-edge-001.litwareinc.com,ap.litwareinc.com,dp.litwareinc.com,atl-edge-001"
pool_names="pool1.litwareinc.com,pool1int.litwareinc.com,pool1ext.litwareinc.com"
server_types="Default,WebServicesInternal,WebServicesExternal"
edge_types="AccessEdgeExternal,DataEdgeExternal,AudioVideoAuthentication"
# Examples 1 and 3 are for this very host; not each has a name that may stand in a certificate.
this_host=()
if ! [[ $(uname -n) =~ ^[A-Za-z0-9.-]*[A-Za-z][A-Za-z0-9-]*$ ]]; then
    echo "this host's name, $(uname -n), is no DNS name: -ComputerFqdn is added"
    this_host=(-ComputerFqdn "$computer")
fi
show Request-CsCertificate -New -Type WebServicesExternal -CA "$documented_ca" "${this_host[@]}"
show Request-CsCertificate -List
show Request-CsCertificate -New -Type WebServicesExternal "${this_host[@]}" \
    -Output 'C:\Certificates\WebServicesExternal.cer'
# shellcheck disable=SC2016
show Request-CsCertificate -New -Type "$server_types" -ComputerFqdn "atl-cs-001.litwareinc.com" \
    -CA "$documented_ca" -FriendlyName "Standard Edition Certficate" -Template jcila \
    -PrivateKeyExportable '$True' -DomainName "atl-cs-001.litwareinc.com,atl-ext.litwareinc.com"
# shellcheck disable=SC2016
show Request-CsCertificate -New -Type "$server_types" -ComputerFqdn "atl-cs-001.litwareinc.com" \
    -CA "$documented_ca" -FriendlyName "Enterprise Edition Pool Certificate" -Template jcila \
    -PrivateKeyExportable '$True' -DomainName "$pool_names"
# shellcheck disable=SC2016
show Request-CsCertificate -New -Type Internal -ComputerFqdn "atl-edge-001" \
    -CA "$documented_ca" -FriendlyName "Internal Edge Certificate" -Template jcila \
    -PrivateKeyExportable '$True' -DomainName "atl-edge-001.litwareinc.com, ap.litwareinc.com"
# shellcheck disable=SC2016
show Request-CsCertificate -New -Type "$edge_types" -ComputerFqdn "atl-edge-001" \
    -CA "$documented_ca" -FriendlyName "External Edge Certificate" -Template jcila \
    -PrivateKeyExportable '$True' -DomainName "$edge_names"
show cscert list

step "done"
cat <<TEXT
Token, PIN, configuration and store are in $dir.
The page $dir/plan.html shows what the example topology needs, $dir/report.html what was done for
$computer.

To go on in your shell:
    . $(printf %q "$dir/env.sh")
    cscert list
    cscert new --type Internal --computer-fqdn $computer
    cscert plan --all
    cscert new --help

Your own token: copy hsm-config/cscert.conf, name the token and the CA there.
To take everything away again: rm -r $(printf "%q %q" "$dir" "$build")
TEXT
