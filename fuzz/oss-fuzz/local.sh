#!/bin/bash -eu
# local.sh SANITIZER ARCHITECTURE NAME...: runs build.sh on this machine in the shape of OSS-Fuzz's base
# image (its variables and flags, with Debian's clang and libstdc++ instead of its own clang and libc++),
# then fuzz/check.sh on the result. SANITIZER is address, undefined or memory; ARCHITECTURE is x86_64 or
# i386, with the address sanitizer alone. Sources and results are in build/oss-fuzz.
if [ "${1:-}" = --help ] || [ $# -lt 3 ]; then
    sed -n '2,5s/^# //p' "$0"
    [ "${1:-}" = --help ]
    exit
fi
cd "$(dirname "$0")/../.."
work=$PWD/build/oss-fuzz
export SANITIZER=$1 ARCHITECTURE=$2 FUZZING_ENGINE=libfuzzer LIB_FUZZING_ENGINE=-fsanitize=fuzzer
shift 2
export FUZZ_TARGETS="$*"
# As the base image has them (infra/base-images/base-builder/Dockerfile of OSS-Fuzz).
flags='-O1 -fno-omit-frame-pointer -gline-tables-only -DFUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION'
undefined=array-bounds,bool,builtin,enum,integer-divide-by-zero,null,object-size,return,returns-nonnull-attribute,shift,signed-integer-overflow,unreachable,vla-bound
case $SANITIZER in
address) flags="$flags -fsanitize=address -fsanitize-address-use-after-scope" ;;
undefined) flags="$flags -fsanitize=$undefined -fno-sanitize-recover=$undefined" ;;
# The C++ library is not instrumented; nothing of it is called, since kernels have neither exceptions nor containers.
memory) flags="$flags -fsanitize=memory -fsanitize-memory-track-origins" ;;
*)
    echo "local: no sanitizer is called $SANITIZER" >&2
    exit 2
    ;;
esac
flags="$flags -fsanitize=fuzzer-no-link"
export CC=clang CXX=clang++
case $ARCHITECTURE in
x86_64) ;;
i386) flags="-m32 $flags" ;;
*)
    echo "local: no architecture is called $ARCHITECTURE" >&2
    exit 2
    ;;
esac
export CFLAGS=$flags CXXFLAGS=$flags
export SRC=$work/src WORK=$work/$SANITIZER-$ARCHITECTURE/work OUT=$work/$SANITIZER-$ARCHITECTURE/out
mkdir -p "$WORK" "$OUT"
sh fuzz/oss-fuzz/sources.sh "$SRC" zlib libdeflate libjpeg-turbo lcms2 libspng libpng isa-l highway json-c openssl curl
ln -sfn "$PWD" "$SRC/imgcore"
bash -eu "$SRC/imgcore/fuzz/oss-fuzz/build.sh"
cd fuzz
exec bash check.sh "$OUT" "$@"
