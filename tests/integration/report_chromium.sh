#!/usr/bin/env bash
# A browser opens the report: the page is well formed, nothing in it runs or is fetched, and hostile
# text stays text. Arguments: source folder, build folder.
set -euo pipefail

build=$2
page=$build/tests/integration/report_page
chromium=/usr/bin/chromium

if [ ! -x "$chromium" ]; then
    echo "skipped: $chromium is not installed (tests/packages.txt names it)"
    exit 77
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failures=0

fail() {
    echo "FAIL: $*" >&2
    failures=$((failures + 1))
}

# has FILE TEXT: the text stands in the file.
has() {
    grep -qF -- "$2" "$1" || fail "$(basename "$1") lacks: $2"
}

has_not() {
    ! grep -qF -- "$2" "$1" || fail "$(basename "$1") holds: $2"
}

# Without a bus, a GPU or a home; what the browser says of these goes to the log, not what the page
# says: console messages are the lines with CONSOLE.
browse() {
    env -u DBUS_SESSION_BUS_ADDRESS HOME="$work" timeout 100 "$chromium" --headless --no-sandbox \
        --disable-gpu --no-first-run --disable-background-networking --disable-component-update \
        --disable-sync --disable-dev-shm-usage --user-data-dir="$work/profile" \
        --enable-logging=stderr "$@" 2>>"$work/browser.log"
}

for kind in run what-if; do
    "$page" "$kind" >"$work/$kind.html"
    : >"$work/browser.log"
    if ! browse --dump-dom "file://$work/$kind.html" >"$work/$kind.dom"; then
        cat "$work/browser.log" >&2
        fail "the browser did not open $kind.html"
    fi
    has "$work/$kind.dom" '</html>'
    has_not "$work/browser.log" CONSOLE
    # What a parser had to repair shows as elements that we do not write.
    for tag in script img iframe object embed link base form; do
        has_not "$work/$kind.dom" "<$tag"
    done
    for tag in html head title body header main footer; do
        [ "$(grep -o "<${tag}[ >]" "$work/$kind.dom" | wc -l)" = 1 ] ||
            fail "$kind.html has not exactly one <$tag>"
    done
    for tag in table caption tbody section td th tr div ul; do
        opened=$(grep -oE "<${tag}[ >]" "$work/$kind.dom" | wc -l)
        written=$(grep -oE "<${tag}[ >]" "$work/$kind.html" | wc -l)
        [ "$opened" = "$written" ] || fail "$kind.html: $written <$tag> written, $opened parsed"
    done
    [ "$(grep -c '<caption>' "$work/$kind.dom")" = "$(grep -oE '<table[ >]' "$work/$kind.dom" | wc -l)" ] ||
        fail "$kind.html has a table without a caption"
    ! grep -oE '<th( [^>]*)?>' "$work/$kind.dom" | grep -qv 'scope="\(row\|col\)"' ||
        fail "$kind.html has a <th> without scope"
    headings=$(grep -oE '<h[1-6]' "$work/$kind.dom" | tr -dc '0-9\n')
    [ "$(grep -c '^1$' <<<"$headings")" = 1 ] || fail "$kind.html has not exactly one <h1>"
    awk 'NR > 1 && $1 > last + 1 { bad = 1 } { last = $1 } END { exit bad }' <<<"$headings" ||
        fail "$kind.html skips a level of headings"
done

has "$work/run.dom" '<html lang="en">'
has "$work/run.dom" '<title>cscert retrieve on edge1</title>'
has "$work/run.dom" 'Litware &amp; Söhne'
has "$work/run.dom" '&lt;script&gt;document.title='
has "$work/what-if.dom" 'nothing was changed'
has_not "$work/what-if.dom" 'CKA_LOCAL'

# A page with a script and a picture must trip the same checks, or they prove nothing.
sed 's|<main id="main">|&<script>document.title="owned"</script><img src="http://127.0.0.1:9/x">|' \
    "$work/run.html" >"$work/planted.html"
: >"$work/browser.log"
browse --dump-dom "file://$work/planted.html" >"$work/planted.dom" || true
has "$work/browser.log" CONSOLE
has "$work/planted.dom" '<title>cscert retrieve on edge1</title>'
has "$work/planted.dom" '<script'

# Both colour schemes and the printed form can be drawn.
for look in light dark; do
    flag=
    [ "$look" = light ] || flag=--force-dark-mode
    browse $flag --window-size=1100,2000 --screenshot="$work/$look.png" "file://$work/run.html" \
        >/dev/null || fail "no picture ($look)"
    [ -s "$work/$look.png" ] || fail "the picture is empty ($look)"
done
! cmp -s "$work/light.png" "$work/dark.png" || fail "the dark page looks like the light one"
browse --print-to-pdf="$work/run.pdf" "file://$work/run.html" >/dev/null || fail "cannot be printed"
[ "$(head -c 5 "$work/run.pdf")" = "%PDF-" ] || fail "the print is no PDF"

[ "$failures" = 0 ] || exit 1
echo "the report opens in a browser without a message"
