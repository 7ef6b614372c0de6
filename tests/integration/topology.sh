#!/usr/bin/env bash
# The local replica: import, show, check, what an import changes; and documents that nobody should hand over.
set -euo pipefail
# shellcheck source=tests/integration/lib.sh
. "$1/tests/integration/lib.sh"
setup
data=$SOURCE/tests/data/topology
example=$data/example-topology.xml
urls=$data/example-simpleurls.xml

# Nothing is known yet.
run 2 "$CSCERT" topology show
says 'no topology is known'
run 2 "$CSCERT" topology check
run 15 "$CSCERT" topology import "$urls"
says 'no topology was imported before'

# A bad document leaves nothing behind: one that stands among good ones, too.
rm -rf state
run 15 "$CSCERT" topology import "$data/bad/truncated.xml"
says truncated.xml
run 15 "$CSCERT" topology import "$example" "$data/bad/billion-laughs.xml"
says billion-laughs.xml
[ ! -e state/cscert.db ] || fail "a bad document made a store"

# The import, and what it says.
run 0 "$CSCERT" topology import "$example" "$urls"
prints 'Holds         : 1 site, 7 pools, 11 computers, 3 SIP domains, 5 simple URLs'
prints 'Signature     : 0f1e2d3c-4b5a-4697-8877-665544332211'
prints 'Check         :'
run 0 "$CSCERT" topology show --json
same "hashes" "$(sha256sum "$example" "$urls" | cut -c -64 | tr '\n' ' ')" "$(json '.[0].Topology.Sha256 | join(" ")') "
same "pools" 7 "$(json '.[0].Topology.Pools | length')"
same "roles" 'Director,Edge,Front End,Mediation,Standard Edition' \
    "$(json '[.[0].Topology.Pools[].Role | values] | unique | join(",")')"
same "default SIP domain" litwareinc.com "$(json '.[0].Topology.SipDomains[] | select(.Default) | .Name')"
same "Meet URLs" meet.litwareinc.com,meet.fabrikam.com,meet.contoso.com \
    "$(json '[.[0].Topology.SimpleUrls[] | select(.Component == "Meet") | .Hosts[].Name] | join(",")')"
run 0 "$CSCERT" topology show
for text in 'Site Redmond' 'pool1.litwareinc.net (Front End)' 'edge2.litwareinc.net' 'webext-dir.litwareinc.com' \
    'sip.litwareinc.com' 'webconf.litwareinc.com' 'federation is on' 'litwareinc.com (default)'; do
    prints "$text"
done
run 0 "$CSCERT" topology show --diff
prints 'There is no earlier import'

# The names come from it now, without any file.
run 0 "$CSCERT" plan --type Default --computer-fqdn fe2.litwareinc.net --json
same "names" pool1.litwareinc.net,fe2.litwareinc.net,sip.litwareinc.com "$(json '[.[0].Names[].Name] | join(",")')"

# The same again stores nothing.
run 0 "$CSCERT" topology import "$example" "$urls" --json
same "stored again" false "$(json '.[0].Import.Stored')"
run 0 "$CSCERT" topology show --diff
prints 'There is no earlier import'

# --topology is for one run.
sed 's/fe2\.litwareinc\.net/fe22.litwareinc.net/' "$example" >other.xml
run 0 "$CSCERT" plan --type Default --computer-fqdn fe22.litwareinc.net --topology other.xml
run 2 "$CSCERT" plan --type Default --computer-fqdn fe22.litwareinc.net
says '"fe22.litwareinc.net" is not in the topology'

# One SIP domain more: sip.<domain>, lyncdiscover.<d> and lyncdiscoverinternal.<d> on Front End, Standard Edition and
# Director; sip.<d>, and the domain itself for XMPP, on the Edge. Mediation, Edge internal and OAuth stay as they are.
sed '/<InternalDomain Name="contoso.com"/{p;s/contoso/wingtip/}' "$example" >four.xml
run 0 "$CSCERT" topology import four.xml "$urls"
prints 'Changes       : 7 certificates with other names, 0 new, 0 gone'
run 0 "$CSCERT" topology show --diff --json
same "certificates that change" 7 "$(json length)"
same "what a Front End gains" lyncdiscover.wingtip.com,lyncdiscoverinternal.wingtip.com,sip.wingtip.com \
    "$(json '.[] | select(.Change.Computer == "fe1.litwareinc.net") | .Change.Gained | sort | join(",")')"
same "what the Edge pool gains" sip.wingtip.com,wingtip.com \
    "$(json '.[] | select(.Change.Pool == "edgepool.litwareinc.net") | .Change.Gained | sort | join(",")')"
same "what is lost" 0 "$(json '[.[].Change.Lost[]] | length')"
run 0 "$CSCERT" topology show --diff
prints '7 certificates change.'
prints '    + sip.wingtip.com'
# Meet for the new domain is missing: said by check, which is no error.
run 0 "$CSCERT" topology check --json
jq -e '[.[].Finding | select(.Level == "warning" and (.What | test("wingtip")))] | length > 0' "$OUT" >/dev/null ||
    fail "check does not miss the Meet URL of wingtip.com"
