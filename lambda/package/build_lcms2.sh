# Little CMS, without its tools. Run by sysroot.sh in the source's folder, with CC, CFLAGS, root and
# triple set.
# shellcheck shell=sh disable=SC2154,SC2086 # set by sysroot.sh; lists of words
mkdir objects
printf '%s\n' src/*.c | xargs -P 2 -I FILE sh -c \
    "$CC $CFLAGS -DHAVE_GMTIME_R -Iinclude -Isrc -c FILE -o objects/\$(basename FILE .c).o"
"$triple-ar" rcs "$root/usr/lib/$triple/liblcms2.a" objects/*.o
cp include/lcms2.h include/lcms2_plugin.h "$root/usr/include"
version=$(sed -n 's/^#define LCMS_VERSION *\([0-9]\)\([0-9][0-9]\).*/\1.\2/p' include/lcms2.h)
[ -n "$version" ]
cat >"$root/usr/lib/$triple/pkgconfig/lcms2.pc" <<EOF
Name: lcms2
Description: Little CMS, static
Version: $version
Libs: -llcms2 -lm
EOF
