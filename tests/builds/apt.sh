# A state of apt's of its own, in $folder/apt, as if nothing were installed. Sourced with set -eu, and with
# `folder` and `arch` (as Debian names it) set.
# shellcheck shell=sh disable=SC2154

# prepare_apt SUITE: with that suite's packages and sources, from the mirrors of Debian that this machine uses.
prepare_apt() {
    mkdir -p "$folder/apt/lists/partial" "$folder/apt/archives/partial"
    : >"$folder/apt/status"
    # shellcheck disable=SC2016 # fields of apt's
    apt-get indextargets --format '$(ORIGIN) $(LABEL) $(REPO_URI)' 'Created-By: Packages' | sort -u |
        while read -r origin label uri; do
            [ "$origin $label" = 'Debian Debian' ] || continue
            for kind in deb deb-src; do
                echo "$kind [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $uri $1 main"
            done
        done >"$folder/apt/sources.list"
    if ! [ -s "$folder/apt/sources.list" ]; then
        echo 'there is no Debian archive among the package sources of this system' >&2
        exit 1
    fi
    with_state update
}

# with_state ARGUMENTS: apt-get with that state.
with_state() {
    quietly apt-get -q -y -o Dir::State="$folder/apt" -o Dir::State::lists="$folder/apt/lists" \
        -o Dir::State::status="$folder/apt/status" -o Dir::Cache="$folder/apt" \
        -o Dir::Etc::SourceList="$folder/apt/sources.list" -o Dir::Etc::SourceParts=/dev/null \
        -o APT::Architecture="$arch" -o APT::Architectures="$arch" -o APT::Sandbox::User="$(id -un)" \
        -o APT::Install-Recommends=no -o Acquire::Languages=none "$@"
}

quietly() {
    "$@" >>"$folder/log" 2>&1 </dev/null || {
        tail -n 20 "$folder/log" >&2
        echo "$* failed; all output is in $folder/log" >&2
        exit 1
    }
}
