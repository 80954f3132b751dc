#!/bin/bash
# local.sh SANITIZER ARCHITECTURE ENGINE NAME...: runs build.sh on this machine in the shape of OSS-Fuzz's base
# image (its variables and flags, with Debian's clang and libstdc++ instead of its own clang and libc++),
# then fuzz/check.sh on the result. SANITIZER is address, undefined or memory; ARCHITECTURE is x86_64 or
# i386, with the address sanitizer alone; ENGINE is libfuzzer or afl. Sources and results are in build/oss-fuzz.
set -eu
if [ "${1:-}" = --help ] || [ $# -lt 4 ]; then
    sed -n '2,5s/^# //p' "$0"
    [ "${1:-}" = --help ]
    exit
fi
cd "$(dirname "$0")/../.."
work=$PWD/build/oss-fuzz
export SANITIZER=$1 ARCHITECTURE=$2 FUZZING_ENGINE=$3
shift 3
export FUZZ_TARGETS="$*"
# As the base image has them (infra/base-images/base-clang and base-builder of OSS-Fuzz).
flags='-O1 -fno-omit-frame-pointer -gline-tables-only -DFUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION'
undefined=array-bounds,bool,builtin,enum,function,integer-divide-by-zero,null,object-size,return,returns-nonnull-attribute,shift,signed-integer-overflow,unreachable,vla-bound,vptr
export UBSAN_OPTIONS=silence_unsigned_overflow=1
case $SANITIZER in
address) flags="$flags -fsanitize=address -fsanitize-address-use-after-scope" ;;
undefined) flags="$flags -fsanitize=$undefined,unsigned-integer-overflow -fno-sanitize-recover=$undefined" ;;
memory) flags="$flags -fsanitize=memory -fsanitize-memory-track-origins" ;;
*)
    echo "local: no sanitizer is called $SANITIZER" >&2
    exit 2
    ;;
esac
export CC=clang CXX=clang++
case $FUZZING_ENGINE in
libfuzzer)
    export LIB_FUZZING_ENGINE=-fsanitize=fuzzer
    flags="$flags -fsanitize=fuzzer-no-link"
    ;;
afl)
    sh .ci/packages afl
    export CC=afl-clang-fast CXX=afl-clang-fast++ LIB_FUZZING_ENGINE=/usr/lib/afl/libAFLDriver.a AFL_QUIET=1
    # Programs that a build runs, as configure does.
    export ASAN_OPTIONS=detect_leaks=0:symbolize=0:detect_odr_violation=0:abort_on_error=1
    ;;
*)
    echo "local: no engine is called $FUZZING_ENGINE" >&2
    exit 2
    ;;
esac
case $ARCHITECTURE in
x86_64) ;;
i386)
    # What the base image has as libc6-dev-i386, which would remove cross compilers here.
    sh .ci/packages arm64
    sh tests/builds/root.sh i386 "$work/i386" libc6-dev libgcc-12-dev libstdc++-12-dev
    root=$work/i386/root
    # Debian's clang takes an older CPU than the one that clang itself takes for 32 bits.
    flags="-m32 -march=pentium4 --sysroot=$root $flags"
    # A kernel need not run programs of 32 bits. Under the emulator a search for leaks never ends: it waits for a
    # thread whose clone() the emulator refuses.
    export CHECK_WITH="$root/lib/ld-linux.so.2 --library-path $root/lib/i386-linux-gnu:$root/usr/lib/i386-linux-gnu"
    if ! $CHECK_WITH --version >/dev/null 2>&1; then
        export CHECK_WITH="qemu-i386-static -L $root" CHECK_LEAKS=no ASAN_OPTIONS=detect_leaks=0
    fi
    ;;
*)
    echo "local: no architecture is called $ARCHITECTURE" >&2
    exit 2
    ;;
esac
export CFLAGS=$flags CXXFLAGS=$flags
folder=$work/$SANITIZER-$ARCHITECTURE-$FUZZING_ENGINE
export SRC=$work/src WORK=$folder/work OUT=$folder/out
export CHECKS=$work/$ARCHITECTURE-checks
mkdir -p "$WORK" "$OUT" "$CHECKS"
unset MAKEFLAGS
sh fuzz/oss-fuzz/sources.sh "$SRC" zlib libdeflate libjpeg-turbo lcms2 libspng libpng isa-l highway json-c openssl curl mariadb
ln -sfn "$PWD" "$SRC/imgcore"
bash -eu "$SRC/imgcore/fuzz/oss-fuzz/build.sh"
# Some targets need 64 bits.
if [ "$ARCHITECTURE" = i386 ]; then set --; fi
exec bash fuzz/check.sh "$OUT" "$@"
