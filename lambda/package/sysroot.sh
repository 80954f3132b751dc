#!/bin/sh
# Makes build/package/ARCH/sysroot (ARCH: x86_64 or arm64), which the functions are built against: the
# headers and the C library of Debian 12 and the static libraries of libraries.list. Of the host only
# the compiler and apt are used; apt's state is in build/package/ARCH, too. Quick and offline when
# everything is there.
set -eu
if [ "${1:-}" = --help ] || [ $# != 1 ]; then
    sed -n '2,5s/^# //p' "$0"
    [ "${1:-}" = --help ]
    exit
fi
cd "$(dirname "$0")/../.."
here=$PWD/lambda/package
. .ci/apt.sh
arch=$1
case $arch in
x86_64) debian=amd64 triple=x86_64-linux-gnu ;;
arm64) debian=arm64 triple=aarch64-linux-gnu ;;
*)
    echo "sysroot: no architecture is called $arch" >&2
    exit 2
    ;;
esac
suite=bookworm
shared=$PWD/build/package
work=$shared/$arch
log=$work/log
mkdir -p build/package
case $PWD in
*[[:space:]]*) # the libraries' own builds fail with blanks in a path: a link without them
    alias=$(mktemp -d)
    trap 'rm -rf "$alias"' EXIT
    ln -s "$PWD/build/package" "$alias/package"
    shared=$alias/package
    work=$shared/$arch
    ;;
esac
root=$work/sysroot
stamps=$work/stamps
components=$work/components

# The libraries of a kind: deb or source.
listed() {
    sed -n "s/^$1 \([^ ]*\).*/\1/p" "$here/libraries.list"
}
# The folder of a source package that alone is needed, if one is named.
part_of() {
    sed -n "s/^source $1 //p" "$here/libraries.list"
}

# A step is repeated when the files that it depends on change: their checksum is kept in a file.
stamp() {
    cat "$@" | sha256sum
}
is_done() {
    name=$1
    shift
    [ -f "$name" ] && [ "$(cat "$name")" = "$(stamp "$@")" ]
}

quietly() {
    "$@" >>"$log" 2>&1 </dev/null || {
        tail -n 30 "$log" >&2
        echo "sysroot: $* failed; all of its output is in $log" >&2
        exit 1
    }
}

# with_state apt-get|apt-cache ARGUMENTS
with_state() {
    in_apt_state "$work/apt" $debian "$@"
}
apt() {
    quietly with_state apt-get "$@"
}

# A separate state of apt with Debian 12's packages and sources.
prepare_apt() {
    [ ! -f "$work/apt/ready" ] || return 0
    mkdir -p "$work/debs" "$work/sources"
    begin_apt_state "$work/apt" 'deb deb-src' "$suite $suite-updates" $suite-security
    apt update
    : >"$work/apt/ready"
}

