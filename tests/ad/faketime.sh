#!/bin/sh
# faketime.sh OFFSET COMMAND...: faketime -f with a /dev/shm of its own. What libfaketime leaves there, where a program
# ends by exec or by a signal, is named after process numbers; they come again, and it then does not start.
# shellcheck disable=SC2016
exec unshare --mount sh -c 'mount -t tmpfs tmpfs /dev/shm && exec faketime -f "$@"' sh "$@"
