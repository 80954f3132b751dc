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

/* The kernels of target t, with the own reader for plain C, too. False: this CPU does not run it.
 */
static inline bool kernels_of(size_t t, struct ic_kernels *kernels) {
    if (!ic_target_usable(t)) {
        return false;
    }
    ic_target_kernels(t, kernels);
    kernels->reads_jpeg = true;
    return true;
}

/* All rows are those of libjpeg, by the own reader in one reading. */
static inline void check_read_once(const struct blob *file, const struct how *how,
                                   const struct how *own_how, const struct stream *stream) {
    struct decoded library = decode(file, how);
    struct decoded own = decode(file, own_how);
    assert_same_picture(&library, &own);
    assert_true(is_own(&own));
    assert_int_equal(own.consumed, file->size_bytes);
    assert_int_equal(stream->rewound, 0);
    decoded_free(&library);
    decoded_free(&own);
}

static struct ic_kernels best_kernels(void) {
    struct ic_kernels kernels;
    kernels_of(ic_target_choose(NULL), &kernels);
    return kernels;
}

#endif
