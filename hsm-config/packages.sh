#!/usr/bin/env bash
# Installs the Debian packages that the given lists name and that are not there yet.
#   hsm-config/packages.sh LIST...
# Lists: one package a line, "#" begins a comment. Needs root or sudo only if something is missing.
# "NAME unpacked": only the files are needed; the package is not installed but fetched and unpacked in
# build/packages, unless it is installed already.
#
# No service comes with it: of what a package brings that was not there before, nothing is started, and
# nothing is enabled for the next boot (no-services.sh says how). `systemctl enable --now NAME` makes a
# service as if it had been installed by hand. Services that were there before go on as ever, and are
# started anew if their package is replaced. No question is asked, and no configuration file that was
# changed is replaced. What is left if it is killed: links in build/packages, and what apt has done.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
unpacked=$(dirname "$here")/build/packages
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
        echo "    $here/packages.sh$(printf ' %q' "$@")" >&2
        exit 1
    fi
    as_root=(sudo)
fi

# The programs that no-services.sh stands for, at the front of dpkg's PATH.
mkdir -p "$unpacked"
quiet=$(mktemp -d "$unpacked/no-services.XXXXXX")
trap 'rm -rf "$quiet"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
chmod 0755 "$quiet"
dpkg-query -W -f='${db:Status-Status} ${Package}\n' |
    sed -n 's/^\(installed\|triggers-[a-z]*\) //p' >"$quiet/installed"
for program in invoke-rc.d deb-systemd-invoke deb-systemd-helper update-rc.d; do
    ln -s "$here/no-services.sh" "$quiet/$program"
done
path=$quiet:/usr/sbin:/usr/bin:/sbin:/bin

# A file system may be mounted noexec, or closed to root.
if [ "$("${as_root[@]}" env PATH="$path" sh -c 'command -v invoke-rc.d')" != "$quiet/invoke-rc.d" ]; then
    echo "packages: root cannot run what is in $quiet: put the sources elsewhere" >&2
    exit 1
fi

apt() {
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=300 \
        -o DPkg::Path="$path" -o DPkg::Options::=--force-confold "$@"
}

echo "packages: installing ${missing[*]}"
apt update
apt install --no-install-recommends "${missing[@]}"
if [ -s "$quiet/off" ]; then
    echo "packages: not started and not enabled: $(sort -u "$quiet/off" | paste -sd ' ')"
fi
unpack_all