run 0 "$CSCERT" topology check
grep -q '^warning: ' "$OUT" || fail "no warning in the text"

# Simple URLs alone go on top of what is there, again and again.
sed 's/dialin\.litwareinc\.com/phone.litwareinc.com/' "$urls" >phone.xml
run 0 "$CSCERT" topology import phone.xml --json
same "stored" true "$(json '.[0].Import.Stored')"
same "documents" 3 "$(json '.[0].Import.Documents | length')"
same "what gains phone." 6 "$(json '[.[0].Import.Changes[] | select(.Gained == ["phone.litwareinc.com"])] | length')"
same "what loses dialin." 6 "$(json '[.[0].Import.Changes[] | select(.Lost == ["dialin.litwareinc.com"])] | length')"
run 0 "$CSCERT" topology import phone.xml --json
same "stored again" false "$(json '.[0].Import.Stored')"
run 0 "$CSCERT" topology import "$urls" --json
same "documents after the third" 3 "$(json '.[0].Import.Documents | length')"
same "SIP domains are still" 4 "$(json '.[0].Import.SipDomains')"
run 0 "$CSCERT" plan --type WebServicesExternal --computer-fqdn fe1 --simple-urls phone.xml --json
jq -e '[.[0].Names[].Name] | index("phone.litwareinc.com") and (index("dialin.litwareinc.com") | not)' "$OUT" >/dev/null ||
    fail "--simple-urls does not replace the imported ones"

# A topology in which nothing fits together: check says so with its exit code.
sed 's/ ConfiguredFqdn="sip\.litwareinc\.com"//' "$example" >edge.xml
run 15 "$CSCERT" topology check --topology edge.xml --simple-urls "$urls"
grep -q '^error: ' "$OUT" || fail "no error in the text"
says 'in the topology'

# A topology alone takes the place of one with simple URLs: that is said.
run 0 "$CSCERT" topology import "$example" "$urls" --state-dir two
run 0 "$CSCERT" topology import "$example" --state-dir two
says 'the simple URLs that were known are no longer there'

# Files that are none.
mkdir folder
mkfifo fifo
: >empty.xml
truncate -s 200M large.xml
for file in folder fifo empty.xml large.xml nowhere.xml; do
    run 15 timeout 20 "$CSCERT" topology import "$file"
    says "$file"
    run 15 timeout 20 "$CSCERT" plan --all --topology "$file"
    says "$file"
done
cp "$example" unreadable.xml
chmod 0 unreadable.xml
if [ "$(id -u)" != 0 ]; then
    run 15 "$CSCERT" topology import unreadable.xml
    says 'unreadable.xml cannot be read'
else
    # root reads it all the same: as anybody else, who has the program and the folder
    chmod 0755 "$HSM_FOLDER" "$WORK"
    run 15 setpriv --reuid 65534 --regid 65534 --clear-groups env -u CSCERT_CONFIG HOME=/nonexistent \
        CSCERT_STATE_DIR="$WORK/nobody" "$CSCERT" topology check --topology unreadable.xml
    says 'unreadable.xml cannot be read'
    chmod 0700 "$HSM_FOLDER" "$WORK"
fi

# Every bad document of the collection: exit 15, the file's name, and the replica stays.
before=$("$CSCERT" topology show --json)
bad=0
while IFS='|' read -r files _ _; do
    case $files in '#'* | '') continue ;; esac
    paths=()
    for file in $files; do paths+=("$data/bad/$file"); done
    run 15 timeout 20 "$CSCERT" topology import "${paths[@]}"
    grep -q 'cscert: ' "$ERR" || fail "nothing was said about $files"
    bad=$((bad + 1))
done <"$data/bad/cases.txt"
[ "$bad" -ge 30 ] || fail "only $bad bad documents were tried"
same "the replica after them" "$before" "$("$CSCERT" topology show --json)"

# A store that another program holds; one whose topology is damaged.
sqlite3 state/cscert.db <<'SQL' &
BEGIN EXCLUSIVE;
.shell touch held; while [ -e held ]; do sleep 0.1; done
ROLLBACK;
SQL
holder=$!
while [ ! -e held ]; do :; done
run 11 "$CSCERT" topology import "$example"
says locked
rm held
wait "$holder" || true
same "the replica after it" "$before" "$("$CSCERT" topology show --json)"
sqlite3 state/cscert.db "update topology set json = replace(json, 'litwareinc.com', char(27))"
run 11 "$CSCERT" plan --type Default --computer-fqdn fe1.litwareinc.net
says 'import it again'
run 0 "$CSCERT" plan --type Default --computer-fqdn fe1.litwareinc.net --topology "$example"
echo "$bad bad documents refused"
