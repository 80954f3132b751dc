#!/bin/sh
# Builds libjpeg-turbo 3 into FOLDER/root: jpeg3.sh FOLDER. The source package is that of the first suite of Debian
# that has version 3. Quick and offline when it is complete.
set -eu
if [ "${1:-}" = --help ] || [ $# != 1 ]; then
    sed -n '2,3s/^# //p' "$0"
    [ "${1:-}" = --help ]
    exit
fi
arch=$(dpkg --print-architecture)
mkdir -p "$1"
folder=$(cd "$1" && pwd)
. tests/builds/apt.sh

stamp=$(cat "$0" tests/builds/apt.sh .ci/apt.sh | sha256sum)
if [ "$(cat "$folder/complete" 2>/dev/null)" = "$stamp" ]; then exit 0; fi
rm -rf "$folder"
mkdir -p "$folder/source"
prepare_apt forky
(
    cd "$folder/source"
    with_state source --only-source libjpeg-turbo
    set -- libjpeg-turbo-3*/
    quietly cmake -S "$1" -B build -DCMAKE_BUILD_TYPE=Release -DENABLE_SHARED=0 -DCMAKE_POSITION_INDEPENDENT_CODE=1 \
        -DWITH_TURBOJPEG=0 -DCMAKE_INSTALL_PREFIX="$folder/root" -DCMAKE_INSTALL_LIBDIR=lib
    quietly cmake --build build --parallel "$(nproc)"
    quietly cmake --install build
)
rm -rf "$folder/apt" "$folder/source"
echo "$stamp" >"$folder/complete"
