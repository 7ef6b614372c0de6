#!/usr/bin/env bash
# The AD CS test bed of one build folder: ctest's fixture, and the way into it.
#   ad.sh BUILD up|down
#   ad.sh BUILD run COMMAND...     inside the bed, with ADBED_STATE and its officer as $ADBED
# Exit code 77 without the rights that the bed needs.
set -euo pipefail

build=$(realpath "$1")
command=$2
shift 2
here=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
# The web server's user must be able to enter it, and two builds have a bed each.
state=/run/cscert-adbed-$(printf '%s' "$build" | md5sum | cut -c 1-12)
bed=$here/bed/adbed

if [ "$(id -u)" -ne 0 ] || ! unshare --net --mount --uts --ipc --pid --fork true 2>/dev/null; then
    echo "skipped: the AD test bed needs root and namespaces of its own"
    exit 77
fi
case $command in
up)
    # what a run that was killed has left
    "$bed" --state "$state" down
    exec "$bed" --state "$state" up
    ;;
down) exec "$bed" --state "$state" down ;;
run) ADBED=$bed exec "$bed" --state "$state" exec "$@" ;;
*)
    echo "ad.sh: there is no $command" >&2
    exit 2
    ;;
esac
