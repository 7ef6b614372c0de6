#!/usr/bin/env bash
# A browser opens the report: the page is well formed, nothing in it runs or is fetched, and hostile
# text stays text. Arguments: source folder, build folder.
set -euo pipefail

# shellcheck source=tests/integration/browser.sh
. "$1/tests/integration/browser.sh"

for kind in run what-if; do
    "$2/tests/integration/report_page" "$kind" >"$work/$kind.html"
    opens "$kind"
    is_sound "$kind"
done

has "$work/run.dom" '<html lang="en">'
has "$work/run.dom" '<title>cscert retrieve on edge1</title>'
has "$work/run.dom" 'Litware &amp; Söhne'
has "$work/run.dom" '&lt;script&gt;document.title='
has "$work/what-if.dom" 'nothing was changed'
has_not "$work/what-if.dom" 'CKA_LOCAL'

trips_over run 'cscert retrieve on edge1'
draws run 1100 2000
browser_done "the report opens in a browser without a message"
