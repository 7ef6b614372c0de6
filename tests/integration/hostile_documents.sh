#!/usr/bin/env bash
# Documents made to do harm: each is refused soon, with its name and the reason, and nothing is left behind.
set -euo pipefail
# shellcheck source=tests/integration/lib.sh
. "$1/tests/integration/lib.sh"
setup
data=$SOURCE/tests/data/topology
namespace=urn:schema:Microsoft.Rtc.Management.Deploy.Topology.2008

# count_cpu: what all that this script started and that has ended has used, in $CPU_MS.
count_cpu() {
    times >cpu.txt # not through a pipe: that would be another shell's
    CPU_MS=$(awk 'NR == 2 { split($1 $2, t, "[ms]"); print int(1000 * (60 * (t[1] + t[3]) + t[2] + t[4])) }' cpu.txt)
}

# refused FILE TEXT...: exit 15 with little work, message and remedy, and each text. By its processor time: the machine
# may have other work.
refused() {
    local file=$1 before
    shift
    count_cpu
    before=$CPU_MS
    run 15 timeout 120 "$CSCERT" topology check --topology "$file"
    count_cpu
    [ $((CPU_MS - before)) -le 10000 ] || fail "$file took $((CPU_MS - before)) ms"
    says "$file"
    grep -q '^  do: ' "$ERR" || fail "no remedy for $file"
    for text; do says "$text"; done
    if LC_ALL=C grep -q $'[\x01-\x08\x0b-\x1f\x7f]' "$ERR"; then fail "control characters on the terminal"; fi
    [ ! -e state/cscert.db ] || fail "$file made a store"
}

# ---- XML ----

refused "$data/bad/billion-laughs.xml" billion-laughs.xml:2 DOCTYPE
refused "$data/bad/external-entity.xml" DOCTYPE
# Ten levels would be 10^10 copies; a flood of declarations is as short.
{
    printf '<!DOCTYPE a [<!ENTITY e0 "x">'
    for i in $(seq 1 2000); do printf '<!ENTITY e%d "&e%d;&e%d;">' "$i" $((i - 1)) $((i - 1)); done
    printf ']><Topology xmlns="%s">&e2000;</Topology>' "$namespace"
} >laughs.xml
refused laughs.xml laughs.xml:1 DOCTYPE

