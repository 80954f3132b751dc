#!/bin/bash -eu
# OSS-Fuzz's build script: builds the dependencies and every fuzz target into $OUT, with seeds,
# dictionaries and options. The base image sets
#   CC CXX CFLAGS CXXFLAGS   compiler and flags of the sanitizer and engine
#   LIB_FUZZING_ENGINE       the engine that is linked, by $CXX
#   SRC WORK OUT             sources, scratch folder, result
#   SANITIZER ARCHITECTURE FUZZING_ENGINE   such as address, x86_64, libfuzzer
# Every dependency is static and instrumented, and none has assembly: what a vector routine writes is
# unknown to the memory sanitizer, and what it reads is unknown to the address sanitizer. So
# libjpeg-turbo and zlib are their C code, OpenSSL is built with no-asm, and ISA-L is its base functions.
# FUZZ_TARGETS="NAME..." builds those alone.

# shellcheck disable=SC2086,SC2154 # lists of flags, which the base image sets
jobs=$(nproc)
prefix=$WORK/prefix
objects=$WORK/objects
mkdir -p "$prefix/include" "$prefix/lib/pkgconfig" "$objects" "$OUT"
export PKG_CONFIG_LIBDIR=$prefix/lib/pkgconfig
unset PKG_CONFIG_PATH

# Warnings of other projects do not matter here, nor that they call functions by pointers of other types, as
# OpenSSL's stacks do: newer compilers see that in C, too.
deps_flags="$CFLAGS -w -fPIC -I$prefix/include"
case ${SANITIZER:-} in undefined)
    deps_flags="$deps_flags -fno-sanitize=function"
    # The kernels have no virtual functions, and are built with -fno-rtti, which that check excludes.
    CXXFLAGS="$CXXFLAGS -fno-sanitize=vptr"
    ;;
esac

# archive LIBRARY FLAGS SOURCE...: compiles in the current folder.
archive() {
    local library=$1 flags=$2
    shift 2
    mkdir -p "$objects/$library"
    # shellcheck disable=SC2016 # $1 is the source
    printf '%s\n' "$@" | CC="$CC" flags="$deps_flags $flags" to="$objects/$library" xargs -P "$jobs" -I FILE sh -c '
        $CC $flags -c "$1" -o "$to/$(echo "${1#./}" | tr / _).o"' compile FILE
    rm -f "$prefix/lib/lib$library.a"
    ar rcs "$prefix/lib/lib$library.a" "$objects/$library"/*.o
}

# configure OPTION...: by CMake, in the current folder. CHECKS is a folder that keeps what CMake found in the C
# library, which is the same with every sanitizer; not the sizes of types, which it keeps in more than the cache.
# CMake 4 takes projects of CMake 2 and 3.0 only with CMAKE_POLICY_VERSION_MINIMUM.
configure() {
    local kept=${CHECKS:-$PWD}/${PWD##*/}.cmake
    [ -f "$kept" ] || : >"$kept"
    cmake --no-warn-unused-cli -C "$kept" -S . -B build -G 'Unix Makefiles' -DCMAKE_C_COMPILER="${CC%% *}" -DCMAKE_C_FLAGS="${CC#"${CC%% *}"} $deps_flags" \
        -DCMAKE_INSTALL_PREFIX="$prefix" -DCMAKE_INSTALL_LIBDIR=lib -DCMAKE_POLICY_VERSION_MINIMUM=3.5 "$@" >cmake.log
    sed -n 's/^\(HAVE_[A-Za-z0-9_]*\):INTERNAL=\(1*\)$/set(\1 "\2" CACHE INTERNAL "")/p' build/CMakeCache.txt >"$kept"
}

# package NAME VERSION LIBS [REQUIRES [CFLAGS]]: its .pc file.
package() {
    cat >"$prefix/lib/pkgconfig/$1.pc" <<END
Name: $1
Description: $1, static
Version: $2
Requires: ${4:-}
Cflags: -I$prefix/include ${5:-}
Libs: -L$prefix/lib $3
END
}

# In folder NAME of $SRC, once for each scratch folder.
build() {
    [ ! -f "$WORK/$1.built" ] || return 0
    echo "Building $1"
    # A copy: builds with different sanitizers share the sources.
    rm -rf "${WORK:?}/$1"
    cp -r "$SRC/$1/." "$WORK/$1"
    (
        cd "$WORK/$1"
        "build_${1//-/_}"
    )
    rm -rf "${WORK:?}/$1"
    touch "$WORK/$1.built"
}

build_zlib() {
    archive z '-DHAVE_UNISTD_H -D_LARGEFILE64_SOURCE=1' ./*.c
    cp zlib.h zconf.h "$prefix/include"
    package zlib "$(sed -n 's/^#define ZLIB_VERSION "\([0-9.]*\).*/\1/p' zlib.h)" -lz
}

build_libdeflate() {
    # The folders of CPUs have only intrinsics, chosen at run time.
    archive deflate -I. lib/*.c lib/*/cpu_features.c
    cp libdeflate.h "$prefix/include"
    package libdeflate "$(sed -n 's/^#define LIBDEFLATE_VERSION_STRING[^"]*"\(.*\)"/\1/p' libdeflate.h)" -ldeflate
}

