#!/usr/bin/env bash
# `new --all`: the example deployment in one run, with one login; what is there is left alone, one failure stops nothing.
set -euo pipefail
# shellcheck source=tests/integration/lib.sh
. "$1/tests/integration/lib.sh"
setup
data=$SOURCE/tests/data/topology
SPY=$BUILD/tests/support/spymod.so
export CS_SPY_MODULE=$HSM_MODULE
CERTIFICATES=10 # of the example; tests/integration/plan.sh tells which

# fresh: an empty store with the example in it.
fresh() {
    rm -rf state out
    run 0 "$CSCERT" topology import "$data/example-topology.xml" "$data/example-simpleurls.xml"
}

# ---- offline, into a folder ----

fresh
run 2 "$CSCERT" new --all --key-alg ECDH_P256
says 'nothing says where the requests go'
: >file
run 16 "$CSCERT" new --all --output-dir file --key-alg ECDH_P256
run 16 "$CSCERT" new --all --output-dir /proc/nowhere --key-alg ECDH_P256
has_objects 0 0 0

MODULE=$SPY write_config
CS_SPY_COUNTS=$WORK/counts run 0 "$CSCERT" new --all --output-dir out/requests --key-alg ECDH_P256
write_config
prints "$CERTIFICATES certificates: $CERTIFICATES made, 0 left alone, 0 failed"
same "files" "$CERTIFICATES" "$(find out/requests -name '*.csr' | wc -l)"
has_objects "$CERTIFICATES" "$CERTIFICATES" 0
for call in C_Initialize C_Login; do
    same "calls of $call" 1 "$(awk -v call="$call" '$1 == call {print $2}' counts)"
done
# What others see in them.
for file in out/requests/*.csr; do
    openssl req -in "$file" -noout -verify 2>&1 | grep -q 'OK' || fail "openssl does not verify $file"
done
# subjects PATTERN: the common names in the files, each once with its count.
subjects() {
    for file in out/requests/$1; do
        openssl req -in "$file" -noout -subject -nameopt RFC2253 | sed 's/subject=//'
    done | sort | uniq -c | xargs
}
same "subjects" "2 CN=dirpool.litwareinc.net 1 CN=edgepool.litwareinc.net 1 CN=litwareinc.com 1 CN=medpool.litwareinc.net \
3 CN=pool1.litwareinc.net 1 CN=se1.litwareinc.net 1 CN=sip.litwareinc.com" "$(subjects '*.csr')"
same "the Front Ends' files" "$(printf 'fe%s.litwareinc.net\n' 1 2 3)" \
    "$(cd out/requests && printf '%s\n' fe*.csr | sed 's/-.*//')"
# The absolute path is what the store has: `recover` may run in another folder.
run 0 "$CSCERT" list --json
same "relative paths in the store" 0 "$(json '[.[].Files[] | select(startswith("/") | not)] | length')"

# Again: everything is there, the token is not even asked.
before=$(sqlite3 state/cscert.db .dump | sha256sum)
run 0 "$CSCERT" new --all --output-dir out/requests --key-alg ECDH_P256 --json
same "left alone" "$CERTIFICATES" "$(json '[.[] | select(.LeftAlone)] | length')"
same "the store after the second run" "$before" "$(sqlite3 state/cscert.db .dump | sha256sum)"
has_objects "$CERTIFICATES" "$CERTIFICATES" 0
run 0 "$CSCERT" plan --all --key-alg ECDH_P256
prints "$CERTIFICATES certificates for 5 pools: 0 to be made, $CERTIFICATES there already"
prints 'Existing  request '

# Who does not say which key takes those that are there.
run 0 "$CSCERT" plan --all
prints "$CERTIFICATES certificates for 5 pools: 0 to be made, $CERTIFICATES there already"
run 0 "$CSCERT" plan --type Internal --computer-fqdn edge2.litwareinc.net --key-alg ECDH_P384
says 'would be refused: the members of the Edge pool edgepool.litwareinc.net share one key'
# The members of a pool have the same subject.
run 0 "$CSCERT" list
prints 'fe2.litwareinc.net'

