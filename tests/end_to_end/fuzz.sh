#!/bin/sh
# Every seed and every past crasher through the fuzz targets, built as everything else is. A target is
# known by its source; one that is not built has failed.
set -eu
cd "$(dirname "$0")/../.."
names=$(find fuzz -maxdepth 1 -name '*_fuzzer.c' | sed 's|^fuzz/||; s/_fuzzer[.]c$//' | LC_ALL=C sort)
# Crashers of a target that is gone would be run by none.
for folder in fuzz/crashers/* fuzz/seeds/*/; do
    [ -d "$folder" ] || continue
    folder=${folder%/}
    if ! [ -f "fuzz/${folder##*/}_fuzzer.c" ]; then
        echo "not ok 1 - $folder belongs to no target"
        exit 1
    fi
done
# shellcheck disable=SC2086 # a list of names
exec sh fuzz/regress.sh "${BUILD:-build/release}" $names
