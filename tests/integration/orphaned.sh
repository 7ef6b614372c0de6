#!/usr/bin/env bash
# cscert killed by SIGKILL: cscert-ca and cscert-read end with it, and one that begins only then does nothing any more.
set -euo pipefail
# shellcheck source=tests/integration/lib.sh
. "$1/tests/integration/lib.sh"
setup
for program in cscert-ca cscert-read; do
    run 0 "$PYTHON" "$SOURCE/tests/support/orphan.py" "$BUILD/cli/$program" after
    same "$program at work" 'signal 9' "$(<"$OUT")"
    run 0 "$PYTHON" "$SOURCE/tests/support/orphan.py" "$BUILD/cli/$program" before
    same "$program that begins" 'exit code 1' "$(<"$OUT")"
done
