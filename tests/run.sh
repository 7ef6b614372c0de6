#!/usr/bin/env bash
# Installs what the tests need, builds cscert and runs its tests. May be run again.
set -euo pipefail

usage() {
    cat <<'TEXT'
usage: tests/run.sh [--ci] [--no-install] [--jobs N]

Installs the packages that are missing (hsm-config/packages.txt, tests/packages.txt; as root or
with sudo; no service of theirs is started, or enabled for the next boot), then builds and tests two
presets in build/: dev (gcc) and asan (clang with the address and undefined behaviour sanitizers).

  --ci          also: lint first, gcc's analyzer, clang-tidy, the release build without a warning;
                a test that is skipped counts as failed
  --no-install  installs nothing
  --jobs N      so many processes at a time; as many as there are processors if not given. Of the tests one more runs,
                because many of them wait: for a clock, a server, a disk
TEXT
}

ci=false
install=true
jobs=$(nproc)
while [ $# -gt 0 ]; do
    case $1 in
    --ci) ci=true ;;
    --no-install) install=false ;;
    --jobs)
        [ $# -gt 1 ] || { usage >&2; exit 2; }
        jobs=$2
        shift
        ;;
    --help | -h)
        usage
        exit 0
        ;;
    *)
        usage >&2
        exit 2
        ;;
    esac
    shift
done

cd "$(dirname "${BASH_SOURCE[0]}")/.."
export LC_ALL=C.UTF-8 CMAKE_BUILD_PARALLEL_LEVEL=$jobs CTEST_PARALLEL_LEVEL=$((jobs + 1))
export ASAN_OPTIONS=${ASAN_OPTIONS:-abort_on_error=0:detect_leaks=1}
export UBSAN_OPTIONS=${UBSAN_OPTIONS:-print_stacktrace=1}

step() {
    printf '\n== %s (%s s)\n' "$*" "$SECONDS"
}

# build PRESET [OPTION...]: configures and builds; what went well is not told.
build() {
    local preset=$1
    shift
    step "build: $preset"
    cmake --preset "$preset" "$@" >"build/$preset.log" 2>&1 || {
        cat "build/$preset.log"
        return 1
    }
    cmake --build --preset "$preset" -- --quiet
}

# run_tests PRESET [OPTION...]: ctest's own summary stands last.
run_tests() {
    local preset=$1 log
    shift
    step "test: $preset $*"
    log=build/$preset.ctest.log
    ctest --preset "$preset" --no-tests=error "$@" 2>&1 | tee "$log"
    if $ci && grep -qE '\*\*\*(Skipped|Not Run)' "$log"; then
        printf '\nFAILED: these must run here and were skipped:\n' >&2
        grep -E '\*\*\*(Skipped|Not Run)' "$log" >&2
        return 1
    fi
}

step "packages"
if $install; then
    hsm-config/packages.sh hsm-config/packages.txt tests/packages.txt
fi
mkdir -p build

if $ci; then
    step "configure: dev"
    cmake --preset dev >build/dev.log 2>&1 || {
        cat build/dev.log
        exit 1
    }
    run_tests dev -L lint
fi
build dev
if $ci; then
    build release -DCS_WERROR=ON
    build analyze
    build tidy
fi
build asan
run_tests dev
run_tests asan
