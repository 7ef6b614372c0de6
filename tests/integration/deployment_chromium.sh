#!/usr/bin/env bash
# A browser opens the page of a deployment: well formed, without a message, as wide as the window, every text of the
# picture in its box, the counts as they must be; on screen, in the dark, on paper. At the end the page of the program
# itself, whose counts are those of its --json. Arguments: source folder, build folder.
set -euo pipefail

# shellcheck source=tests/integration/lib.sh
. "$1/tests/integration/lib.sh"
setup
# shellcheck source=tests/integration/browser.sh
. "$1/tests/integration/browser.sh"
page=$BUILD/tests/integration/deployment_page
documents=$SOURCE/tests/data/topology

# counted NAME ID: what the browser shows as that count.
counted() {
    grep -oE "<dd id=\"$2\">[0-9]+<" "$work/$1.dom" | tr -dc '0-9\n'
}

# counts NAME ID NUMBER
counts() {
    local shown
    shown=$(counted "$1" "$2")
    [ "$shown" = "$3" ] || miss "$1.html: $2 is \"$shown\", not \"$3\""
}

# measures NAME: in windows of 1280 and 800 pixels.
measures() {
    local width
    browse --allow-file-access-from-files --dump-dom \
        "file://$SOURCE/tests/integration/measure.html#file://$work/$1.html" >"$work/$1.measure" ||
        miss "$1.html was not measured"
    for width in 1280 800; do
        grep -qx "$width overflow 0" "$work/$1.measure" || miss "$1.html is wider than $width pixels"
        grep -qE "^$width outside 0 " "$work/$1.measure" ||
            miss "$1.html: out of its box: $(grep "^$width outside" "$work/$1.measure")"
        grep -qx "$width links 0 dangling" "$work/$1.measure" || miss "$1.html has links that lead nowhere"
        grep -qE "^$width texts [1-9]" "$work/$1.measure" || miss "$1.html: nothing was measured"
    done
}

for kind in all hostile empty large; do
    "$page" "$kind" >"$work/$kind.html"
    opens "$kind"
    is_sound "$kind"
    [ "$kind" = empty ] || measures "$kind"
done

while read -r id number; do
    counts all "$id" "$number"
done < <("$page" counts)
counts large count-computers 2000
counts large count-certificates 1850
has "$work/hostile.dom" '&lt;script&gt;document.title='
has_not "$work/hostile.dom" "<title>owned"

# A text that is too long for its box must trip the measuring, or it proves nothing.
sed 's|>fe1\.litwareinc\.net</text>|>fe1.litwareinc.net-is-much-too-long-for-this-box-as-everybody-can-see</text>|' \
    "$work/all.html" >"$work/long.html"
browse --allow-file-access-from-files --dump-dom \
    "file://$SOURCE/tests/integration/measure.html#file://$work/long.html" >"$work/long.measure" || true
grep -qE '^1280 outside [1-9]' "$work/long.measure" || miss "the measuring does not see a text that is too long"
trips_over all 'cscert plan: 17 certificates'

# pages NAME: of its print.
pages() {
    grep -aoE '/Type /Page\b' "$work/$1.pdf" | wc -l
}
draws all 1280 2400
# What is closed on screen is printed: without the tables of names the print is shorter.
sed '/<table class="names">/,/<\/table>/d' "$work/all.html" >"$work/closed.html"
browse --no-pdf-header-footer --print-to-pdf="$work/closed.pdf" "file://$work/closed.html" >/dev/null ||
    miss "cannot be printed"
[ "$(pages all)" -gt "$(pages closed)" ] ||
    miss "the names are not printed: $(pages all) pages, without names $(pages closed)"

# ---- the program's own page ----

# data WORD NAME: that attribute of each certificate.
data() {
    sed -E "s/.* data-$1=\"([^\"]*)\".*/\1/" "$work/$2.rows"
}

# ours NAME JSON: the page counts what --json holds; certificates are results without an error.
ours() {
    counts "$1" count-certificates "$(jq '[.[] | select(.Error == null)] | length' "$2")"
    counts "$1" count-state-unplanned "$(jq '[.[] | select(.Error != null)] | length' "$2")"
    counts "$1" count-names "$(jq '[.[] | select(.Error == null) | .Names | length] | add // 0' "$2")"
    counts "$1" count-state-none "$(jq '[.[] | select(.Error == null and .Existing == null)] | length' "$2")"
    counts "$1" count-state-offline \
        "$(jq '[.[] | select(.Existing.Fit == "Open" and .Existing.RequestStatus == "Offline")] | length' "$2")"
    counts "$1" count-state-names "$(jq '[.[] | select(.Existing.Fit == "LacksNames")] | length' "$2")"
    # Each certificate: pool, computer, types, number of names, request.
    jq -r '.[] | select(.Error == null) | [.Pool, .Computer // "", (.Type | join(",")), (.Names | length),
        .Existing.RequestId // 0] | @tsv' "$2" | tr '\t' '|' >"$work/$1.want"
    grep -oE '<tbody id="certificate-[^>]*>' "$work/$1.dom" >"$work/$1.rows"
    paste -d '|' <(data pool "$1") <(data computer "$1") <(data types "$1") <(data names "$1") \
        <(data request "$1") >"$work/$1.shown"
    diff "$work/$1.want" "$work/$1.shown" >&2 || miss "$1.html shows other certificates than --json"
}

# plans CODE NAME [OPTION...]: plan --all with both forms of output.
plans() {
    local code=$1 name=$2
    shift 2
    run "$code" "$CSCERT" plan --all --key-alg ECDH_P256 "$@" --json --report "$work/$name.html"
    cp "$OUT" "$work/$name.json"
    opens "$name"
    is_sound "$name"
    measures "$name"
    ours "$name" "$work/$name.json"
}

# The example: seven computers outside the Edge pool, two certificates of the Edge pool, one for OAuth.
urls=$documents/example-simpleurls.xml
plans 0 example --topology "$documents/example-topology.xml" --simple-urls "$urls"
counts example count-sites 1
counts example count-pools 7
counts example count-computers 11
counts example count-certificates 10
counts example count-state-none 10
has "$work/example.dom" 'aria-label="Pool edgepool.litwareinc.net, Edge · 2 computers"'
has_not "$work/example.dom" 'Imported'

# All requested; then a SIP domain more, which seven of them need (newall.sh says the same of --json).
run 0 "$CSCERT" topology import "$documents/example-topology.xml" "$urls"
run 0 "$CSCERT" new --all --key-alg ECDH_P256 --output-dir out
plans 0 offline
counts offline count-state-offline 10
has "$work/offline.dom" '<th scope="row">Imported</th>'
sed '/<InternalDomain Name="contoso.com"/{p;s/contoso/wingtip/}' "$documents/example-topology.xml" >four.xml
run 0 "$CSCERT" topology import four.xml "$urls"
plans 0 more
counts more count-state-names 7
counts more count-state-offline 3

# An Edge pool without an Access Edge name: what cannot be planned stands on the page too.
sed 's/ ConfiguredFqdn="sip\.litwareinc\.com"//' "$documents/example-topology.xml" >edge.xml
plans 13 edge --topology edge.xml --simple-urls "$urls"
counts edge count-certificates 9
counts edge count-state-unplanned 1
has "$work/edge.dom" '<a href="#failure-1"'

browser_done "the page of a deployment opens in a browser without a message"
