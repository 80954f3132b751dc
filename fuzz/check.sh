#!/bin/bash
# check.sh OUT [NAME...]: what OSS-Fuzz checks of a build, on a folder of collect.sh. Each target
#   - runs from an empty folder on an empty input, and on all its seeds, without a leak;
#   - is instrumented: it has the engine's counters, its seeds cover more than one edge, and it calls the runtime
#     of $SANITIZER (address, memory, undefined; unset: not looked at) as often as OSS-Fuzz wants;
#   - needs no library besides those of C and C++;
#   - has a seed archive that unpacks, and a dictionary and options that libFuzzer accepts.
# Prints TAP, one line for each target; no target at all is a failure. The engine is libFuzzer, or AFL++ where
# the program has its runtime. CHECK_SHARED=no permits shared libraries, CHECK_LEAKS=no looks for no leaks,
# CHECK_WITH is a command that runs programs, such as an emulator.
set -u
if [ "${1:-}" = --help ] || [ $# = 0 ]; then
    sed -n '2,11s/^# //p' "$0"
    [ "${1:-}" = --help ]
    exit
fi
out=$(cd "$1" && pwd) || exit
shift
# shellcheck disable=SC2046 # a list of names
[ $# -gt 0 ] || set -- $(cd "$out" && ls | sed -n 's/_fuzzer$//p')
leaks=1
if [ "${CHECK_LEAKS:-yes}" = no ]; then leaks=0; fi
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
    for library in $(readelf -dW "$program" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p'); do
        case $library in
        libc.so.* | libm.so.* | libstdc++.so.* | libgcc_s.so.* | libdl.so.* | libpthread.so.* | librt.so.* | \
            libresolv.so.* | ld-linux*) ;;
        *) [ "${CHECK_SHARED:-yes}" = no ] || fails "needs $library" ;;
        esac
    done
    readelf -SW "$program" | grep -Eq '__sancov_(cntrs|guards)' || fails 'has no counters: it is not instrumented'
}

# OSS-Fuzz takes a program with fewer calls for one whose libraries are not instrumented. Of the undefined sanitizer
# it wants 168, of which the runtime in the base image has 165 of its own, and Debian's 4.
check_sanitizer() {
    local runtime fewest calls
    case ${SANITIZER:-} in
    address) runtime=asan fewest=1000 ;;
    memory) runtime=msan fewest=1000 ;;
    undefined) runtime=ubsan fewest=8 ;;
    *) return ;;
    esac
    calls=$(objdump -d "$program" | grep -Ec "call +[0-9a-f]+ <__$runtime")
    [ "$calls" -ge $fewest ] || fails "calls the runtime of the $SANITIZER sanitizer $calls times, not $fewest"
}

# Its output goes to $scratch/log.
# shellcheck disable=SC2086 # CHECK_WITH is words
run() {
    (cd "$scratch/empty" && ASAN_OPTIONS=detect_leaks=$leaks:allocator_may_return_null=0 \
        UBSAN_OPTIONS=silence_unsigned_overflow=1 timeout 300 ${CHECK_WITH:-} "$@") >"$scratch/log" 2>&1
}

# Runs the seeds, and sets `edges` to the number of edges that they cover.
run_seeds() {
    if [ $engine = afl ]; then
        run "$program" "$scratch"/seeds/* || return
        run afl-showmap -q -m none -t 60000 -C -i "$scratch/seeds" -o "$scratch/map" -- "$program"
        edges=$(wc -l <"$scratch/map")
    else
        run "$program" -runs=0 -rss_limit_mb=2560 $options "$scratch/seeds" || return
        edges=$(sed -n 's/^#[0-9]*[[:space:]]*\(INITED\|DONE\).* cov: \([0-9]*\).*/\2/p' "$scratch/log" | tail -n 1)
    fi
}

check_runs() {
    local edges=''
    : >"$scratch/empty_input"
    run "$program" "$scratch/empty_input" || fails "fails on an empty input: $(tail -n 3 "$scratch/log")"
    mkdir -p "$scratch/seeds"
    unzip -q -o "$out/${name}_fuzzer_seed_corpus.zip" -d "$scratch/seeds" 2>"$scratch/log" ||
        fails "has no seed archive that unpacks: $(tail -n 1 "$scratch/log")"
    run_seeds || fails "fails on its seeds: $(tail -n 3 "$scratch/log")"
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
    engine=libfuzzer
    if nm "$program" | grep -q ' __afl_area_ptr$'; then engine=afl; fi
    rm -rf "$scratch/empty" "$scratch/seeds"
    mkdir "$scratch/empty"
    check_program
    check_sanitizer
    check_options
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
