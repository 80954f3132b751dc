# Debian's packages and sources of one suite, by a state of apt's in $folder/apt. Sourced with set -eu, at the top of
# the project, and with `folder` and `arch` (as Debian names it) set.
# shellcheck shell=sh disable=SC2154
. .ci/apt.sh

# prepare_apt SUITE
prepare_apt() {
    begin_apt_state "$folder/apt" 'deb deb-src' "$1"
    with_state update
}

# with_state ARGUMENTS: apt-get with that state.
with_state() {
    quietly in_apt_state "$folder/apt" "$arch" apt-get -y "$@"
}

quietly() {
    "$@" >>"$folder/log" 2>&1 </dev/null || {
        tail -n 20 "$folder/log" >&2
        echo "$* failed; all output is in $folder/log" >&2
        exit 1
    }
}