# repeat TEXT TIMES: on standard output
repeat() { yes -- "$1" | tr -d '\n' | head -c $((${#1} * $2)) || [ $? -eq 141 ]; }

# document NAME BODY TIMES: a topology that holds BODY so many times
document() {
    printf '<Topology xmlns="%s"><Unknown>' "$namespace"
    repeat "$2" "$3"
    printf '</Unknown></Topology>'
} >"$1"

truncate -s 200M large.xml
refused large.xml
document large.xml 'x' 200000000
refused large.xml
rm large.xml
document deep.xml '<a>' 1000000
refused deep.xml deep.xml:1 '64 levels'
document many.xml '<a/>' 3000000
refused many.xml many.xml:1 '1000000 elements'
document comments.xml 'a<!---->' 3000000
refused comments.xml '1000000 elements'
document text.xml 'text' 15000000
refused text.xml
rm ./*.xml
{
    printf '<Topology xmlns="%s"><Unknown ' "$namespace"
    seq -f 'a%.0f=""' -s ' ' 1000000
    printf '/></Topology>'
} >attributes.xml
refused attributes.xml '64 attributes'
{
    printf '<Topology xmlns="%s">' "$namespace"
    seq -f '<e%.0f/>' -s '' 900000
    printf '</Topology>'
} >names.xml
refused names.xml 'different names'
{
    printf '<Topology xmlns="%s"><Clusters>' "$namespace"
    for i in $(seq 5000); do printf '<Cluster Fqdn="p%d"><ClusterId SiteId="1" Number="%d"/></Cluster>' "$i" "$i"; done
    printf '</Clusters></Topology>'
} >pools.xml
refused pools.xml '4096 clusters'

# What would move the cursor is shown, not sent.
printf '<Topology xmlns="%s"><Clusters><Cluster Fqdn="a&#x9b;2Jb"/></Clusters></Topology>' "$namespace" >escape.xml
refused escape.xml 'escape.xml:1: <Cluster>' 'a\xc2\x9b2Jb'

# A topology that is well made and asks for more names than anybody needs: 4,000 computers with up to 250 each.
generator=("$PYTHON" "$SOURCE/tests/support/topology_gen.py")
"${generator[@]}" topology --computers 4000 --pools 10 --domains 61 >names.xml
"${generator[@]}" simple-urls --computers 4000 --pools 10 --domains 61 >names-urls.xml
names=(--topology names.xml --simple-urls names-urls.xml)
run 15 timeout 60 "$CSCERT" plan --all "${names[@]}"
says 'more than 524288 names'
# One of them is no harm; and an import says that it could not compare.
run 0 "$CSCERT" plan --type Default --computer-fqdn fe1-1.litwareinc.net "${names[@]}"
run 0 "$CSCERT" topology import "$data/example-topology.xml" "$data/example-simpleurls.xml"
run 0 "$CSCERT" topology import names.xml names-urls.xml
says 'what it changes is not known: the topology asks for'
run 15 "$CSCERT" topology show --diff
says 'more than 524288 names'
rm -r state

# ---- archives ----

cat >zips.py <<'EOT'
import random, sys, zipfile
chance = random.Random(1)
good = open(sys.argv[1], "rb").read()

def make(name, entries, method=zipfile.ZIP_DEFLATED):
    with zipfile.ZipFile(name, "w", method, compresslevel=9) as archive:
        for entry, size in entries:
            with archive.open(entry, "w", force_zip64=True) as out:
                if size < 0:
                    out.write(good)
                for _ in range(max(size, 0)):
                    out.write(bytes(1 << 20))

make("bomb.zip", [("topology.xml", -1), ("bomb.xml", 1024)])
make("small-bombs.zip", [("topology.xml", -1)] + [("%d.xml" % i, 2) for i in range(100)])
make("many.zip", [("%d/" % i, 0) for i in range(70000)])
make("climbs.zip", [("topology.xml", -1), ("../../.bashrc", -1)])
make("climbs-back.zip", [("topology.xml", -1), ("a\\..\\..\\b", -1)])
make("absolute.zip", [("/etc/cron.d/x", -1)])
make("good.zip", [("a/b/c/topology.xml", -1)])

# Entries that share their octets: each costs a line of the directory and expands to 20 MiB.
with zipfile.ZipFile("shared.zip", "w", zipfile.ZIP_DEFLATED) as archive:
    archive.writestr("0", b"".join(chance.randbytes(16) + bytes(1008) for _ in range(20 << 10)))
    for number in range(1, 4000):
        twin = zipfile.ZipInfo("0")
        for field in ("header_offset", "CRC", "compress_size", "file_size", "compress_type"):
            setattr(twin, field, getattr(archive.filelist[0], field))
        archive.filelist.append(twin)
EOT
"$PYTHON" zips.py "$data/example-topology.xml"
run 0 timeout 30 "$CSCERT" topology check --topology good.zip --simple-urls "$data/example-simpleurls.xml"
refused bomb.zip bomb.xml '64 MiB'
refused small-bombs.zip 0.xml 'zip bomb'
refused many.zip '4096 entries'
refused climbs.zip ../../.bashrc '".."'
refused climbs-back.zip 'a\..\..\b' '".."'
refused absolute.zip /etc/cron.d/x absolute
refused shared.zip '128 MiB'
[ -z "$(find "$HSM_FOLDER" -name '.bashrc' -o -name 'b.xml')" ] || fail "an entry was unpacked"

# ---- the program that reads them ----

# It is started by cscert alone.
run 2 "$BUILD/cli/cscert-read"
says 'started by cscert'

# 2,000 computers in 300 pools are no harm.
"$PYTHON" "$SOURCE/tests/support/topology_gen.py" topology --computers 2000 --pools 300 >generated.xml
"$PYTHON" "$SOURCE/tests/support/topology_gen.py" simple-urls --computers 2000 --pools 300 >urls.xml
run 0 timeout 30 "$CSCERT" topology check --topology generated.xml --simple-urls urls.xml
[ ! -e state/cscert.db ] || fail "check made a store"
