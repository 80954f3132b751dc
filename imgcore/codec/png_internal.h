/* The state of the PNG reader, shared by png_read.c, png_row.c and png_passes.c. */
#ifndef IC_PNG_INTERNAL_H
#define IC_PNG_INTERNAL_H

#include <spng.h>

#include "imgcore/codec/png_chunks.h"
#include "imgcore/codec/png_expand.h"
#include "imgcore/codec/png_fast.h"
#include "imgcore/codec/reader.h"

struct png_reader {
    struct ic_reader base; /* first member, see reader.h */
    struct ic_mem *mem;
    const struct ic_kernels *kernels; /* NULL: only libspng decodes */
    struct ic_cancel *cancel;         /* NULL: the call cannot be cancelled */
    spng_ctx *spng;
    struct ic_png_chunks chunks;
    struct ic_png_fast *fast; /* decodes the rows unless it is NULL */
    bool rewinds;             /* the input can be read again, from `begin` */
    struct ic_input begin;
    struct ic_png_expand expand;
    bool tolerant;
    bool interlaced;
    bool passes_decoded;
    size_t reserved_bytes;

    uint8_t *strip; /* strip_rows rows of stride_bytes */
    size_t stride_bytes;
    uint32_t strip_rows;
    uint8_t *raw; /* samples as stored: a strip of rows for the fast reader, one row for libspng,
                     the entire image if interlaced; NULL if rows need no conversion */
    uint32_t next_row;

    /* Tolerant: the data ended in row `damage_row` of pass `damage_pass` (0 if not interlaced). */
    bool damaged;
    int damage_pass;
    uint32_t damage_row;
};

/* Fills `error` for a code of libspng; returns its status. */
enum imgcore_status ic_png_fail(const struct png_reader *png, int code,
                                struct imgcore_error *error);

/* Decodes the next row of a pass (or of the image) to `raw` with libspng; *ended: there was none.
 * Tolerant: sets png->damaged at damage. */
enum imgcore_status ic_png_decode_row(struct png_reader *png, uint8_t *raw, bool *ended,
                                      struct imgcore_error *error);
bool ic_png_forgives(const struct png_reader *png, int code);

/* An interlaced image: decodes all passes into png->raw, once; then expands its rows one by one. */
enum imgcore_status ic_png_decode_passes(struct png_reader *png, struct imgcore_error *error);
void ic_png_interlaced_row(const struct png_reader *png, uint8_t *out, uint32_t y);

#endif
