#!/bin/sh
# collect.sh BUILD OUT [NAME...]: puts the fuzz targets of a build folder (all, or these) into OUT as
# OSS-Fuzz wants them: NAME_fuzzer, NAME_fuzzer_seed_corpus.zip, NAME_fuzzer.dict, NAME_fuzzer.options.
set -eu
if [ "${1:-}" = --help ] || [ $# -lt 2 ]; then
    sed -n '2,3s/^# //p' "$0"
    [ "${1:-}" = --help ]
    exit
fi
cd "$(dirname "$0")/.."
build=$1
mkdir -p "$2"
out=$(cd "$2" && pwd)
shift 2
# shellcheck disable=SC2046 # a list of names
[ $# -gt 0 ] || set -- $(ls "$build/fuzz" | sed -n 's/_fuzzer$//p')
seeds=$(mktemp -d)
trap 'rm -rf "$seeds"' EXIT
for name in "$@"; do
    cp "$build/fuzz/${name}_fuzzer" "$out"
    if [ -f "fuzz/dictionaries/$name.dict" ]; then cp "fuzz/dictionaries/$name.dict" "$out/${name}_fuzzer.dict"; fi
    if [ -f "fuzz/${name}_fuzzer.options" ]; then cp "fuzz/${name}_fuzzer.options" "$out"; fi
    sh fuzz/seeds.sh "$build" "$name" "$seeds/$name"
    rm -f "$out/${name}_fuzzer_seed_corpus.zip"
    (cd "$seeds/$name" && find . -type f | LC_ALL=C sort | zip -q -X "$out/${name}_fuzzer_seed_corpus.zip" -@)
done
