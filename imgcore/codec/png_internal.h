/* The PNG reader's own, for png_read.c and png_passes.c. */
#ifndef IC_PNG_INTERNAL_H
#define IC_PNG_INTERNAL_H

#include <spng.h>

#include "imgcore/codec/png_chunks.h"
#include "imgcore/codec/png_expand.h"
#include "imgcore/codec/png_fast.h"
#include "imgcore/codec/reader.h"

struct png_reader {
    struct ic_reader base; /* first: the pipeline knows the reader by it */
    struct ic_mem *mem;
    const struct ic_kernels *kernels; /* NULL: libspng alone decodes */
    struct ic_cancel *cancel;         /* NULL: the call cannot be cancelled */
    spng_ctx *spng;
    struct ic_png_chunks chunks;
    struct ic_png_fast *fast; /* decodes the rows, as long as it is not NULL */
    bool rewinds;             /* the input can be read again, from `begin` */
    struct ic_input begin;
    struct ic_png_expand expand;
    bool tolerant;
    bool interlaced;
    bool whole_ready;
    size_t reserved_bytes;

    uint8_t *strip; /* strip_rows rows of stride_bytes */
    size_t stride_bytes;
    uint32_t strip_rows;
    uint8_t *raw; /* the file's samples: a strip of rows for the fast reader, one row for libspng,
                     all if interlaced; NULL if rows come as wanted */
    uint32_t next_row;

    /* Tolerant: the data ended in row `damage_row` of pass `damage_pass` (0 if not interlaced). */
    bool damaged;
    int damage_pass;
    uint32_t damage_row;
};

/* `error` for a code of libspng. */
enum imgcore_status ic_png_fail(const struct png_reader *png, int code,
                                struct imgcore_error *error);

/* Decodes the next row of a pass (or of the picture) to `raw` with libspng; *ended: there was none.
 * Tolerant: damage is noted in png->damaged. */
enum imgcore_status ic_png_decode_row(struct png_reader *png, uint8_t *raw, bool *ended,
                                      struct imgcore_error *error);
bool ic_png_forgives(const struct png_reader *png, int code);

/* An interlaced picture: all passes into png->raw, once; then its rows one by one. */
enum imgcore_status ic_png_decode_passes(struct png_reader *png, struct imgcore_error *error);
void ic_png_interlaced_row(const struct png_reader *png, uint8_t *out, uint32_t y);

#endif
