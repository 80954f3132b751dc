# A state of apt's of its own in a folder, as if nothing were installed, with Debian's packages and sources from the
# mirrors that this machine uses. Sourced by scripts with set -eu.
# shellcheck shell=sh

# begin_apt_state FOLDER KINDS SUITES [SECURITY SUITES]: makes it, without its lists (update). KINDS: deb, deb-src, or
# both; words are separated by blanks.
begin_apt_state() {
    mkdir -p "$1/lists/partial" "$1/archives/partial"
    : >"$1/status"
    # shellcheck disable=SC2016 # fields of apt's, not variables
    apt-get indextargets --format '$(ORIGIN) $(LABEL) $(REPO_URI)' 'Created-By: Packages' | sort -u |
        while read -r origin label uri; do
            case "$origin $label" in
            'Debian Debian') suites=$3 ;;
            'Debian Debian-Security') suites=${4:-} ;;
            *) continue ;;
            esac
            for suite in $suites; do
                for kind in $2; do
                    echo "$kind [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $uri $suite main"
                done
            done
        done >"$1/sources.list"
    if ! [ -s "$1/sources.list" ]; then
        echo 'there is no Debian archive among the package sources of this system' >&2
        exit 1
    fi
}

# in_apt_state FOLDER ARCHITECTURE apt-get|apt-cache ARGUMENTS: with that state, for an architecture as Debian names it.
in_apt_state() {
    apt_state=$1 apt_architecture=$2 apt_tool=$3
    shift 3
    "$apt_tool" -q -o Dir::State="$apt_state" -o Dir::State::lists="$apt_state/lists" \
        -o Dir::State::status="$apt_state/status" -o Dir::Cache="$apt_state" \
        -o Dir::Etc::SourceList="$apt_state/sources.list" -o Dir::Etc::SourceParts=/dev/null \
        -o APT::Architecture="$apt_architecture" -o APT::Architectures="$apt_architecture" \
        -o APT::Sandbox::User="$(id -un)" -o APT::Install-Recommends=no -o Acquire::Languages=none "$@"
}
