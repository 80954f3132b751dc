#!/bin/sh
# coverage.sh PROFILES OUT PROGRAM...: the lines and branches that programs built with CONFIG=coverage reached, by
# the folder of the source, from the counters in PROFILES/*.profraw; OUT/index.html has each line. Children that
# end by _exit or a signal write no counters.
set -eu
if [ "${1:-}" = --help ] || [ $# -lt 3 ]; then
    sed -n '2,4s/^# //p' "$0"
    [ "${1:-}" = --help ]
    exit
fi
# shellcheck source=tests/support/llvm_cov.sh
. "$(dirname "$0")/llvm_cov.sh"
profiles=$1
out=$2
shift 2
mkdir -p "$out"
objects=''
for program in "$@"; do objects="$objects -object $program"; done
llvm_merge "$profiles"
# shellcheck disable=SC2086 # a list of options
llvm_cov show "$profiles" $objects -format=html -output-dir="$out" >/dev/null
# shellcheck disable=SC2086
llvm_cov export "$profiles" $objects -summary-only >"$out/summary.json"
jq -r --arg here "$PWD/" '
    def share(name): (map(.summary[name].covered) | add) as $hit | (map(.summary[name].count) | add) as $all |
        "\($hit) of \($all)\t\(if $all > 0 then $hit * 1000 / $all | floor / 10 else 100 end) %";
    [.data[0].files[] | .folder = (.filename | ltrimstr($here) | sub("/[^/]*$"; ""))] |
    (["", "lines", "", "branches", ""], (group_by(.folder)[] | [.[0].folder, share("lines"), share("branches")]),
        ["together", share("lines"), share("branches")]) | join("\t")
    ' "$out/summary.json" | awk -F '\t' '{ printf "%-28s %17s %7s %17s %7s\n", $1, $2, $3, $4, $5 }' | tee "$out/coverage.txt"
echo "Look at $out/index.html"
