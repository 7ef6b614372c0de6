#!/usr/bin/env bash
# Installs the Debian packages that the given lists name and that are not there yet.
#   hsm-config/packages.sh LIST...
# Lists: one package a line, "#" begins a comment. Needs root or sudo only if something is missing.
# "NAME unpacked": the package would start a server as soon as it is installed, and at every boot;
# it is not installed but fetched and unpacked in build/packages, unless it is installed already.
set -euo pipefail

unpacked=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)/build/packages
wanted=()
fetched=()
for list in "$@"; do
    while read -r package how _; do
        if [[ -z $package || $package == \#* ]]; then
            continue
        elif [ "$how" = unpacked ]; then
            fetched+=("$package")
        else
            wanted+=("$package")
        fi
    done <"$list"
done

is_installed() {
    [ "$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

# unpack PACKAGE: its files, and nothing that it would have run.
unpack() {
    local folder
    folder=$(mktemp -d)
    echo "packages: unpacking $1 in $unpacked"
    mkdir -p "$unpacked"
    (cd "$folder" && apt-get -q -o APT::Sandbox::User="$(id -un)" download "$1") || {
        rm -rf "$folder"
        echo "packages: $1 cannot be fetched; \`apt-get update\`, as root, may help" >&2
        exit 1
    }
    dpkg-deb -x "$folder"/*.deb "$unpacked"
    rm -rf "$folder"
    : >"$unpacked/.$1"
}

unpack_all() {
    local package
    for package in "${fetched[@]}"; do
        is_installed "$package" || [ -e "$unpacked/.$package" ] || unpack "$package"
    done
}

missing=()
for package in "${wanted[@]}"; do
    is_installed "$package" || missing+=("$package")
done

if [ ${#missing[@]} -eq 0 ]; then
    unpack_all
    echo "packages: all $((${#wanted[@]} + ${#fetched[@]})) are there"
    exit 0
fi

as_root=()
if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null; then
        echo "packages: not installed: ${missing[*]}" >&2
        echo "packages: this needs root. Run it as root, or have root run:" >&2
        echo "    apt-get install --no-install-recommends ${missing[*]}" >&2
        exit 1
    fi
    as_root=(sudo)
fi

apt() {
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -y \
        -o DPkg::Lock::Timeout=300 "$@"
}

echo "packages: installing ${missing[*]}"
apt update
apt install --no-install-recommends "${missing[@]}"
unpack_all
