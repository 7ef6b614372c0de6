#!/bin/sh
# What the scripts of Debian packages call to start and to enable services, while packages.sh installs.
# It makes links to this file, named invoke-rc.d, deb-systemd-invoke, deb-systemd-helper and update-rc.d,
# and puts their folder at the front of dpkg's PATH. For a package that was there before, the program of
# that name does what it always does. For one that is new nothing is started, and its services are
# recorded as switched off by the administrator, who may enable them as any other.
#
# Beside the links: `installed`, the packages that were there before; `off`, what was switched off.
set -euf

here=$(dirname "$0")
tool=$(basename "$0")
package=${DPKG_MAINTSCRIPT_PACKAGE:-}
PATH=/usr/sbin:/usr/bin:/sbin:/bin
export PATH

if [ -z "$package" ] || grep -qxF -- "$package" "$here/installed"; then
    exec "$tool" "$@"
fi

case $tool in
invoke-rc.d | deb-systemd-invoke) ;; # starts, and stops what does not run
deb-systemd-helper)
    options='' action='' units=''
    for word; do
        case $word in
        -*) options="$options $word" ;;
        *) if [ "$action" ]; then units="$units $word"; else action=$word; fi ;;
        esac
    done
    case $action in
    enable | reenable) ;;
    *) exec "$tool" "$@" ;;
    esac
    # Links of an earlier installation go. Then what Debian does itself for a unit that was disabled, so
    # that no later version of the package enables it.
    # shellcheck disable=SC2086
    {
        "$tool" $options disable $units
        "$tool" $options update-state $units
        printf '%s\n' $units >>"$here/off"
    }
    ;;
update-rc.d)
    [ "${2:-}" = defaults ] || exec "$tool" "$@"
    "$tool" "$1" remove # links of an earlier installation
    "$tool" "$1" defaults-disabled
    ;;
*)
    echo "no-services.sh: called as $tool" >&2
    exit 2
    ;;
esac
