#!/bin/bash
# The files that are made of the option table: the manual page passes mandoc's own check, each shell
# reads its completion and completes with it, and every option is in all of them.
set -eu

source=$1
made=$2/cli
page=$made/cscert.1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
failures=0

fail()
{
    echo "FAIL: $*"
    failures=$((failures + 1))
}

for file in cscert.1 cscert.bash _cscert cscert.fish; do
    [[ -s $made/$file ]] || { echo "$made/$file is not there"; exit 1; }
done

mandoc -T lint -W warning "$page" || fail "mandoc complains"
bash -n "$made/cscert.bash" || fail "bash cannot read its completion"
zsh -n "$made/_cscert" || fail "zsh cannot read its completion"
fish -n "$made/cscert.fish" || fail "fish cannot read its completion"

# ---- every option is everywhere ----

mandoc -T ascii "$page" | sed 's/.\x08//g' > "$folder/page"
options=0
while read -r cmdlet name; do
    options=$((options + 1))
    long=$(sed -E 's/([a-z])([A-Z])/\1-\2/g' <<< "$name" | tr 'A-Z' 'a-z')
    grep -qE -- "^ +--$long( |,|\$)" "$folder/page" || fail "the page has no --$long"
    case $name in
        New | List | Retrieve | Clear) ;; # words, in cscert's own way of writing
        *)
            grep -q -- "--$long " "$made/cscert.bash" || fail "bash has no --$long"
            grep -qE -- "'\*?--$long=?\[" "$made/_cscert" || fail "zsh has no --$long"
            grep -q -- "complete -c cscert .* -l $long " "$made/cscert.fish" ||
                fail "fish has no --$long"
            ;;
    esac
    if [[ $cmdlet != 0 ]]; then
        grep -qE -- ", -$name(,|\$)" "$folder/page" || fail "the page has no -$name"
        grep -q -- "-$name " "$made/cscert.bash" || fail "bash has no -$name"
        grep -qE -- "'\*?-$name\[" "$made/_cscert" || fail "zsh has no -$name"
        grep -q -- "-o $name " "$made/cscert.fish" || fail "fish has no -$name"
    fi
done < <(tr '\n' ' ' < "$source/cli/options.def" |
    grep -oE 'CS_OPTION\([A-Z_]+, "[A-Za-z]+", "[^"]*", [A-Z]+, [A-Z0-9_]+, *[A-Z_| ]+, *([01]|CS_C_[A-Z]+)' |
    sed -E 's/^[^"]*"([A-Za-z]+)".* ([^ ]+)$/\2 \1/')
[[ $options -ge 76 ]] || fail "only $options options were found in the table"

for code in $(seq 0 17); do
    grep -qE "^ +$code \([A-Z_]+\)" "$folder/page" || fail "the page has no exit status $code"
done

# ---- bash ----

