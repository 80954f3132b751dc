#!/bin/sh
# The hardening of what is installed and deployed: the command, the library and the functions' programs pass
# lambda/package/hardening.py, and a program with any one fault does not. The zips: tests/lambda/test_package.mjs.
# shellcheck source=tests/end_to_end/lib.sh
. "$(dirname "$0")/lib.sh"

# The check takes the folder it runs in for the build's.
hardening() {
    (cd "$top" && /usr/bin/python3 lambda/package/hardening.py "$@")
}

check 'the command is hardened' hardening "$imgcore"
check 'the shared library is hardened' hardening "$build/lib/libimgcore.so"
for program in "$build"/lambda/*; do
    if [ -f "$program" ] && [ -x "$program" ]; then
        check "${program##*/} is hardened" hardening "$program"
    fi
done

# A program with an array on its stack, and calls that can be checked.
cat >one.c <<'END'
#include <stdio.h>
#include <string.h>
int main(int argc, char **argv) {
    char text[64];
    memset(text, 0, sizeof(text));
    if (argc > 1) {
        strncpy(text, argv[1], (size_t)argc * 8);
    }
    printf("%s %d\n", text, argc);
    return text[0];
}
END
good='-O2 -fPIE -pie -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2 -fstack-protector-all -Wl,-z,relro,-z,now,-z,noexecstack'
# built OPTIONS...: with these after the good ones.
built() {
    # shellcheck disable=SC2086 # a list of options
    ${CC:-gcc} $good one.c -o one "$@"
}
# refused FAULT OPTIONS...: it is built with a fault, and the check names it.
refused() {
    fault=$1
    shift
    built "$@" && exits 1 hardening --path /srv/builder "$work/one" && grep -F "one: $fault" "$scratch/stdout"
}
passes() {
    built && exits 0 hardening "$work/one" && grep -F 'one: hardened' "$scratch/stdout"
}
finds() {
    check "a fault is found: $1" refused "$@"
}
check 'a program without a fault passes' passes
finds 'not position-independent' -fno-pie -no-pie
finds 'no RELRO' -Wl,-z,norelro
finds 'RELRO is partial' -Wl,-z,lazy
finds 'executable stack' -Wl,-z,execstack
finds 'no stack protector' -fno-stack-protector
finds 'no checked call of the C library' -U_FORTIFY_SOURCE
finds 'calls without _FORTIFY_SOURCE: printf' -U_FORTIFY_SOURCE
finds 'RPATH is set' -Wl,--disable-new-dtags,-rpath,/opt/lib
finds 'RUNPATH is set' -Wl,--enable-new-dtags,-rpath,/opt/lib

# The address of a function in the code itself.
cat >relocated.S <<'END'
.text
.globl relocated
relocated:
#ifdef __aarch64__
.xword main
#else
.quad main
#endif
.section .note.GNU-stack,"",%progbits
END
finds 'text relocations' relocated.S -Wl,-z,notext

cat >writable.S <<'END'
.section .both,"awx",%progbits
.byte 0
.section .note.GNU-stack,"",%progbits
END
finds 'a segment is writable and executable' writable.S

# Paths: in the text of the program, and in the debugging information, where a compiler puts its folder.
cat >path.c <<'END'
const char *const builder = "/srv/builder/tree/file.c";
END
finds 'a path of the build machine is in it: /srv/builder/tree/file.c' path.c
compiled_here() {
    # shellcheck disable=SC2086 # a list of options
    (cd "$work" && ${CC:-gcc} $good -g one.c -o one) && exits 1 hardening --path "$work" "$work/one" &&
        grep -F 'a path of the build machine' "$scratch/stdout"
}
check "a fault is found: the compiler's folder in the debugging information" compiled_here

# An object of the tree that was compiled with other options.
mkdir imgcore
cp path.c imgcore/path.c
object_without() {
    # shellcheck disable=SC2086 # a list of options
    ${CC:-gcc} $good -g -fno-stack-protector -c imgcore/path.c -o path.o && built path.o &&
        exits 1 hardening "$work/one" && grep -F '1 objects are compiled without -fstack-protector-strong, such as imgcore/path.c' "$scratch/stdout"
}
case $(${CC:-gcc} --version) in
*clang*) ;; # records no options
*) check "a fault is found: one object without the compiler's options" object_without ;;
esac

# What is no program.
printf '\177ELF\002\001' >short
check 'a damaged file is an error' exits 2 hardening "$work/short"
check 'a missing file is an error' exits 2 hardening "$work/nothing"
check 'a text is an error' exits 2 hardening "$work/one.c"
finish
