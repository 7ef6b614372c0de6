# shellcheck shell=bash
# What the tests share that open a page in headless Chromium: sourced, after lib.sh's setup if that is used too. Pages
# stand in $work. Checks count failures; browser_done ends the test.

CHROMIUM=/usr/bin/chromium
failures=0

if [ ! -x "$CHROMIUM" ]; then
    echo "skipped: $CHROMIUM is not installed (tests/packages.txt names it)"
    exit 77
fi
work=${WORK:-}
if [ -z "$work" ]; then
    work=$(mktemp -d)
    trap 'rm -rf "$work"' EXIT
fi

miss() {
    echo "FAIL: $*" >&2
    failures=$((failures + 1))
}

# has FILE TEXT: the text stands in the file.
has() {
    grep -qF -- "$2" "$1" || miss "$(basename "$1") lacks: $2"
}

has_not() {
    ! grep -qF -- "$2" "$1" || miss "$(basename "$1") holds: $2"
}

# Without a bus, a GPU or a home; what the browser says of these goes to the log, not what the page
# says: console messages are the lines with CONSOLE.
browse() {
    env -u DBUS_SESSION_BUS_ADDRESS HOME="$work" timeout 150 "$CHROMIUM" --headless --no-sandbox \
        --disable-gpu --no-first-run --disable-background-networking --disable-component-update \
        --disable-sync --disable-dev-shm-usage --user-data-dir="$work/profile" \
        --enable-logging=stderr "$@" 2>>"$work/browser.log"
}

# opens NAME: the browser opens $work/NAME.html without a message; its document is then in NAME.dom.
opens() {
    : >"$work/browser.log"
    if ! browse --dump-dom "file://$work/$1.html" >"$work/$1.dom"; then
        cat "$work/browser.log" >&2
        miss "the browser did not open $1.html"
    fi
    has "$work/$1.dom" '</html>'
    has_not "$work/browser.log" CONSOLE
}

# number FILE PATTERN: how often it stands there.
number() {
    grep -oE "$2" "$1" | wc -l
}

# is_sound NAME: after opens. Nothing foreign, nothing that the parser had to repair, one of each
# landmark, tables with captions and scopes, headings in order.
is_sound() {
    local dom=$work/$1.dom html=$work/$1.html tag headings
    # What a parser had to repair shows as elements that we do not write.
    for tag in script img iframe object embed link base form; do
        has_not "$dom" "<$tag"
    done
    for tag in html head title body header main footer; do
        [ "$(number "$dom" "<${tag}[ >]")" = 1 ] || miss "$1.html has not exactly one <$tag>"
    done
    for tag in table caption tbody section td th tr div ul svg g a; do
        [ "$(number "$dom" "<${tag}[ >]")" = "$(number "$html" "<${tag}[ >]")" ] ||
            miss "$1.html: the browser sees other <$tag> than were written"
    done
    [ "$(number "$dom" '<caption>')" = "$(number "$dom" '<table[ >]')" ] ||
        miss "$1.html has a table without a caption"
    ! grep -oE '<th( [^>]*)?>' "$dom" | grep -qv 'scope="\(row\|rowgroup\|col\)"' ||
        miss "$1.html has a <th> without scope"
    headings=$(grep -oE '<h[1-6]' "$dom" | tr -dc '0-9\n')
    [ "$(grep -c '^1$' <<<"$headings")" = 1 ] || miss "$1.html has not exactly one <h1>"
    awk 'NR > 1 && $1 > last + 1 { bad = 1 } { last = $1 } END { exit bad }' <<<"$headings" ||
        miss "$1.html skips a level of headings"
}

# trips_over NAME TITLE: the same page with a script and a picture planted in it must trip the
# checks, or they prove nothing.
trips_over() {
    sed 's|<main id="main">|&<script>document.title="owned"</script><img src="http://127.0.0.1:9/x">|' \
        "$work/$1.html" >"$work/planted.html"
    : >"$work/browser.log"
    browse --dump-dom "file://$work/planted.html" >"$work/planted.dom" || true
    has "$work/browser.log" CONSOLE
    has "$work/planted.dom" "<title>$2</title>"
    has "$work/planted.dom" '<script'
}

# draws NAME WIDTH HEIGHT: in both colour schemes, which differ, and on paper.
draws() {
    local look flag
    for look in light dark; do
        flag=
        [ "$look" = light ] || flag=--force-dark-mode
        browse $flag --window-size="$2,$3" --screenshot="$work/$1-$look.png" "file://$work/$1.html" \
            >/dev/null || miss "no picture ($look)"
        [ -s "$work/$1-$look.png" ] || miss "the picture is empty ($look)"
    done
    ! cmp -s "$work/$1-light.png" "$work/$1-dark.png" || miss "the dark page looks like the light one"
    browse --no-pdf-header-footer --print-to-pdf="$work/$1.pdf" "file://$work/$1.html" >/dev/null ||
        miss "$1.html cannot be printed"
    [ "$(head -c 5 "$work/$1.pdf")" = "%PDF-" ] || miss "the print of $1.html is no PDF"
}

# browser_done SENTENCE
browser_done() {
    [ "$failures" = 0 ] || exit 1
    echo "$1"
}