build_libjpeg_turbo() {
    configure -DENABLE_SHARED=OFF -DWITH_TURBOJPEG=OFF \
        -DWITH_SIMD=OFF -DCMAKE_BUILD_TYPE=None
    make -C build -j"$jobs" jpeg-static >make.log
    cp build/libjpeg.a "$prefix/lib"
    cp jpeglib.h jmorecfg.h jerror.h build/jconfig.h "$prefix/include"
    package libjpeg "$(sed -n 's/^set(VERSION \([0-9.]*\))/\1/p' CMakeLists.txt)" -ljpeg
}

# Its interpolation overflows, which its authors permit (CMS_NO_SANITIZE), but not in an inline function of theirs.
build_lcms2() {
    local permitted=''
    if [ "${SANITIZER:-}" = undefined ]; then permitted=-fno-sanitize=signed-integer-overflow; fi
    archive lcms2 "-DHAVE_GMTIME_R -Iinclude -Isrc $permitted" src/*.c
    cp include/*.h "$prefix/include"
    package lcms2 "$(sed -n 's/^#define LCMS_VERSION *\([0-9]\)\([0-9][0-9]\).*/\1.\2/p' include/lcms2.h)" '-llcms2 -lm'
}

build_libspng() {
    archive spng -DSPNG_STATIC spng/spng.c
    cp spng/spng.h "$prefix/include"
    package spng "$(sed -n "s/.*version *: *'\([0-9.]*\)'.*/\1/p" meson.build | head -n 1)" '-lspng -lm' zlib -DSPNG_STATIC
}

# The oracle of the PNG targets.
build_libpng() {
    cp scripts/pnglibconf.h.prebuilt pnglibconf.h
    archive png -DPNG_INTEL_SSE_OPT=0 png.c pngerror.c pngget.c pngmem.c pngpread.c pngread.c pngrio.c pngrtran.c \
        pngrutil.c pngset.c pngtrans.c pngwio.c pngwrite.c pngwtran.c pngwutil.c
    cp png.h pngconf.h pnglibconf.h "$prefix/include"
    package libpng "$(sed -n 's/^#define PNG_LIBPNG_VER_STRING "\(.*\)"/\1/p' png.h)" '-lpng -lm' zlib
}

build_isa_l() {
    # The files of its Makefile for CPUs without assembly of their own.
    archive isal '-Iinclude -Iigzip -DNDEBUG' crc/crc_base.c crc/crc64_base.c crc/crc_base_aliases.c igzip/adler32_base.c \
        igzip/encode_df.c igzip/flatten_ll.c igzip/huff_codes.c igzip/hufftables_c.c igzip/igzip.c igzip/igzip_base.c \
        igzip/igzip_base_aliases.c igzip/igzip_icf_base.c igzip/igzip_icf_body.c igzip/igzip_inflate.c \
        igzip/proc_heap_base.c mem/mem_zero_detect_base.c mem/mem_zero_detect_base_aliases.c
    mkdir -p "$prefix/include/isa-l"
    cp include/*.h "$prefix/include/isa-l"
    package libisal "$(sed -n 's/^ *\[\([0-9]*\.[0-9]*\.[0-9]*\)\],$/\1/p' configure.ac | head -n 1)" -lisal
}

build_highway() {
    cp -r hwy "$prefix/include"
    package libhwy "$(sed -n 's/^#define HWY_\(MAJOR\|MINOR\|PATCH\) //p' hwy/base.h hwy/highway.h | head -n 3 | paste -sd.)" ''
}

build_json_c() {
    configure -DBUILD_SHARED_LIBS=OFF -DBUILD_TESTING=OFF \
        -DBUILD_APPS=OFF -DDISABLE_WERROR=ON -DENABLE_THREADING=ON
    make -C build -j"$jobs" install >make.log
}

build_openssl() {
    local target=linux-x86_64-clang
    # The atomic operations of 64 bits would need a library there; OpenSSL then takes locks.
    if [ "${ARCHITECTURE:-x86_64}" = i386 ]; then target='linux-x86-clang -DBROKEN_CLANG_ATOMICS'; fi
    CFLAGS=$deps_flags CXXFLAGS=$deps_flags ./Configure $target no-asm no-shared no-tests no-engine no-dso no-module \
        no-legacy no-comp no-ssl3 no-dtls no-cmp no-cms no-ts no-ct no-srp no-gost no-idea no-rc2 no-rc4 no-seed no-sm2 no-sm3 no-sm4 \
        no-whirlpool no-camellia no-aria no-bf no-cast no-des no-dsa no-ec2m no-md4 no-mdc2 no-siphash no-siv \
        no-ocb no-scrypt no-blake2 no-rfc3779 no-sctp no-srtp no-psk no-nextprotoneg no-ktls no-async \
        --prefix="$prefix" --libdir=lib --openssldir=/etc/ssl >configure.log
    make -j"$jobs" build_generated >make.log
    make -j"$jobs" libcrypto.a libssl.a >>make.log
    cp libcrypto.a libssl.a "$prefix/lib"
    cp -r include/openssl "$prefix/include"
    local version
    version=$(sed -n 's/^\(MAJOR\|MINOR\|PATCH\)=//p' VERSION.dat | paste -sd.)
    package libcrypto "$version" '-lcrypto -lpthread'
    package libssl "$version" -lssl libcrypto
}

# HTTP/1.1 and TLS, as the functions have it.
build_curl() {
    local off=''
    for feature in ALTSVC COOKIES DOH HSTS LIBCURL_OPTION MIME NTLM PARSEDATE PROGRESS_METER; do
        off="$off -DCURL_DISABLE_$feature=ON"
    done
    # The sanitizers' runtime is not there when CMake looks for functions in libraries of C.
    configure -DCMAKE_PREFIX_PATH="$prefix" -DBUILD_SHARED_LIBS=OFF \
        -DBUILD_CURL_EXE=OFF -DBUILD_TESTING=OFF -DPICKY_COMPILER=OFF -DENABLE_MANUAL=OFF -DHTTP_ONLY=ON \
        -DENABLE_UNIX_SOCKETS=OFF -DCURL_USE_OPENSSL=ON -DOPENSSL_ROOT_DIR="$prefix" -DOPENSSL_USE_STATIC_LIBS=ON \
        -DCURL_ZLIB=OFF -DCURL_USE_LIBPSL=OFF -DUSE_LIBIDN2=OFF -DCURL_USE_LIBSSH2=OFF -DCURL_CA_PATH=none \
        -DCURL_CA_BUNDLE=none $off
    make -C build -j"$jobs" libcurl >make.log
    make -C build install/fast >>make.log
    package libcurl "$(sed -n 's/^#define LIBCURL_VERSION "\([0-9.]*\).*/\1/p' include/curl/curlver.h)" -lcurl libssl -DCURL_STATICLIB
}

