# Sourced: what a clang program with counters reached, by LLVM's tools. Nothing of fuzz/, tests/ and the system counts.
# shellcheck shell=sh

# The tools have the compiler's version in their names, or none.
llvm_tool() {
    for name in "$1" "$1-$(clang -dumpversion | cut -d. -f1)"; do
        if command -v "$name" >/dev/null; then echo "$name" && return; fi
    done
    echo "coverage: there is no $1" >&2
    exit 1
}

# llvm_cov show|export PROFILES OPTIONS_AND_OBJECTS...: by the counters that llvm_merge has put together.
llvm_cov() {
    command=$1
    all=$2/all
    shift 2
    "$(llvm_tool llvm-cov)" "$command" "$@" -instr-profile="$all" -ignore-filename-regex='(^|/)(fuzz|tests|usr)/'
}

# llvm_merge PROFILES: of the files PROFILES/*.profraw.
llvm_merge() {
    "$(llvm_tool llvm-profdata)" merge -sparse -o "$1/all" "$1"/*.profraw
}
