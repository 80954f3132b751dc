#!/bin/sh
# coverage.sh BUILD OUT NAME...: line coverage of the fuzz targets, built with CONFIG=fuzz-coverage, by
# their seeds, crashers and the corpora of make fuzz (build/fuzz/corpus). Prints the files of imgcore
# and the services with their lines, those covered, and the numbers of the others; OUT/index.html is the
# same as a page. Fails if a target crashes.
set -eu
if [ "${1:-}" = --help ] || [ $# -lt 3 ]; then
    sed -n '2,5s/^# //p' "$0"
    [ "${1:-}" = --help ]
    exit
fi
# shellcheck source=tests/support/llvm_cov.sh
. "$(dirname "$0")/../tests/support/llvm_cov.sh"
build=$1
out=$2
shift 2
profiles=$(mktemp -d)
trap 'rm -rf "$profiles"' EXIT
objects=''
for name in "$@"; do
    # The programs that make seeds are built with counters as well.
    LLVM_PROFILE_FILE=/dev/null sh fuzz/seeds.sh "$build" "$name" "$profiles/seeds"
    corpus=build/fuzz/corpus/$name
    set -- "$profiles/seeds"
    if [ -d "$corpus" ]; then set -- "$@" "$corpus"; fi
    LLVM_PROFILE_FILE="$profiles/$name.profraw" "$build/fuzz/${name}_fuzzer" "$@" >"$profiles/log" 2>&1 || {
        tail -n 20 "$profiles/log" >&2
        echo "coverage: $name fails" >&2
        exit 1
    }
    rm -rf "$profiles/seeds"
    objects="$objects -object $build/fuzz/${name}_fuzzer"
done
llvm_merge "$profiles"
mkdir -p "$out"
# shellcheck disable=SC2086 # a list of options
llvm_cov show "$profiles" $objects -format=html -output-dir="$out" >/dev/null
# shellcheck disable=SC2086
llvm_cov export "$profiles" $objects -format=lcov >"$out/lcov.info"
awk -v here="$PWD/" '
    /^SF:/ { file = substr($0, 4); sub(here, "", file); first = last = 0; missed = ""; hit = total = 0 }
    /^DA:/ {
        split(substr($0, 4), part, ",")
        total++
        if (part[2] > 0) { hit++; next }
        # A range of lines that are not covered; lines without code are inside.
        if (last && part[1] <= last + 1) { last = part[1]; next }
        close_range()
        first = last = part[1]
    }
    function close_range() {
        if (first) missed = missed " " (first == last ? first : first "-" last)
    }
    /^end_of_record/ {
        close_range()
        if (hit) {
            lines[file] = sprintf("%5d of %5d  %5.1f %%  %s", hit, total, 100 * hit / total, file)
            if (missed != "") lines[file] = lines[file] "@       not covered:" missed
            all_hit += hit; all_total += total
            module = file
            sub("/[^/]*$", "", module)
            module_hit[module] += hit; module_total[module] += total
        } else unreached[file] = 1
    }
    END {
        sorted = "sort | sed \"s/^[^|]*|//; s/@/\\n/\""
        for (file in lines) print file "|" lines[file] | sorted
        close(sorted)
        print ""
        for (module in module_hit)
            printf "%5d of %5d  %5.1f %%  %s\n", module_hit[module], module_total[module],
                100 * module_hit[module] / module_total[module], module | "sort -k 6"
        close("sort -k 6")
        print "\nnot reached by any target:"
        for (file in unreached) print "  " file | "sort"
        close("sort")
        if (!all_total) exit 1
        printf "\n%d of %d lines of the files reached, %.1f %%\n", all_hit, all_total, 100 * all_hit / all_total
    }' "$out/lcov.info" | tee "$out/coverage.txt"
echo "Look at $out/index.html"
