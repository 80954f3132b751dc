#!/bin/bash
# check.sh OUT [NAME...]: what OSS-Fuzz checks of a build, on a folder of collect.sh. Each target
#   - runs from an empty folder on an empty input, and on all its seeds, without a leak;
#   - is instrumented: it has libFuzzer's counters, and its seeds cover more than one edge;
#   - needs no library besides those of C and C++;
#   - has a seed archive that unpacks, and a dictionary and options that libFuzzer accepts.
# Prints TAP, one line for each target; no target at all is a failure. CHECK_SHARED=no permits shared libraries.
set -u
if [ "${1:-}" = --help ] || [ $# = 0 ]; then
    sed -n '2,7s/^# //p' "$0"
    [ "${1:-}" = --help ]
    exit
fi
out=$(cd "$1" && pwd) || exit
shift
# shellcheck disable=SC2046 # a list of names
[ $# -gt 0 ] || set -- $(cd "$out" && ls | sed -n 's/_fuzzer$//p')
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
number=0
failures=0

# fails REASON: adds a fault of the current target.
fails() {
    faults="$faults$1"$'\n'
}

check_program() {
    local library
    # Static libraries alone, so that it runs on a machine that has nothing.
    for library in $(ldd "$program" | sed -n 's/^[[:space:]]*\([^ ]*\) => .*/\1/p'); do
        case $library in
        libc.so.* | libm.so.* | libstdc++.so.* | libgcc_s.so.* | libdl.so.* | libpthread.so.* | librt.so.* | \
            libresolv.so.* | linux-vdso.so.* | linux-gate.so.*) ;;
        *) [ "${CHECK_SHARED:-yes}" = no ] || fails "needs $library" ;;
        esac
    done
    readelf -SW "$program" | grep -Eq '__sancov_(cntrs|guards)' || fails 'has no counters: it is not instrumented'
}

# Its output goes to $scratch/log.
run() {
    (cd "$scratch/empty" && ASAN_OPTIONS=detect_leaks=1:allocator_may_return_null=0 timeout 300 "$program" "$@") >"$scratch/log" 2>&1
}

check_runs() {
    local edges
    : >"$scratch/empty_input"
    run "$scratch/empty_input" || fails "fails on an empty input: $(tail -n 3 "$scratch/log")"
    mkdir -p "$scratch/seeds"
    unzip -q -o "$out/${name}_fuzzer_seed_corpus.zip" -d "$scratch/seeds" 2>"$scratch/log" ||
        fails "has no seed archive that unpacks: $(tail -n 1 "$scratch/log")"
    run -runs=0 -rss_limit_mb=2560 $options "$scratch/seeds" || fails "fails on its seeds: $(tail -n 3 "$scratch/log")"
    edges=$(sed -n 's/^#[0-9]*[[:space:]]*\(INITED\|DONE\).* cov: \([0-9]*\).*/\2/p' "$scratch/log" | tail -n 1)
    [ "${edges:-0}" -gt 1 ] || fails "its seeds cover ${edges:-no} edges"
    [ -z "$(ls -A "$scratch/empty")" ] || fails 'writes files'
}

# A dictionary with a mistake ends libFuzzer.
check_options() {
    options=''
    if [ -f "$out/${name}_fuzzer.options" ]; then
        if grep -Ev '^(\[(libfuzzer|asan|msan|ubsan|env)\]|[a-z_]+ *= *[^ ].*|#.*|)$' "$out/${name}_fuzzer.options" >"$scratch/log"; then
            fails "has options that do not parse: $(cat "$scratch/log")"
        fi
        options=$(sed -n '/^\[libfuzzer\]/,/^\[[^l]/{/^dict/d;s/^\([a-z_]*\) *= *\(.*\)$/-\1=\2/p;}' "$out/${name}_fuzzer.options")
        local dictionary
        dictionary=$(sed -n 's/^dict *= *//p' "$out/${name}_fuzzer.options")
        [ -z "$dictionary" ] || [ -f "$out/$dictionary" ] || fails "its options name $dictionary, which is not there"
    fi
    if [ -f "$out/${name}_fuzzer.dict" ]; then options="$options -dict=$out/${name}_fuzzer.dict"; fi
}

echo "1..$#"
for name in "$@"; do
    number=$((number + 1))
    faults=''
    program=$out/${name}_fuzzer
    rm -rf "$scratch/empty" "$scratch/seeds"
    mkdir "$scratch/empty"
    check_program
    check_options
    # With another engine than libFuzzer there are no counts to read.
    check_runs
    if [ -z "$faults" ]; then
        echo "ok $number - $name"
    else
        echo "not ok $number - $name"
        printf '%s' "$faults" | sed 's/^/# /'
        failures=$((failures + 1))
    fi
done
[ $# -gt 0 ] && [ $failures = 0 ]
