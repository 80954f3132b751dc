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
work=$PWD/build/package/$arch
log=$work/log
mkdir -p build/package
case $PWD in
*[[:space:]]*) # the libraries' own builds fail with blanks in a path: a link without them
    alias=$(mktemp -d)
    trap 'rm -rf "$alias"' EXIT
    ln -s "$PWD/build/package" "$alias/package"
    work=$alias/package/$arch
    ;;
esac
root=$work/sysroot
stamps=$work/stamps

# The libraries of a kind: deb or source.
listed() {
    sed -n "s/^$1 //p" "$here/libraries.list"
}

# A step is repeated when the files that it depends on change: their checksum is kept in a file.
stamp() {
    cat "$@" | sha256sum
}
is_done() {
    name=$1
    shift
    [ -f "$stamps/$name" ] && [ "$(cat "$stamps/$name")" = "$(stamp "$@")" ]
}

quietly() {
    "$@" >>"$log" 2>&1 </dev/null || {
        tail -n 30 "$log" >&2
        echo "sysroot: $1 failed; all of its output is in $log" >&2
        exit 1
    }
}

apt() {
    quietly apt-get -q -o Dir::State="$work/apt" -o Dir::State::lists="$work/apt/lists" \
        -o Dir::State::status="$work/apt/status" -o Dir::Cache="$work/apt" \
        -o Dir::Etc::SourceList="$work/apt/sources.list" -o Dir::Etc::SourceParts=/dev/null \
        -o APT::Architecture=$debian -o APT::Architectures=$debian -o APT::Sandbox::User="$(id -un)" \
        -o Acquire::Languages=none "$@"
}

# A separate state of apt with Debian 12's packages and sources, from the host's mirrors of Debian.
# shellcheck disable=SC2016 # fields of apt's, not variables
prepare_apt() {
    [ ! -f "$work/apt/ready" ] || return 0
    mkdir -p "$work/apt/lists/partial" "$work/apt/archives/partial" "$work/debs" "$work/sources"
    : >"$work/apt/status"
    apt-get indextargets --format '$(ORIGIN) $(LABEL) $(REPO_URI)' 'Created-By: Packages' | sort -u |
        while read -r origin label uri; do
            [ "$origin" = Debian ] || continue
            case $label in
            Debian) set -- $suite $suite-updates ;;
            Debian-Security) set -- $suite-security ;;
            *) continue ;;
            esac
            for name in "$@"; do
                printf '%s [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] %s %s main\n' \
                    deb "$uri" "$name" deb-src "$uri" "$name"
            done
        done >"$work/apt/sources.list"
    if ! [ -s "$work/apt/sources.list" ]; then
        echo 'sysroot: there is no Debian archive among the package sources of this system' >&2
        exit 1
    fi
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

build() {
    echo "Building $1 for $arch"
    prepare_apt
    # The functions as well: nothing else makes them be linked again.
    rm -rf "$work/sources" "$work/build"
    mkdir -p "$work/sources"
    (
        cd "$work/sources"
        apt source "$1"
        cd "$(find . -mindepth 1 -maxdepth 1 -type d -name "$1-*")"
        quietly sh -eu "$here/build_$1.sh"
    )
    stamp "$here/build_$1.sh" >"$stamps/$1"
}

export triple root SYSROOT="$root"
export CC="$triple-gcc --sysroot=$root"
export CFLAGS='-O2 -fPIC -ffunction-sections -fdata-sections -fvisibility=hidden'
export PKG_CONFIG="$work/pkg-config"
is_done packages "$here/libraries.list" "$here/sysroot.sh" || unpack
for library in $(listed source); do
    is_done "$library" "$here/build_$library.sh" || build "$library"
done
rm -rf "$work/apt" "$work/debs" "$work/sources"
