#!/bin/sh
# regress.sh BUILD NAME...: runs each fuzz target, built with the replaying main, on all its seeds and
# all files of fuzz/crashers/NAME. Prints TAP, one line for a target.
set -eu
if [ "${1:-}" = --help ] || [ $# -lt 2 ]; then
    sed -n '2,3s/^# //p' "$0"
    [ "${1:-}" = --help ]
    exit
fi
build=$1
shift
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
number=0
status=0
echo "1..$#"
for name in "$@"; do
    number=$((number + 1))
    if sh fuzz/seeds.sh "$build" "$name" "$scratch/seeds" >"$scratch/log" 2>&1 &&
        REPLAY_NAMES=1 timeout 120 "$build/fuzz/${name}_fuzzer" "$scratch/seeds" >"$scratch/counts" 2>"$scratch/log"; then
        echo "ok $number - $name: $(tail -n 1 "$scratch/counts")"
    else
        echo "not ok $number - $name"
        # The last file named is the one.
        grep "^$scratch/seeds/" "$scratch/log" | tail -n 1 | sed 's|.*/|# |'
        grep -v "^$scratch/seeds/" "$scratch/log" | head -n 30 | sed 's/^/# /'
        status=1
    fi
    rm -rf "$scratch/seeds"
done
exit $status
