#!/bin/sh
# Makes FOLDER/root with what imgcore and its tests need, built statically against musl from Debian 12's source
# packages, and FOLDER/cc and FOLDER/cxx, the compilers to use: musl.sh FOLDER. Quick and offline when it is complete.
set -eu
if [ "${1:-}" = --help ] || [ $# != 1 ]; then
    sed -n '2,3s/^# //p' "$0"
    [ "${1:-}" = --help ]
    exit
fi
here=$PWD
arch=$(dpkg --print-architecture)
triple=$(gcc -dumpmachine)
mkdir -p "$1"
folder=$(cd "$1" && pwd)
. tests/builds/apt.sh

stamp=$(cat "$0" tests/builds/apt.sh .ci/apt.sh lambda/package/build_libisal.sh lambda/package/build_lcms2.sh \
    lambda/package/build_libspng.sh | sha256sum)
if [ "$(cat "$folder/complete" 2>/dev/null)" = "$stamp" ]; then exit 0; fi
rm -rf "$folder"
root=$folder/root
lib=$root/usr/lib/$triple
mkdir -p "$folder/source" "$lib/pkgconfig" "$root/usr/include"

# As Debian's musl-gcc, whose headers and files to begin and end a program with are musl's. There is no C++ library
# for musl: of GCC's own the kernels take headers alone, one of which asks for glibc's version.
{ echo '#!/bin/sh'; echo 'exec musl-gcc "$@"'; } >"$folder/cc"
version=$(gcc -dumpversion)
cat >"$folder/cxx" <<EOF
#!/bin/sh
exec g++ -nostdinc -nostdinc++ -isystem /usr/include/c++/$version -isystem /usr/include/$triple/c++/$version \\
    -isystem /usr/include/${triple%-gnu*}-musl -isystem $(gcc -print-file-name=include) '-D__GLIBC_PREREQ(major,minor)=0' "\$@"
EOF
chmod +x "$folder/cc" "$folder/cxx"

# The kernel's, for system calls.
cp -r /usr/include/linux /usr/include/asm-generic "/usr/include/$triple/asm" "$root/usr/include"

export CC="$folder/cc" CFLAGS="-O2 -fPIC -w -I$root/usr/include" root triple

# archive NAME SOURCE...: compiles in the current folder.
archive() {
    name=$1
    shift
    mkdir -p objects
    for source in "$@"; do
        # shellcheck disable=SC2086 # a list of flags
        quietly "$CC" $CFLAGS -c "$source" -o "objects/$(echo "$source" | tr / _).o"
    done
    "$triple-ar" rcs "$lib/lib$name.a" objects/*.o
}

# package NAME VERSION LIBS [REQUIRES]: its .pc file.
package() {
    printf 'Name: %s\nDescription: %s, static\nVersion: %s\nLibs: %s\nRequires: %s\n' "$1" "$1" "$2" "$3" "${4:-}" \
        >"$lib/pkgconfig/$1.pc"
}

with_cmake() {
    quietly cmake -S . -B build -DCMAKE_C_COMPILER="$CC" -DCMAKE_BUILD_TYPE=Release -DCMAKE_INSTALL_PREFIX="$root/usr" \
        -DCMAKE_INSTALL_LIBDIR="$lib" -DCMAKE_POSITION_INDEPENDENT_CODE=1 "$@"
    quietly cmake --build build --parallel "$(nproc)"
    quietly cmake --install build
}

build_zlib() {
    quietly ./configure --static --prefix="$root/usr" --libdir="$lib"
    quietly make install
}

build_libdeflate() {
    # The folders of CPUs have only intrinsics, chosen at run time.
    CFLAGS="$CFLAGS -I." archive deflate lib/*.c lib/*/cpu_features.c
    cp libdeflate.h "$root/usr/include"
    package libdeflate "$(sed -n 's/^#define LIBDEFLATE_VERSION_STRING[^"]*"\(.*\)"/\1/p' libdeflate.h)" -ldeflate
}

build_libjpeg_turbo() {
    with_cmake -DENABLE_SHARED=0 -DWITH_TURBOJPEG=0
}

build_libpng1_6() {
    cp scripts/pnglibconf.h.prebuilt pnglibconf.h
    CFLAGS="$CFLAGS -DPNG_INTEL_SSE_OPT=0 -DPNG_ARM_NEON_OPT=0" archive png png.c pngerror.c pngget.c pngmem.c pngpread.c \
        pngread.c pngrio.c pngrtran.c pngrutil.c pngset.c pngtrans.c pngwio.c pngwrite.c pngwtran.c pngwutil.c
    cp png.h pngconf.h pnglibconf.h "$root/usr/include"
    package libpng "$(sed -n 's/^#define PNG_LIBPNG_VER_STRING "\(.*\)"/\1/p' png.h)" '-lpng -lm' zlib
}

build_cmocka() {
    with_cmake -DWITH_STATIC_LIB=ON -DWITH_EXAMPLES=OFF -DUNIT_TESTING=OFF
    rm "$lib"/libcmocka.so*
    mv "$lib/libcmocka-static.a" "$lib/libcmocka.a"
    package cmocka "$(sed -n 's/^project(cmocka VERSION \([0-9.]*\).*/\1/p' CMakeLists.txt)" -lcmocka
}

build_highway() {
    cp -r hwy "$root/usr/include"
    package libhwy "$(sed -n 's/^#define HWY_\(MAJOR\|MINOR\|PATCH\) //p' hwy/base.h hwy/highway.h | head -n 3 | paste -sd.)" ''
}

# Those that the packages of the functions are built with.
build_libisal() { quietly sh -eu "$here/lambda/package/build_libisal.sh"; }
build_lcms2() { quietly sh -eu "$here/lambda/package/build_lcms2.sh"; }
build_libspng() { quietly sh -eu "$here/lambda/package/build_libspng.sh"; }

prepare_apt bookworm
cd "$folder/source"
for name in zlib libdeflate libjpeg-turbo libpng1.6 lcms2 libspng libisal highway cmocka; do
    with_state source --only-source "$name"
    (
        cd "$(find . -mindepth 1 -maxdepth 1 -type d)"
        "build_$(echo "$name" | tr .- __)"
    )
    rm -rf ./*
done
rm -rf "$folder/apt" "$folder/source"
echo "$stamp" >"$folder/complete"
