#!/bin/sh
# again.sh ARCH...: shows that the zips do not depend on when and where they are built. Copies the tree into two new
# folders, one with a blank in its name, runs `make package` in each, from nothing, and compares
# every zip, bill of materials and program. With KEEP_SYSROOTS=1 the sysroots of this tree are copied
# (they take minutes), else they are made anew as well.
set -eu
if [ "${1:-}" = --help ] || [ $# = 0 ]; then
    sed -n '2,5s/^# //p' "$0"
    [ "${1:-}" = --help ]
    exit
fi
cd "$(dirname "$0")/../.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
first=$work/a
second="$work/another folder/tree"

for tree in "$first" "$second"; do
    mkdir -p "$tree"
    tar -c --exclude=./build --exclude=./.git . | tar -x -C "$tree"
    if [ "${KEEP_SYSROOTS:-}" = 1 ]; then
        for arch in "$@"; do
            mkdir -p "$tree/build/package/$arch"
            for part in sysroot stamps components; do
                cp -a "build/package/$arch/$part" "$tree/build/package/$arch"
            done
            cp -a "build/package/$arch/pkg-config" "$tree/build/package/$arch"
        done
    fi
    (
        unset MAKEFLAGS MFLAGS MAKELEVEL
        make -C "$tree" --no-print-directory package ARCHES="$*" >"$work/log" 2>&1
    ) || {
        tail -n 30 "$work/log" >&2
        exit 1
    }
done

compared=0
status=0
for arch in "$@"; do
    for file in "$first/build/package/$arch"/*.zip "$first/build/package/$arch"/*.cdx.json; do
        other=$second/build/package/$arch/${file##*/}
        compared=$((compared + 1))
        if ! cmp "$file" "$other"; then status=1; fi
    done
    # No more and no fewer files.
    cmp "$first/build/package/$arch/SHA256SUMS" "$second/build/package/$arch/SHA256SUMS" || status=1
    cat "$first/build/package/$arch/SHA256SUMS"
done
echo "$compared files, built twice in different folders: $([ $status = 0 ] && echo the same || echo DIFFERENT)"
[ "$compared" -gt 0 ] || status=1
exit $status
