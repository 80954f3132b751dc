/* The public header as a later version will have it: a few fields more at the end of each struct
 * that grows. */
#ifndef TESTS_ABI_NEWER_H
#define TESTS_ABI_NEWER_H

#include "imgcore/imgcore.h"

struct newer_info {
    struct imgcore_info known;
    uint64_t more[3];
};

struct newer_options {
    struct imgcore_options known;
    uint64_t more[5];
};

struct newer_output {
    struct imgcore_output known;
    uint64_t more[3];
};

struct newer_resize_options {
    struct imgcore_resize_options known;
    uint64_t more[1];
};

/* What checks-inl.h calls the structs, and the part of them that the library knows. */
#define INFO           struct newer_info
#define OPTIONS        struct newer_options
#define OUTPUT         struct newer_output
#define RESIZE_OPTIONS struct newer_resize_options
#define KNOWN(pointer) (&(pointer)->known)

#endif
