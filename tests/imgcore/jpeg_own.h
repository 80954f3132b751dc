/* Reading with and without the own JPEG reader, for its tests. Everything is static: see
 * jpeg_files.h. */
#ifndef TESTS_JPEG_OWN_H
#define TESTS_JPEG_OWN_H

#include "jpeg_files.h"

static const int scales[] = {1, 2, 4, 8};

static bool is_own(const struct decoded *decoded) {
    return decoded->decoder != NULL && strcmp(decoded->decoder, IC_DECODER_OWN) == 0;
}

/* Reads with and without the own reader; returns whether it has read all rows. */
static inline bool compare(const struct blob *file, const struct how *how,
                           const struct ic_kernels *kernels) {
    struct how own_how = *how;
    own_how.kernels = kernels;
    struct decoded library = decode(file, how);
    struct decoded own = decode(file, &own_how);
    assert_int_equal(library.status, own.status);
    if (library.status == IMGCORE_OK) {
        assert_same_picture(&library, &own);
    } else {
        assert_string_equal(library.error.detail, own.error.detail);
    }
    const bool by_own = own.status == IMGCORE_OK && is_own(&own);
    assert_false(is_own(&library));
    assert_false(by_own && own.fallback != NULL);
    decoded_free(&library);
    decoded_free(&own);
    return by_own;
}

static struct ic_kernels best_kernels(void) {
    struct ic_kernels kernels;
    ic_target_kernels(ic_target_choose(NULL), &kernels);
    kernels.reads_jpeg = true; /* plain C, too, where there is nothing else */
    return kernels;
}

#endif