# A second key for an Edge pool: its members must share one, whichever of them is named.
run 0 "$CSCERT" plan --type Internal --computer-fqdn edge2.litwareinc.net --key-alg ECDH_P256 --json
same "what the pool has" Open "$(json '.[0].Existing.Fit')"
second=("$CSCERT" new --type Internal --computer-fqdn edge2.litwareinc.net --key-alg ECDH_P256 --output second.csr)
run 2 "${second[@]}"
says 'share one key'
says '-Force'
has_objects "$CERTIFICATES" "$CERTIFICATES" 0
run 0 "${second[@]}" -Force
has_objects $((CERTIFICATES + 1)) $((CERTIFICATES + 1)) 0
# A Front End's key is its own: no such rule.
run 0 "$CSCERT" new --type Default --computer-fqdn fe1.litwareinc.net --key-alg ECDH_P256 --output fe1.csr

# ---- one certificate for a whole Front End pool ----

fresh
whole=(--type 'Default,WebServicesInternal,WebServicesExternal' --key-alg ECDH_P256 --all-sip-domain)
run 0 "$CSCERT" new "${whole[@]}" --computer-fqdn pool1.litwareinc.net --output pool1.csr --json
pool=$(json '.[0].RequestId')
run 0 "$CSCERT" new "${whole[@]}" --computer-fqdn dir1.litwareinc.net --output dir1.csr --all-pool-members --json
director=$(json '.[0].RequestId')
run 0 "$CSCERT" plan --all --key-alg ECDH_P256 --json
there="fe1.litwareinc.net $pool Open fe2.litwareinc.net $pool Open fe3.litwareinc.net $pool Open"
there+=" dir1.litwareinc.net $director Open dir2.litwareinc.net $director Open"
same "what is there" "$there" \
    "$(json '[.[] | select(.Existing) | .Computer, .Existing.RequestId, .Existing.Fit] | join(" ")')"
run 0 "$CSCERT" new --all --output-dir out --key-alg ECDH_P256 --json
same "left alone" "fe1 $pool fe2 $pool fe3 $pool dir1 $director dir2 $director" \
    "$(json '[.[] | select(.LeftAlone) | (.Computer | rtrimstr(".litwareinc.net")), .RequestId] | join(" ")')"
same "files" $((CERTIFICATES - 5)) "$(find out -name '*.csr' | wc -l)"
# A computer that came since needs one of its own; the others keep theirs.
sed '/<Machine .*fe3\.litwareinc\.net/i <Machine OrdinalInCluster="4" Fqdn="fe4.litwareinc.net"/>' \
    "$data/example-topology.xml" >fe4.xml
grep -q 'fe4\.litwareinc\.net' fe4.xml || fail "no computer was added"
run 0 "$CSCERT" topology import fe4.xml "$data/example-simpleurls.xml"
run 0 "$CSCERT" plan --all --key-alg ECDH_P256
prints "$((CERTIFICATES + 1)) certificates for 5 pools: 1 to be made, $CERTIFICATES there already"

# ---- one output path is taken: it alone fails ----

fresh
mkdir -p out
run 0 "$CSCERT" new --all --output-dir "$WORK/out" --key-alg ECDH_P256 -WhatIf --json
names=$(ls out | wc -l)
same "files after -WhatIf" 0 "$names"
# The name that the Mediation Server's request gets, from a run elsewhere.
run 0 "$CSCERT" new --all --output-dir elsewhere --key-alg ECDH_P256
taken=$(cd elsewhere && echo med1*.csr)
[ -e "elsewhere/$taken" ] || fail "no request for med1: $(ls elsewhere)"
fresh
mkdir -p out
echo mine >"out/$taken"
run 13 "$CSCERT" new --all --output-dir out --key-alg ECDH_P256
prints "$CERTIFICATES certificates: $((CERTIFICATES - 1)) made, 0 left alone, 1 failed"
says "$taken"
same "the file that was there" mine "$(cat "out/$taken")"
same "files" "$CERTIFICATES" "$(find out -name '*.csr' | wc -l)"
# With -Force the rest is made, and only the rest.
run 0 "$CSCERT" new --all --output-dir out --key-alg ECDH_P256 -Force --json
same "left alone" $((CERTIFICATES - 1)) "$(json '[.[] | select(.LeftAlone)] | length')"
openssl req -in "out/$taken" -noout -verify 2>&1 | grep -q OK || fail "$taken was not replaced"