# Unpacks the packages, and writes the pkg-config of the builds: it sees only the sysroot, and names
# everything that a static library needs.
unpack() {
    echo "Fetching the libraries for $arch"
    rm -rf "$work"
    mkdir -p "$root" "$stamps"
    prepare_apt
    # shellcheck disable=SC2046 # a list of words
    (cd "$work/debs" && apt download libc6 libc6-dev linux-libc-dev $(listed deb))
    for package in "$work"/debs/*.deb; do
        dpkg-deb -x "$package" "$root"
    done
    quietly /usr/bin/python3 "$here/components.py" packages "$components" "$work"/debs/*.deb
    # Only static libraries stay, so that no shared one can be linked, except the C library.
    find "$root/usr/lib" -name '*.so' ! -name 'libc.so' ! -name 'libm.so' -delete
    cat >"$work/pkg-config" <<EOF
#!/bin/sh
root=\${SYSROOT:-build/package/$arch/sysroot} # as the Makefile calls it
export PKG_CONFIG_SYSROOT_DIR="\$root"
export PKG_CONFIG_LIBDIR="\$root/usr/lib/$triple/pkgconfig:\$root/usr/share/pkgconfig"
exec pkg-config --static "\$@"
EOF
    chmod +x "$work/pkg-config"
    stamp "$here/libraries.list" "$here/sysroot.sh" >"$stamps/packages"
}

# fetch_source NAME OPTIONS: the newest version that the archive serves. Its index can list one whose
# files are not there yet.
fetch_source() {
    library=$1
    shift
    versions=$(with_state apt-cache showsrc --only-source "$library" 2>>"$log" | sed -n 's/^Version: //p' | sort -rVu)
    for version in $versions; do
        if with_state apt-get source "$@" "$library=$version" >>"$log" 2>&1 </dev/null; then
            return
        fi
        echo "sysroot: the archive lists $library $version without its files; an older one is taken" >&2
    done
    tail -n 30 "$log" >&2
    echo "sysroot: the source of $library cannot be fetched; all output is in $log" >&2
    exit 1
}

# fetch_part NAME FOLDER: NAME-part with that folder alone, of a source too large to unpack. Both
# architectures use what the first one fetches.
fetch_part() {
    kept=$shared/$1.tar
    exec 9>"$shared/$1.lock"
    flock 9
    if ! is_done "$kept.stamp" "$here/libraries.list" "$here/sysroot.sh"; then
        fetch_source "$1" --download-only
        tar -xf "$1"_*.orig.tar.?z --wildcards --strip-components=1 "*/$2"
        # Debian's changes to it.
        mkdir debian-part
        tar -xf "$1"_*.debian.tar.?z -C debian-part
        sed '/^#/d; s/ .*//' debian-part/debian/patches/series | while read -r patch; do
            if [ -n "$patch" ] && grep -q "^+++ [^/]*/$2/" "debian-part/debian/patches/$patch"; then
                quietly patch -p1 -i "debian-part/debian/patches/$patch"
            fi
        done
        cp debian-part/debian/copyright .
        tar -cf "$kept.new" "$2" copyright "$1"_*.dsc
        mv "$kept.new" "$kept"
        stamp "$here/libraries.list" "$here/sysroot.sh" >"$kept.stamp"
        rm -rf ./*
    fi
    exec 9>&-
    mkdir "$1-part"
    tar -xf "$kept" -C "$1-part"
}

build() {
    echo "Building $1 for $arch"
    prepare_apt
    # The functions as well: nothing else makes them be linked again.
    rm -rf "$work/sources" "$work/build"
    mkdir -p "$work/sources"
    (
        cd "$work/sources"
        part=$(part_of "$1")
        if [ -n "$part" ]; then
            fetch_part "$1" "$part"
        else
            fetch_source "$1"
        fi
        touch begun
        (
            cd "$(find . -mindepth 1 -maxdepth 1 -type d -name "$1-*")"
            quietly sh -eu "$here/build_$1.sh"
        )
        (cd "$root" && find usr/lib -name '*.a' -newer "$work/sources/begun") >archives
        /usr/bin/python3 "$here/components.py" source "$components" "$1" <archives >>"$log" 2>&1
    )
    stamp "$here/build_$1.sh" >"$stamps/$1"
}

export triple root SYSROOT="$root"
export CC="$triple-gcc --sysroot=$root"
# Hardened as the functions are (Makefile) and as Debian's own libraries are. CMake compiles by whole paths, which
# __FILE__ would put into the zips.
case $arch in
x86_64) branches=-fcf-protection ;;
arm64) branches=-mbranch-protection=standard ;;
esac
export CFLAGS="-O2 -fPIC -ffunction-sections -fdata-sections -fvisibility=hidden -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3 \
-fstack-protector-strong -fstack-clash-protection $branches -ffile-prefix-map=$work/sources=."
export PKG_CONFIG="$work/pkg-config"
is_done "$stamps/packages" "$here/libraries.list" "$here/sysroot.sh" || unpack
for library in $(listed source); do
    is_done "$stamps/$library" "$here/build_$library.sh" || build "$library"
done
rm -rf "$work/apt" "$work/debs" "$work/sources"
