#!/bin/sh
# seeds.sh BUILD NAME FOLDER: puts a target's seeds into FOLDER, anew: those that its program makes, the
# files of fuzz/seeds/NAME and those of fuzz/crashers/NAME. Fails if there are none.
set -eu
if [ "${1:-}" = --help ] || [ $# != 3 ]; then
    sed -n '2,3s/^# //p' "$0"
    [ "${1:-}" = --help ]
    exit
fi
rm -rf "$3"
mkdir -p "$3"
# CHECK_WITH: a command that runs programs, as in check.sh.
# shellcheck disable=SC2086 # a command and its options
if [ -x "$1/fuzz/seeds/$2_seeds" ]; then ${CHECK_WITH:-} "$1/fuzz/seeds/$2_seeds" "$3"; fi
for kind in seeds crashers; do
    for file in "fuzz/$kind/$2"/*; do
        if [ -f "$file" ]; then cp "$file" "$3/$kind-${file##*/}"; fi
    done
done
if [ -z "$(ls "$3")" ]; then
    echo "fuzz: $2 has no seed" >&2
    exit 1
fi
