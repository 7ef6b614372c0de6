#!/usr/bin/env bash
# hsm-config/packages.sh brings no service: what the scripts of a new package do to start and enable theirs comes to
# nothing, those of a package that was there do as ever. apt-get is one of ours that runs such scripts, and finds
# "new" not installed; Debian's own programs work on a folder in the place of the machine (DPKG_ROOT).
# Argument: source folder.
set -euo pipefail

source=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fail() {
    printf 'FAILED: %s\n' "$*" >&2
    sed 's/^/  /' "$work/out" >&2
    exit 1
}

# same WHAT EXPECTED ACTUAL
same() {
    [ "$2" = "$3" ] || fail "$1: expected \"$2\", got \"$3\""
}

mkdir -p "$work/src/hsm-config" "$work/tools" "$work/root/lib/systemd/system" "$work/root/etc/init.d"
cp "$source"/hsm-config/{packages,no-services}.sh "$work/src/hsm-config"
for name in new old; do
    printf '[Service]\nExecStart=/bin/true\n[Install]\nWantedBy=multi-user.target\n' \
        >"$work/root/lib/systemd/system/$name.service"
    printf '#!/bin/sh\n### BEGIN INIT INFO\n# Provides: %s\n# Default-Start: 2\n# Default-Stop: 0\n### END INIT INFO\n' \
        "$name" >"$work/root/etc/init.d/$name"
done
echo new >"$work/list"

cat >"$work/tools/dpkg-query" <<'STUB'
#!/bin/sh
case $* in
*Package*) printf 'installed old\nconfig-files new\n' ;;
*new) printf config-files ;;
*) printf installed ;;
esac
STUB
# What debhelper puts into the scripts of a package with a unit and an init script.
cat >"$work/tools/apt-get" <<'STUB'
#!/usr/bin/env bash
set -eu
echo "apt-get $*"
[[ $* == *' install '* ]] || exit 0
[ "$DEBIAN_FRONTEND" = noninteractive ]
for word; do
    [[ $word != DPkg::Path=* ]] || PATH=${word#*=}
done
export PATH DPKG_ROOT=$CS_ROOT DPKG_MAINTSCRIPT_PACKAGE
for name in new old; do
    DPKG_MAINTSCRIPT_PACKAGE=$name
    update-rc.d $name defaults
    deb-systemd-helper unmask $name.service
    if deb-systemd-helper --quiet was-enabled $name.service; then
        deb-systemd-helper enable $name.service
    else
        deb-systemd-helper update-state $name.service
    fi
done
# The real ones refuse to be called so, and start nothing of this machine.
DPKG_MAINTSCRIPT_PACKAGE=new
invoke-rc.d && deb-systemd-invoke && echo "nothing was started"
STUB
printf '#!/bin/sh\nexec "$@"\n' >"$work/tools/sudo"
chmod +x "$work"/tools/*

PATH=$work/tools:$PATH CS_ROOT=$work/root "$work/src/hsm-config/packages.sh" "$work/list" >"$work/out" 2>&1 ||
    fail "packages.sh ended with $?"
grep -qx 'nothing was started' "$work/out" || fail "a service was started"
grep -qx 'packages: not started and not enabled: new.service' "$work/out" || fail "it does not say what is off"
same "what is left of it" '' "$(ls -A "$work/src/build/packages")"

links() {
    (cd "$work/root/etc" && find rc*.d systemd -type l | sort | paste -sd ' ')
}
same "what starts at boot" \
    'rc0.d/K01new rc0.d/K01old rc2.d/K01new rc2.d/S01old systemd/system/multi-user.target.wants/old.service' "$(links)"

# A later version of the package leaves it so, and the administrator may enable it.
export DPKG_ROOT=$work/root DPKG_MAINTSCRIPT_PACKAGE=new
if deb-systemd-helper --quiet was-enabled new.service; then fail "an upgrade would enable it"; fi
deb-systemd-helper --quiet was-enabled old.service || fail "the other is not enabled any more"
ln -s /lib/systemd/system/new.service "$work/root/etc/systemd/system/multi-user.target.wants/new.service"
deb-systemd-helper --quiet was-enabled new.service || fail "an upgrade would disable what was enabled by hand"

# Installed by hand once, and removed: its links are there still.
mv "$work/root/etc/rc2.d/K01new" "$work/root/etc/rc2.d/S01new"
PATH=$work/tools:$PATH CS_ROOT=$work/root "$work/src/hsm-config/packages.sh" "$work/list" >"$work/out" 2>&1 ||
    fail "packages.sh ended with $? when run again"
same "what starts at boot of a package that was removed" \
    'rc0.d/K01new rc0.d/K01old rc2.d/K01new rc2.d/S01old systemd/system/multi-user.target.wants/old.service' "$(links)"