# ---- with the lab CA ----

fresh
write_config "ca lab { type = lab  crl-url = 'http://pki.litwareinc.com/lab.crl' }" "default-ca = 'lab'"
run 0 "$CSCERT" ca init Lab
have=$(count cert)
run 0 "$CSCERT" new --all --key-alg ECDH_P256 --report all.html --json
same "issued" "$CERTIFICATES" "$(json '[.[] | select(.RequestStatus == "Issued")] | length')"
same "certificates on the token" $((have + CERTIFICATES)) "$(count cert)"
grep -q 'edgepool.litwareinc.net' all.html || fail "the report does not have the Edge pool"
run 0 "$CSCERT" plan --all --key-alg ECDH_P256 --json
same "that fit" "$CERTIFICATES" "$(json '[.[] | select(.Existing.Fit == "Good" and .Existing.DaysLeft > 300)] | length')"
# One SIP domain more: what gains names is made anew but for the Edge's, whose key its members share.
sed '/<InternalDomain Name="contoso.com"/{p;s/contoso/wingtip/}' "$data/example-topology.xml" >four.xml
run 0 "$CSCERT" topology import four.xml "$data/example-simpleurls.xml"
run 0 "$CSCERT" plan --all --key-alg ECDH_P256 --json
same "that lack names" 7 "$(json '[.[] | select(.Existing.Fit == "LacksNames")] | length')"
run 13 "$CSCERT" new --all --key-alg ECDH_P256 --json
same "made anew" 6 "$(json '[.[] | select(.RequestStatus == "Issued" and (.LeftAlone | not))] | length')"
same "what failed" edgepool.litwareinc.net "$(json '[.[] | select(.Error)] | map(.Pool) | join(",")')"
run 0 "$CSCERT" new --all --key-alg ECDH_P256 --json -Force
same "made anew with -Force" 1 "$(json '[.[] | select(.LeftAlone | not)] | length')"

# ---- several groups: one is finished while the keys of the next are made ----

write_config
rm -rf state out
MANY=70
generate() { /usr/bin/python3 "$SOURCE/tests/support/topology_gen.py" "$@"; }
generate topology --certificates "$MANY" >many.xml
generate simple-urls --certificates "$MANY" >many-urls.xml
many=(--topology many.xml --simple-urls many-urls.xml --key-alg ECDH_P256)
new=("$CSCERT" new --all "${many[@]}" --output-dir out)
run 0 "$CSCERT" plan --all "${many[@]}" --json
plan=$(jq -c '[.[] | {Pool, Computer, Type}]' "$OUT")

# stopped CALL: while that call runs SIGINT comes; the exit code is that of a stopped run.
stopped() {
    local pid code=0
    ERR=$HSM_FOLDER/stderr OUT=$HSM_FOLDER/stdout
    : >"$HSM_FOLDER/spy.log"
    set -m
    MODULE=$SPY write_config
    CS_SPY_LOG=$HSM_FOLDER/spy.log CS_SPY_SLEEP=700 CS_SPY_FAULT="$1:slow" "${new[@]}" --json >"$OUT" 2>"$ERR" &
    pid=$!
    set +m
    for ((i = 0; i < 10000; i++)); do
        grep -q " ${1/:/ } slow" "$HSM_FOLDER/spy.log" && break
        read -r -t 0.001 <> <(:) || true
    done
    kill -s INT "$pid"
    wait "$pid" || code=$?
    write_config
    same "exit code after SIGINT in $1" 12 "$code"
    says 'stopped by a signal'
    says 'were not begun: the same command makes them'
    # The array is whole, and what has a number is made, but for the one that was being made.
    same "results that are neither made nor the one that was stopped" 0 \
        "$(jq '[.[] | select(.RequestStatus != "Offline")] | if length > 1 then length else 0 end' "$OUT")"
    made=$(jq '[.[] | select(.RequestStatus == "Offline")] | length' "$OUT")
    same "files" "$made" "$(find out -name '*.csr' | wc -l)"
    # What was planned and not begun is no failure.
    run 0 "$CSCERT" list --json
    same "whole requests" "$made" "$(json '[.[] | select(.RequestStatus == "Offline")] | length')"
    [ "$(json '[.[] | select(.RequestStatus == "Failed")] | length')" -le 1 ] || fail "more than one request failed"
    [ "$(json '[.[] | select(.RequestStatus == "Cleared")] | length')" -gt 0 ] || fail "no request was cleared"
    same "errors of cleared ones" 0 "$(json '[.[] | select(.RequestStatus == "Cleared" and .Error)] | length')"
}

