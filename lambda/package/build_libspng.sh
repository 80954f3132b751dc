# libspng, one file. Run by sysroot.sh in the source's folder, with CC, CFLAGS, root and triple set.
# shellcheck shell=sh disable=SC2154,SC2086 # set by sysroot.sh; lists of words
$CC $CFLAGS -DSPNG_STATIC -c spng/spng.c -o spng.o
"$triple-ar" rcs "$root/usr/lib/$triple/libspng.a" spng.o
cp spng/spng.h "$root/usr/include"
version=$(sed -n "s/.*version *: *'\([0-9.]*\)'.*/\1/p" meson.build | head -n 1)
[ -n "$version" ]
cat >"$root/usr/lib/$triple/pkgconfig/spng.pc" <<EOF
Name: spng
Description: PNG, static
Version: $version
Requires: zlib
Cflags: -DSPNG_STATIC
Libs: -lspng -lm
EOF
