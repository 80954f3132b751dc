# Only ISA-L's igzip and the checksums it uses. Run by sysroot.sh in the source's folder, with CC,
# CFLAGS, root and triple set. x86 needs nasm.
# shellcheck shell=sh disable=SC2154 # set by sysroot.sh
cpu=${triple%%-*}
make -f Makefile.unx host_cpu="$cpu" units='mem crc igzip' CC="$CC $CFLAGS" AR="$triple-ar" \
    STRIP="$triple-strip" lib
cp bin/isa-l.a "$root/usr/lib/$triple/libisal.a"
mkdir -p "$root/usr/include/isa-l"
cp include/*.h "$root/usr/include/isa-l"
version=$(sed -n 's/^ *\[\([0-9]*\.[0-9]*\.[0-9]*\)\],$/\1/p' configure.ac | head -n 1)
[ -n "$version" ]
cat >"$root/usr/lib/$triple/pkgconfig/libisal.pc" <<EOF
Name: libisal
Description: igzip, static
Version: $version
Libs: -lisal
EOF