before=$(count privkey)
stopped C_GenerateKeyPair:3
same "made before the third key" 2 "$made"
same "keys" $((before + made)) "$(count privkey)"
rm -rf state out
before=$(count privkey)
stopped C_GenerateKeyPair:40
same "made before the fortieth key" 39 "$made"
same "keys" $((before + made)) "$(count privkey)"
run 0 "${new[@]}" --json
same "left alone" "$made" "$(json '[.[] | select(.LeftAlone)] | length')"
same "the certificates" "$plan" "$(jq -c '[.[] | {Pool, Computer, Type}]' "$OUT")"
same "files" "$MANY" "$(find out -name '*.csr' | wc -l)"
has_objects $((before + MANY)) $((before + MANY)) "$(count cert)"

# Nobody reads the results: they are made all the same, and the exit code tells.
for target in closed full; do
    rm -rf state out
    code=0
    case $target in
    closed) "${new[@]}" >&- 2>"$ERR" || code=$? ;;
    full) "${new[@]}" --json >/dev/full 2>"$ERR" || code=$? ;;
    esac
    same "exit code with a $target stdout" 16 "$code"
    same "messages" 1 "$(grep -c 'results cannot be written' "$ERR")"
    same "files with a $target stdout" "$MANY" "$(find out -name '*.csr' | wc -l)"
done

# Each error says whose it is.
rm -rf state
run 13 "${new[@]}"
prints "$MANY certificates: 0 made, 0 left alone, $MANY failed"
same "errors that say whose they are" "$MANY" "$(grep -cE '^cscert: [a-z0-9.-]+ \([A-Za-z,]+\): .* is already there' "$ERR")"

# ---- large ----

for form in topology simple-urls expected; do
    generate "$form" --computers 2000 --pools 300 >"large-$form"
done
mv large-topology large.xml
mv large-simple-urls large-urls.xml
mv large-expected large.json
rm -rf state
run 0 "$CSCERT" topology import large.xml large-urls.xml --json
for what in Sites Pools Computers; do
    same "$what" "$(jq ".$what" large.json)" "$(json ".[0].Import.$what")"
done
# measure FILE COMMAND...: the run's peak of resident memory, in KiB, goes to FILE.
measure() {
    /usr/bin/python3 - "$@" <<'PYTHON'
import resource, subprocess, sys
code = subprocess.run(sys.argv[2:], stdin=subprocess.DEVNULL).returncode
with open(sys.argv[1], "w") as file:
    print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, file=file)
sys.exit(code)
PYTHON
}
limit=65536
if grep -qa __asan_init "$CSCERT"; then limit=1048576; fi # shadow memory
for form in --json --verbose; do
    run 0 measure peak "$CSCERT" plan --all "$form" --report large.html
    [ "$(<peak)" -lt "$limit" ] || fail "plan --all $form took $(<peak) KiB"
    echo "plan --all $form of 2,000 computers in 300 pools: $(<peak) KiB"
    if [ "$form" = --json ]; then
        same "certificates" "$(jq .Certificates large.json)" "$(json length)"
        same "computers" "$(jq '[.Roles[] | .Computers] | add' large.json)" "$(jq .Computers large.json)"
    fi
done