# Login by password alone: no target opens a connection. Its own script states the rest.
build_mariadb() {
    local triple=x86_64-linux-gnu root=$WORK/mariadb-root word_bytes=8
    if [ "${ARCHITECTURE:-x86_64}" = i386 ]; then word_bytes=4; fi
    mkdir -p "$root/usr/lib/$triple/pkgconfig" "$root/usr/include"
    root=$root triple=$triple word_bytes=$word_bytes CFLAGS=$deps_flags sh -eu "$SRC/imgcore/lambda/package/build_mariadb.sh" >mariadb.log
    cp "$root/usr/lib/$triple/libmariadb.a" "$prefix/lib"
    cp -r "$root/usr/include/mariadb" "$prefix/include"
    package libmariadb "$(sed -n 's/^Version: //p' "$root/usr/lib/$triple/pkgconfig/libmariadb.pc")" '-lmariadb -lm' libssl \
        "-I$prefix/include/mariadb"
}

for dependency in zlib libdeflate libjpeg-turbo lcms2 libspng libpng isa-l highway json-c openssl curl mariadb; do
    if [ -d "$SRC/$dependency" ]; then build $dependency; fi
done

# Targets whose code or oracle computes in 128 bits, for which compilers have integers on machines of 64 bits alone.
wide=' credentials db_bind db_values json settlement_csv settlement_html settlement_money settlement_request'
wide="$wide toss transform webhook_event webhook_keys weights "
if [ "${ARCHITECTURE:-x86_64}" = i386 ]; then
    narrow=''
    for target in ${FUZZ_TARGETS:-$(cd "$SRC/imgcore/fuzz" && ls ./*_fuzzer.c)}; do
        target=${target#./}
        target=${target%_fuzzer.c}
        case $wide in *" $target "*) ;; *) narrow="$narrow $target" ;; esac
    done
    FUZZ_TARGETS=$narrow
fi

# IC_KEEP_NOTHING: freed blocks go back at once, so that a use after free is seen. The versions need no check.
# The program that compiles the templates of mails runs here, with the libcrypto of this system.
make -C "$SRC/imgcore" --no-print-directory -j"$jobs" fuzz-oss-programs CONFIG=fuzz O="$WORK/imgcore" WERROR=0 PACKAGES=no \
    PKG_CONFIG='pkg-config --static' LIBRARY_VERSIONS= TEST_LIBS="$(pkg-config --static --libs libpng)" FLAGS_fuzz='-g1 -DIC_KEEP_NOTHING' LINKER= FUZZ_ENGINE="$LIB_FUZZING_ENGINE" \
    FUZZ_LINK="$CXX" CC="$CC" CXX="$CXX" HOSTCC=clang HOST_PKG_CONFIG='env -u PKG_CONFIG_LIBDIR pkg-config' CFLAGS="$CFLAGS" CXXFLAGS="$CXXFLAGS" LDFLAGS="$CXXFLAGS" \
    ${FUZZ_TARGETS:+FUZZ_ONLY="$FUZZ_TARGETS"}
cd "$SRC/imgcore"
sh fuzz/collect.sh "$WORK/imgcore" "$OUT" ${FUZZ_TARGETS:-}
