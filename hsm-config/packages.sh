#!/usr/bin/env bash
# Installs the Debian packages that the given lists name and that are not there yet.
#   hsm-config/packages.sh LIST...
# Lists: one package a line, "#" begins a comment. Needs root or sudo only if something is missing.
set -euo pipefail

wanted=()
for list in "$@"; do
    while read -r package _; do
        [[ -z $package || $package == \#* ]] || wanted+=("$package")
    done <"$list"
done

missing=()
for package in "${wanted[@]}"; do
    status=$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null || true)
    [ "$status" = installed ] || missing+=("$package")
done

if [ ${#missing[@]} -eq 0 ]; then
    echo "packages: all ${#wanted[@]} are installed"
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
