#!/bin/sh
# make install: all files are below DESTDIR, a program outside the tree builds and runs with the
# installed files, the shared library exports only its API, and uninstalling removes everything.
# shellcheck source=tests/end_to_end/lib.sh
. "$(dirname "$0")/lib.sh"

case ${CONFIG:-release} in
*san)
    # A library full of a sanitizer's calls is not one to install.
    skip 'install' "not for CONFIG=$CONFIG"
    finish
    ;;
esac

dest="$work/dest dir"
version=$(sed -n 's/.*IMGCORE_VERSION_STRING *"\(.*\)"/\1/p' "$top/imgcore/include/imgcore/version.h")
# Versions before 1.0 are compatible if their minor number is the same.
abi=$(echo "$version" | sed 's/^\(0\.[0-9]*\)\..*/\1/; t; s/\..*//')
make_goal() {
    make -C "$top" --no-print-directory CONFIG="${CONFIG:-release}" "$@"
}
check 'make install' make_goal install DESTDIR="$dest" PREFIX=/usr
usr=$dest/usr
for file in bin/imgcore lib/libimgcore.a lib/libimgcore.so "lib/libimgcore.so.$abi" \
    "lib/libimgcore.so.$version" lib/pkgconfig/imgcore.pc share/man/man1/imgcore.1; do
    check "$file" test -s "$usr/$file"
done
for header in "$top"/imgcore/include/imgcore/*.h; do
    check "include/imgcore/${header##*/}" cmp "$header" "$usr/include/imgcore/${header##*/}"
done
check 'the installed command works' exits 0 "$usr/bin/imgcore" --version

# ---- the exports of the shared library
exported() { nm -D --defined-only "$usr/lib/libimgcore.so.$version" | awk '{ print $3 }'; }
only_api() {
    others=$(exported | grep -v -e '^imgcore_' -e '^IMGCORE_')
    [ -z "$others" ] && return 0
    echo "$others"
    return 1
}
check 'only imgcore_* is exported' only_api
declared() {
    missing=$(sed -n 's/^ *IMGCORE_API .*[ *]\(imgcore_[a-z_]*\)(.*/\1/p; s/^\(imgcore_[a-z_]*\)(.*/\1/p' \
        "$usr"/include/imgcore/*.h | sort -u | while read -r name; do
        exported | sed 's/@.*//' | grep -qx "$name" || echo "$name"
    done)
    [ -z "$missing" ] && return 0
    echo "declared, not exported: $missing"
    return 1
}
check 'and all that is declared' declared
soname() {
    readelf -d "$usr/lib/libimgcore.so.$version" | grep -F SONAME >"$scratch/dynamic"
    contains dynamic "[libimgcore.so.$abi]"
}
check 'the soname has the numbers of what is compatible' soname
# Those of a later node, IMGCORE_0.2.1, are of the same soname.
versioned() {
    others=$(nm -D --defined-only "$usr/lib/libimgcore.so.$version" | grep ' T ' |
        grep -v -e "@@IMGCORE_$abi\$" -e "@@IMGCORE_${abi}[.][0-9]*\$")
    [ -z "$others" ] && return 0
    echo "$others"
    return 1
}
check 'and so have the versions of the symbols' versioned

# ---- a program outside the tree
cat >program.c <<'END'
#include <imgcore/imgcore.h>
#include <stdio.h>

int main(int argc, char **argv) {
    static uint8_t bytes[1 << 20];
    FILE *in = argc > 1 ? fopen(argv[1], "rb") : NULL;
    struct imgcore_source source = {.bytes = bytes};
    struct imgcore_context *context = NULL;
    struct imgcore_output output;
    imgcore_output_default(&output);
    output.width_px = output.height_px = 40;
    if (!in || imgcore_context_create(NULL, &context) != IMGCORE_OK) {
        return 2;
    }
    source.size_bytes = fread(bytes, 1, sizeof bytes, in);
    fclose(in);
    enum imgcore_status status = imgcore_transform(context, &source, NULL, &output, 1, NULL);
    printf("%s %ux%u %s\n", imgcore_status_name(status), output.result_width_px,
           output.result_height_px, imgcore_version());
    imgcore_output_clear(context, &output, 1);
    imgcore_context_destroy(context);
    return status != IMGCORE_OK;
}
END
"$make_pictures" in.jpg 80x60
prefix=$scratch/prefix # without a space, which pkg-config's output cannot carry
check 'make install below a prefix' make_goal install PREFIX="$prefix"
pc() {
    PKG_CONFIG_PATH="$prefix/lib/pkgconfig" pkg-config "$@" imgcore
}
check 'pkg-config reports the version' test "$(pc --modversion)" = "$version"
shared_flags=$(pc --cflags --libs)
# shellcheck disable=SC2086 # lists of flags
check 'a program builds against the shared library' \
    ${CC:-gcc} -std=c11 -Wall -Wextra -Werror program.c -o shared $shared_flags
run_shared() { LD_LIBRARY_PATH="$prefix/lib" ./shared in.jpg; }
check '... and runs' exits 0 run_shared
check '... with the correct result' contains stdout "OK 40x30 $version"
static_flags=$(pc --static --cflags --libs | sed 's/-limgcore/-l:libimgcore.a/')
# shellcheck disable=SC2086
check 'a program builds against the static library' \
    ${CC:-gcc} -std=c11 -Wall -Wextra -Werror program.c -o static $static_flags
check '... and runs alone' exits 0 ./static in.jpg
check '... with the correct result' contains stdout "OK 40x30 $version"
# The tests with the oldest header that is supported, and with a later one, on the shared library.
for age in older newer; do
    # shellcheck disable=SC2046,SC2086
    check "a program with the $age header builds" ${CC:-gcc} -std=c11 -D_GNU_SOURCE -I"$top" \
        "$top/tests/imgcore/test_abi_$age.c" "$build/obj/tests/support/pictures.o" \
        "$build/obj/tests/support/guard.o" -o "$age" $shared_flags \
        $(pkg-config --cflags --libs cmocka libpng libjpeg) -lm
    run_age() { LD_LIBRARY_PATH="$prefix/lib" "./$age"; }
    check '... and passes its tests' exits 0 run_age
done
echo '#include <imgcore/imgcore.h>' >header.cc
check 'the header compiles as C++17' \
    ${CXX:-g++} -std=c++17 -Wall -Wextra -Werror -fsyntax-only -I"$prefix/include" header.cc

# ---- uninstalling
check 'make uninstall' make_goal uninstall DESTDIR="$dest" PREFIX=/usr
nothing_left() { [ -z "$(find "$dest" ! -type d)" ] && [ ! -e "$usr/include/imgcore" ]; }
check '... leaves no file' nothing_left

finish
