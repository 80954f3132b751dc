#!/bin/sh
# sources.sh FOLDER NAME...: puts the sources that fuzz/oss-fuzz/build.sh builds into FOLDER/NAME, from
# Debian's source packages. The Dockerfile fetches the same ones from their origins. apt's state is in
# FOLDER/apt; offline when everything is there.
set -eu
if [ "${1:-}" = --help ] || [ $# -lt 2 ]; then
    sed -n '2,4s/^# //p' "$0"
    [ "${1:-}" = --help ]
    exit
fi
. "$(dirname "$0")/../../.ci/apt.sh"
suite=bookworm
mkdir -p "$1"
folder=$(cd "$1" && pwd)
shift
state=$folder/apt
log=$folder/log

with_state() {
    in_apt_state "$state" "$(dpkg --print-architecture)" "$@"
}

prepare_apt() {
    [ ! -f "$state/ready" ] || return 0
    begin_apt_state "$state" deb-src "$suite $suite-updates" $suite-security
    with_state apt-get update >>"$log" 2>&1
    : >"$state/ready"
}

# The folder of a source package that alone is needed.
part_of() {
    case $1 in
    mariadb) echo libmariadb ;;
    esac
}

# The name of Debian's source package.
package_of() {
    case $1 in
    isa-l) echo libisal ;;
    libpng) echo libpng1.6 ;;
    *) echo "$1" ;;
    esac
}

# unpack PACKAGE VERSION [PART]: into the current folder; a part of it is without Debian's patches.
unpack() {
    if [ -z "${3:-}" ]; then
        with_state apt-get source "$1=$2"
        return
    fi
    with_state apt-get source --download-only "$1=$2" && mkdir "$1" &&
        tar -xf "$1"_*.orig.tar.?z -C "$1" --wildcards --strip-components=1 "*/$3"
}

# fetch NAME PACKAGE [PART]: the newest version of which the archive has the files.
fetch() {
    rm -rf "$folder/new"
    mkdir "$folder/new"
    for version in $(with_state apt-cache showsrc --only-source "$2" 2>>"$log" | sed -n 's/^Version: //p' | sort -rVu); do
        if (cd "$folder/new" && unpack "$2" "$version" "${3:-}") >>"$log" 2>&1 </dev/null; then
            mv "$(find "$folder/new" -mindepth 1 -maxdepth 1 -type d)" "$folder/$1"
            echo "$1 $version" >>"$folder/versions"
            rm -rf "$folder/new"
            return
        fi
    done
    tail -n 30 "$log" >&2
    echo "sources: the source of $2 cannot be fetched; all output is in $log" >&2
    exit 1
}

for name in "$@"; do
    [ ! -d "$folder/$name" ] || continue
    prepare_apt
    fetch "$name" "$(package_of "$name")" "$(part_of "$name")"
done