# What bash would offer for the words; the last one is being typed.
bash_offers()
{
    bash --noprofile --norc -c '
        source "$1"
        shift
        compopt() { :; } # only real while readline runs
        COMP_WORDS=("$@")
        COMP_CWORD=$(($# - 1))
        cd "$FOLDER"
        _cscert "$1"
        printf "%s\n" "${COMPREPLY[@]}"
    ' bash "$made/cscert.bash" "$@" | tr '\n' ' ' | sed 's/ $//'
}
export FOLDER=$folder
touch "$folder/request.csr"
mkdir "$folder/state"

expect_bash()
{
    local wanted=$1 offered
    shift
    offered=$(bash_offers "$@")
    [[ $offered == "$wanted" ]] || fail "bash offers \"$offered\" for \"$*\", not \"$wanted\""
}

expect_bash 'retrieve recover remove' cscert re
expect_bash 'init approve deny revoke list probe' cscert ca ''
expect_bash '--key-alg --key-size' cscert new --key
expect_bash '-KeyAlg -KeySize' cscert new -Key
expect_bash '-KeyAlg -KeySize' cscert new -key
expect_bash '--report --request-id --reply' cscert retrieve --re
expect_bash '--reason' cscert ca deny --rea
expect_bash 'import show check' cscert topology ''
expect_bash 'topology' cscert topo
expect_bash 'request.csr' cscert topology import req
expect_bash '--diff' cscert topology show --di
expect_bash 'request.csr' cscert plan --simple-urls req
expect_bash '--output --output-dir' cscert plan --output
expect_bash '' cscert list --key
expect_bash 'RSA' cscert new --key-alg r
expect_bash 'ECDH_P256 ECDH_P384 ECDH_P521' cscert new --key-alg = EC
expect_bash 'True False' cscert new -PrivateKeyExportable ''
expect_bash 'Internal' cscert new --type int
expect_bash 'Default,Internal' cscert new --type Default,int
expect_bash 'file: fd: prompt' cscert new --pin-source ''
expect_bash 'request.csr' cscert new --pin-source file : req
expect_bash 'request.csr' cscert new --output req
expect_bash 'state' cscert list --state-dir st
expect_bash '-New' Request-CsCertificate -N
expect_bash '-RequestId' Request-CsCertificate -Clear -Req
expect_bash '' Request-CsCertificate -List -Type
expect_bash '--json' Request-CsCertificate -List --j
expect_bash '-Thumbprint' Set-CsCertificate -Th
expect_bash '-Identity' Get-CsCertificate -I
expect_bash '--import-key' /usr/bin/Import-CsCertificate --imp
expect_bash 'request.csr' Import-CsCertificate req
expect_bash '-Previous' Remove-CsCertificate -Type Default -Prev
expect_bash 'Default' Remove-CsCertificate -Type def
expect_bash '--thumbprint' cscert set --th
expect_bash 'request.csr' cscert import req

# With readline, as at a keyboard: TAB completes the only candidate.
typed=$(printf 'source %q\ncscert retr\t--request-i\t7 >/dev/null # seen\nexit\n' "$made/cscert.bash" |
    script -qec "bash --noprofile --norc -i" /dev/null | tr -d '\r')
grep -q 'cscert retrieve --request-id 7' <<< "$typed" || fail "TAB does not complete in bash: $typed"

# ---- fish ----

expect_fish()
{
    local wanted=$1 line=$2 offered
    offered=$(HOME=$folder XDG_CONFIG_HOME=$folder fish --no-config -c "
        source $made/cscert.fish
        complete -C \"$line\"" | cut -f 1 | sort | tr '\n' ' ' | sed 's/ $//')
    [[ $offered == "$wanted" ]] || fail "fish offers \"$offered\" for \"$line\", not \"$wanted\""
}

expect_fish 'recover remove retrieve' 'cscert re'
expect_fish 'approve deny init list probe revoke' 'cscert ca '
expect_fish '--key-alg --key-size' 'cscert new --key'
expect_fish 'check import show' 'cscert topology '
expect_fish '--diff' 'cscert topology show --di'
expect_fish '' 'cscert list --key'
expect_fish '--reason' 'cscert ca deny --rea'
expect_fish 'ECDH_P256 ECDH_P384 ECDH_P521' 'cscert new --key-alg EC'
expect_fish '-New' 'Request-CsCertificate -New'
expect_fish '-RequestId' 'Request-CsCertificate -Clear -Requ'
expect_fish '-Thumbprint' 'Set-CsCertificate -Thu'
expect_fish '--import-key' 'Import-CsCertificate --imp'
expect_fish '' 'Get-CsCertificate -Thu'

# ---- zsh ----

# Types a line and TAB into an interactive zsh; then the line is made an argument of print, which
# shows what stands there.
cat > "$folder/tab.zsh" << 'EOF_TAB'
zmodload zsh/zpty zsh/zselect
zpty -b shell zsh -f -i
await()
{
    local part
    seen=
    repeat 400; do
        zpty -r -t shell part && seen+=$part && [[ $seen == *${~1}* ]] && return 0
        zselect -t 5
    done
    print -r -- "$1 does not come"
    exit 1
}
zpty -w shell "fpath=($1 \$fpath); autoload -U compinit; compinit -D -u; print loaded-\$((1+1))"
await loaded-2
zpty -n -w shell "$2"$'\t'
zpty -n -w shell $'\x01print -r -- \x27<\x05>\x27\r'
await $'\n<*>'
seen=${seen##*$'\n'<}
print -r -- "${seen%%>*}"
EOF_TAB

expect_zsh()
{
    local wanted=$1 line=$2 seen
    seen=$(timeout 60 zsh -f "$folder/tab.zsh" "$made" "$line" | tr -d '\r')
    [[ $seen == "$wanted" ]] || fail "zsh does not make \"$wanted\" of \"$line\": $seen"
}

expect_zsh 'cscert retrieve' 'cscert retr'
expect_zsh 'cscert ca approve' 'cscert ca app'
expect_zsh 'cscert topology import' 'cscert topology imp'
expect_zsh 'cscert new --outform' 'cscert new --outf'
expect_zsh 'cscert new --key-alg=RSA' 'cscert new --key-alg=R'
expect_zsh 'Request-CsCertificate -Retrieve' 'Request-CsCertificate -Ret'
expect_zsh 'Set-CsCertificate -Thumbprint' 'Set-CsCertificate -Thu'
expect_zsh 'Remove-CsCertificate -Previous' 'Remove-CsCertificate -Prev'

[[ $failures == 0 ]] && echo "$options options, page and completions: fine"
exit $((failures > 0))
