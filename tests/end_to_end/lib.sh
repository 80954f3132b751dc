# Shared by the shell tests, which source it. A test is a call of check, which prints a TAP line; the
# last call must be finish. Every test runs in $work, a new folder with a space in its name, which is
# removed at the end.
#
# BUILD is the build folder (build/release), relative to the top of the tree.
# shellcheck shell=sh
set -u

top=$(cd "$(dirname "$0")/../.." && pwd)
build=$top/${BUILD:-build/release}
imgcore=$build/bin/imgcore
make_pictures=$build/tests/support/make_pictures
if ! [ -x "$imgcore" ] || ! [ -x "$make_pictures" ]; then
    echo "not ok 1 - $build is not built"
    exit 1
fi
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
trap 'exit 1' INT TERM
work="$scratch/a folder"
mkdir "$work"
cd "$work" || exit 1
unset IMGCORE_TARGETS IMGCORE_JPEG
number=0
failures=0

# check NAME COMMAND...: passes if the command succeeds.
check() {
    number=$((number + 1))
    check_name=$1
    shift
    if "$@" >"$scratch/check.log" 2>&1; then
        echo "ok $number - $check_name"
    else
        echo "not ok $number - $check_name"
        echo "# command: $*"
        sed 's/^/# /' "$scratch/check.log"
        failures=$((failures + 1))
    fi
}

# skip NAME REASON: reports a skipped test, which is neither passed nor failed. NAME without ": ".
skip() {
    echo "# skipped: $1: $2"
}

# exits STATUS COMMAND...: whether the command ends with that status; its output is kept in the files
# stdout and stderr.
exits() {
    expected=$1
    shift
    actual=0
    "$@" >"$scratch/stdout" 2>"$scratch/stderr" </dev/null || actual=$?
    if [ "$actual" != "$expected" ]; then
        echo "exit status $actual, not $expected"
        cat "$scratch/stdout" "$scratch/stderr"
        return 1
    fi
}

# contains FILE TEXT: whether stdout or stderr of the last `exits` contains the text.
contains() {
    grep -qF -e "$2" "$scratch/$1" && return 0
    echo "$1 does not contain: $2"
    cat "$scratch/$1"
    return 1
}

is_silent() {
    [ ! -s "$scratch/$1" ] && return 0
    cat "$scratch/$1"
    return 1
}

# json FILTER: whether the last stdout is one JSON document for which the jq filter is true.
json() {
    jq -e -s "length == 1 and (.[0] | $1)" "$scratch/stdout" && return 0
    cat "$scratch/stdout"
    return 1
}

# Width and height of a JPEG, read by an independent program.
jpeg_size() {
    djpeg -pnm "$1" | head -c 15 | sed -n 2p
}

has_size() {
    [ "$(jpeg_size "$1")" = "$2" ] && return 0
    echo "$1 is $(jpeg_size "$1"), not $2"
    return 1
}

# Whether no temporary file remains below a folder.
is_tidy() {
    left=$(find "$1" -name '.imgcore-*')
    [ -z "$left" ] && return 0
    echo "left behind: $left"
    return 1
}

not() {
    ! "$@"
}

finish() {
    echo "1..$number"
    [ "$failures" = 0 ]
    exit
}
