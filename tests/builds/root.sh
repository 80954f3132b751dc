#!/bin/sh
# Makes FOLDER/root with the headers and libraries that imgcore, the services and their tests need (or those of
# the packages named), of Debian 12 for another architecture: root.sh ARCHITECTURE FOLDER [PACKAGE...]
# (ARCHITECTURE as Debian names it: s390x, armhf). Nothing is installed: packages are unpacked there. Quick and offline
# when it is complete.
set -eu
if [ "${1:-}" = --help ] || [ $# -lt 2 ]; then
    sed -n '2,5s/^# //p' "$0"
    [ "${1:-}" = --help ]
    exit
fi
arch=$1
mkdir -p "$2"
folder=$(cd "$2" && pwd)
shift 2
. tests/builds/apt.sh
packages='libc6-dev libjpeg62-turbo-dev libspng-dev liblcms2-dev zlib1g-dev libisal-dev libdeflate-dev libhwy-dev libcmocka-dev
libpng-dev libcurl4-openssl-dev libssl-dev libjson-c-dev libmariadb-dev'
if [ $# -gt 0 ]; then packages=$*; fi

stamp=$({ cat "$0" tests/builds/apt.sh .ci/apt.sh && echo "$packages"; } | sha256sum)
if [ "$(cat "$folder/complete" 2>/dev/null)" = "$stamp" ]; then exit 0; fi
rm -rf "$folder"
mkdir -p "$folder/root"
prepare_apt bookworm
# shellcheck disable=SC2086 # a list of words
with_state install --download-only $packages
for package in "$folder"/apt/archives/*.deb; do
    dpkg-deb -x "$package" "$folder/root"
done
rm -rf "$folder/apt"
echo "$stamp" >"$folder/complete"
