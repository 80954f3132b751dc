#!/bin/sh
# Builds imgcore and its tests for another machine or with another library, and runs them: build.sh KIND
#   s390x   big-endian
#   armhf   32-bit
#   jpeg3   libjpeg-turbo 3 instead of Debian 12's 2.1
#   musl    musl instead of glibc, linked statically
# s390x and armhf run under qemu. Ends with the counts of run_tests.sh. BUILD_TESTS: the programs to run, without the
# build folder, separated by blanks (make sets it).
set -eu
if [ "${1:-}" = --help ] || [ $# != 1 ]; then
    sed -n '2,8s/^# //p' "$0"
    [ "${1:-}" = --help ]
    exit
fi
kind=$1
folder=build/other/$kind
root=$folder/root
programs=''
for program in $BUILD_TESTS; do programs="$programs $folder/build/$program"; done

# pkg_config VARIABLE=VALUE...: the pkg-config of the build, as the Makefile calls it.
pkg_config() {
    { echo '#!/bin/sh'; printf 'export %s\n' "$@"; echo 'exec pkg-config "$@"'; } >"$folder/pkg-config"
    chmod +x "$folder/pkg-config"
}

# build VARIABLES: the programs.
build() {
    # shellcheck disable=SC2086 # a list of words
    make --no-print-directory CONFIG=release O="$folder/build" PKG_CONFIG="$folder/pkg-config" "$@" $programs
}

# for_machine TRIPLE EMULATOR: another machine's, under qemu.
for_machine() {
    sh tests/builds/root.sh "$kind" "$folder"
    pkg_config "PKG_CONFIG_SYSROOT_DIR='$root'" "PKG_CONFIG_LIBDIR='$root/usr/lib/$1/pkgconfig:$root/usr/share/pkgconfig'"
    build CC="$1-gcc --sysroot=$root" CXX="$1-g++ --sysroot=$root" \
        LDFLAGS="-B$root/usr/lib/$1 -Wl,-rpath-link=$root/lib/$1 -Wl,-rpath-link=$root/usr/lib/$1"
    export QEMU_LD_PREFIX="$root" RUN_WITH="$2"
    # Limits of time are for programs that are not emulated.
    export TEST_SLOWLY=1
}

case $kind in
s390x) for_machine s390x-linux-gnu qemu-s390x-static ;;
armhf) for_machine arm-linux-gnueabihf qemu-arm-static ;;
jpeg3)
    sh tests/builds/jpeg3.sh "$folder"
    pkg_config "PKG_CONFIG_PATH='$root/lib/pkgconfig'"
    build
    # Each that reads or writes a JPEG has the library in it.
    grep -q 'libjpeg-turbo version 3' "$folder/build/tests/imgcore/test_jpeg" || {
        echo 'build: test_jpeg is not linked with libjpeg-turbo 3' >&2
        exit 1
    }
    ;;
musl)
    sh tests/builds/musl.sh "$folder"
    pkg_config "PKG_CONFIG_LIBDIR='$root/usr/lib/$(gcc -dumpmachine)/pkgconfig'"
    # No versions are checked: those of the services' libraries are not there.
    build CC="$folder/cc" CXX="$folder/cxx" LDFLAGS=-static LIBRARY_VERSIONS=
    if readelf -l "$folder/build/tests/imgcore/test_jpeg" | grep -q INTERP; then
        echo 'build: test_jpeg is not linked statically with musl' >&2
        exit 1
    fi
    ;;
*)
    echo "build: no build is called $kind" >&2
    exit 2
    ;;
esac

export BUILD="$folder/build" CONFIG="$kind" TEST_TIMES="$folder/times"
# shellcheck disable=SC2086 # a list of words
exec sh tests/support/run_tests.sh $programs
