/* The fast reader for the pixels of a PNG: see png_fast.h.
 *
 * igzip (of ISA-L) is about as fast as libdeflate (73 ms against 69 for 48 MB, zlib 153) and takes
 * its input in pieces, so that memory does not grow with the image. It checks less than zlib: it
 * accepts an incomplete set of Huffman codes until an unused one occurs. No known encoder writes
 * such data; with correct checksums it is accepted here.
 *
 * Output of igzip is not used after it has reported an error: its last bytes may be undefined. */
#include <isa-l/crc.h>
#include <isa-l/igzip_lib.h>
#include <spng.h>
#include <string.h>

#include "imgcore/base/bytes.h"
#include "imgcore/base/checked.h"
#include "imgcore/codec/png_fast.h"
#include "imgcore/codec/png_format.h"

/* The most compressed bytes per step: the checksum reads them first, and they should still be in
 * the cache. */
#define PIECE_BYTES IC_INPUT_CHUNK_BYTES
/* libspng decompresses an IDAT in steps of this size, and no step that is incomplete. */
#define STEP_BYTES ((size_t)8192)
/* The length of a row, with its filter byte, times the rows of a strip fits igzip's 32 bits. */
#define MAX_ROW_BYTES   ((size_t)1 << 24)
#define ZLIB_HEAD_BYTES 2u
#define FILTER_COUNT    5u

struct ic_png_fast {
    struct ic_mem *mem;
    struct ic_png_chunks *chunks;
    struct ic_png_fast_setup setup;
    struct inflate_state *inflate;

    /* The current IDAT: bytes not yet passed to igzip, and the CRC of the others. */
    uint64_t idat_left_bytes;
    uint32_t crc;
    uint8_t head[IC_PNG_CHUNK_HEAD_BYTES]; /* of the current chunk */
    bool over;                             /* the current chunk is not an IDAT */

    uint32_t next_row;
    uint8_t *packed; /* decompressed rows, each after its filter byte; it already holds the filter
                        byte of the next row */
    uint8_t *above;  /* the last row delivered, zeros before the first */
    uint8_t filter;  /* of the first row, until `packed` is allocated */
};

bool ic_png_fast_takes(size_t row_bytes) {
    return row_bytes < MAX_ROW_BYTES;
}

/* ---- IDATs to bytes -------------------------------------------------------------------------- */

static void begin_idat(struct ic_png_fast *fast) {
    fast->idat_left_bytes = fast->chunks->through_bytes - IC_PNG_CRC_BYTES;
    fast->chunks->through_bytes = 0; /* read by this reader from here on */
    fast->crc = crc32_gzip_refl(0, (const unsigned char *)"IDAT", 4);
}

/* Ends the current IDAT and starts the next one. SPNG_EIDAT_TOO_SHORT: another chunk follows, and
 * is the current one. */
static int next_idat(struct ic_png_fast *fast) {
    uint8_t crc[IC_PNG_CRC_BYTES];
    struct ic_png_chunks *chunks = fast->chunks;
    chunks->through_bytes = IC_PNG_CRC_BYTES;
    if (!ic_png_chunks_read(chunks, crc, sizeof(crc))) {
        return SPNG_IO_ERROR;
    }
    if (ic_u32be(crc) != fast->crc) {
        return SPNG_ECHUNK_CRC;
    }
    if (!ic_png_chunks_read(chunks, fast->head, sizeof(fast->head))) {
        return SPNG_IO_ERROR;
    }
    fast->over = memcmp(fast->head + 4, "IDAT", 4) != 0;
    if (fast->over) {
        return SPNG_EIDAT_TOO_SHORT;
    }
    begin_idat(fast);
    return 0;
}

/* Gets bytes of the IDATs, at least one, valid until the next call. */
static int next_piece(struct ic_png_fast *fast, const uint8_t **bytes, size_t *size_bytes) {
    struct ic_input *input = fast->chunks->input;
    while (fast->idat_left_bytes == 0) {
        int code = next_idat(fast);
        if (code != 0) {
            return code;
        }
    }
    if (ic_png_chunks_cancelled(fast->chunks)) {
        return SPNG_IO_ERROR;
    }
    const uint64_t left = fast->idat_left_bytes;
    const size_t step = left < STEP_BYTES ? (size_t)left : STEP_BYTES;
    size_t size = ic_input_fill(input, step);
    if (size < step) {
        ic_png_chunks_fail_end(fast->chunks);
        return SPNG_IO_ERROR;
    }
    size = size < PIECE_BYTES ? size : PIECE_BYTES;
    size = size < left ? size - size % STEP_BYTES : (size_t)left;
    *bytes = input->window;
    *size_bytes = size;
    fast->crc = crc32_gzip_refl(fast->crc, *bytes, size);
    fast->idat_left_bytes -= size;
    ic_input_use(input, size); /* the bytes stay valid until the window is filled again */
    return 0;
}

static int feed(struct ic_png_fast *fast) {
    const uint8_t *bytes;
    size_t size_bytes;
    int code = next_piece(fast, &bytes, &size_bytes);
    if (code == 0) {
        fast->inflate->next_in = (uint8_t *)(uintptr_t)bytes; /* igzip does not write to it */
        fast->inflate->avail_in = (uint32_t)size_bytes;
    }
    return code;
}

/* Checks the zlib header by zlib's rules: igzip's own check limits a file to the window that it
 * states, which neither zlib nor libpng does. */
static int read_zlib_head(struct ic_png_fast *fast) {
    uint8_t head[ZLIB_HEAD_BYTES];
    for (size_t i = 0; i < sizeof(head); i++) {
        while (fast->inflate->avail_in == 0) {
            int code = feed(fast);
            if (code != 0) {
                return code;
            }
        }
        head[i] = *fast->inflate->next_in++;
        fast->inflate->avail_in--;
    }
    const bool deflate = (head[0] & 15) == 8 && head[0] >> 4 <= 7;
    const bool dictionary = (head[1] & 0x20) != 0;
    return ic_u16be(head) % 31 == 0 && deflate && !dictionary ? 0 : SPNG_EIDAT_STREAM;
}

/* Decompresses `size_bytes` bytes to `out`. */
static int unpack(struct ic_png_fast *fast, uint8_t *out, size_t size_bytes) {
    struct inflate_state *inflate = fast->inflate;
    inflate->next_out = out;
    inflate->avail_out = (uint32_t)size_bytes;
    while (inflate->avail_out != 0) {
        const uint32_t out_before = inflate->avail_out, in_before = inflate->avail_in;
        if (isal_inflate(inflate) != ISAL_DECOMP_OK) {
            return SPNG_EIDAT_STREAM;
        }
        if (inflate->avail_out != out_before) {
            continue;
        }
        if (inflate->block_state == ISAL_BLOCK_FINISH ||
            inflate->block_state == ISAL_CHECKSUM_CHECK) {
            return SPNG_EIDAT_TOO_SHORT;
        }
        if (inflate->avail_in != 0) {
            if (inflate->avail_in == in_before) {
                return SPNG_EIDAT_STREAM; /* no progress */
            }
            continue;
        }
        int code = feed(fast);
        if (code != 0) {
            return code;
        }
    }
    return 0;
}

/* ---- rows ------------------------------------------------------------------------------------ */

int ic_png_fast_open(struct ic_mem *mem, struct ic_png_chunks *chunks,
                     const struct ic_png_fast_setup *setup, struct ic_png_fast **opened) {
    *opened = NULL;
    struct ic_png_fast *fast = ic_calloc(mem, 1, sizeof(*fast));
    if (fast == NULL) {
        return SPNG_EMEM;
    }
    fast->mem = mem;
    fast->chunks = chunks;
    fast->setup = *setup;
    int code = SPNG_EMEM;
    fast->inflate = ic_alloc(mem, sizeof(*fast->inflate));
    if (fast->inflate != NULL) {
        isal_inflate_init(fast->inflate);
        fast->inflate->crc_flag = ISAL_ZLIB_NO_HDR_VER;
        begin_idat(fast);
        code = read_zlib_head(fast);
    }
    if (code == 0) {
        code = unpack(fast, &fast->filter, 1);
    }
    if (code == 0 && fast->filter >= FILTER_COUNT) {
        code = SPNG_EFILTER;
    }
    if (code != 0) {
        ic_png_fast_destroy(fast);
        return code;
    }
    *opened = fast;
    return 0;
}

bool ic_png_fast_allocate(struct ic_png_fast *fast, uint32_t strip_rows) {
    const size_t row_bytes = fast->setup.row_bytes;
    size_t packed_bytes;
    if (!ic_mul_size(row_bytes + 1, strip_rows, &packed_bytes) ||
        !ic_add_size(packed_bytes, IC_ROW_SLACK_BYTES, &packed_bytes)) {
        fast->mem->status = IMGCORE_BUDGET;
        return false;
    }
    fast->packed = ic_alloc(fast->mem, packed_bytes);
    fast->above = ic_calloc(fast->mem, 1, row_bytes);
    if (fast->packed == NULL || fast->above == NULL) {
        return false;
    }
    fast->packed[0] = fast->filter;
    return true;
}

/* Whether every filter in the first `size_bytes` is valid; the first one was checked before. */
static bool filters_exist(const struct ic_png_fast *fast, size_t size_bytes) {
    const size_t packed_stride = fast->setup.row_bytes + 1;
    for (size_t at = packed_stride; at <= size_bytes; at += packed_stride) {
        if (fast->packed[at] >= FILTER_COUNT) {
            return false;
        }
    }
    return true;
}

int ic_png_fast_rows(struct ic_png_fast *fast, uint32_t count, uint8_t *out,
                     ptrdiff_t stride_bytes) {
    const size_t row_bytes = fast->setup.row_bytes, packed_stride = row_bytes + 1;
    /* The data of a row includes the filter byte of the next one; the last row has none after it.
     */
    const bool last = count == fast->setup.rows - fast->next_row;
    const size_t wanted_bytes = packed_stride * count - last;
    int code = unpack(fast, fast->packed + 1, wanted_bytes);
    /* For SSE4 on a CPU with AVX: a PNG of 16 MP to four sizes takes 105 ms, and took 172. */
    ic_clear_upper_halves();
    if (code != SPNG_EIDAT_STREAM &&
        !filters_exist(fast, wanted_bytes - fast->inflate->avail_out)) {
        code = SPNG_EFILTER; /* it precedes the other fault */
    }
    if (code != 0) {
        return code;
    }
    fast->setup.kernels->png_unfilter[fast->setup.pixel_bytes](
        fast->packed + 1, (ptrdiff_t)packed_stride, fast->above, out, stride_bytes, count,
        row_bytes);
    memcpy(fast->above, out + (ptrdiff_t)(count - 1) * stride_bytes, row_bytes);
    if (!last) {
        fast->packed[0] = fast->packed[count * packed_stride];
    }
    fast->next_row += count;
    return 0;
}

/* ---- the end --------------------------------------------------------------------------------- */

/* Decompresses up to the checksum of the pixels, which should give no more bytes.
 * SPNG_EIDAT_TOO_SHORT: there is more data, or no end. `strict`: reads all IDATs; else only the
 * bytes available, as libspng does. */
static int finish_data(struct ic_png_fast *fast, bool strict) {
    struct inflate_state *inflate = fast->inflate;
    uint8_t nothing[1];
    for (;;) {
        inflate->next_out = nothing;
        inflate->avail_out = 0;
        if (isal_inflate(inflate) != ISAL_DECOMP_OK) {
            return SPNG_EIDAT_STREAM;
        }
        if (inflate->block_state == ISAL_BLOCK_FINISH) {
            return 0;
        }
        if (inflate->tmp_out_valid != inflate->tmp_out_processed || inflate->avail_in != 0 ||
            !strict) {
            return SPNG_EIDAT_TOO_SHORT;
        }
        int code = feed(fast);
        if (code != 0) {
            return code;
        }
    }
}

/* Reads the rest of the IDATs for their checksums. */
static int skip_idats(struct ic_png_fast *fast) {
    const uint8_t *bytes;
    size_t size_bytes;
    int code = 0;
    while (code == 0) {
        code = next_piece(fast, &bytes, &size_bytes);
    }
    return code == SPNG_EIDAT_TOO_SHORT ? 0 : code;
}

int ic_png_fast_finish(struct ic_png_fast *fast, bool strict) {
    int code = finish_data(fast, strict);
    if (code != 0 && (strict || code != SPNG_EIDAT_TOO_SHORT)) {
        return code;
    }
    code = fast->over ? 0 : skip_idats(fast);
    if (code != 0) {
        return code;
    }
    if (memcmp(fast->head + 4, "IEND", 4) != 0) {
        const bool known = memcmp(fast->head + 4, "IHDR", 4) == 0;
        return known ? SPNG_ECHUNK_POS : SPNG_ECHUNK_UNKNOWN_CRITICAL;
    }
    if (ic_u32be(fast->head) != 0) {
        return SPNG_ECHUNK_SIZE;
    }
    uint8_t crc[IC_PNG_CRC_BYTES];
    if (!ic_png_chunks_read(fast->chunks, crc, sizeof(crc))) {
        return SPNG_IO_ERROR;
    }
    const uint32_t right = crc32_gzip_refl(0, (const unsigned char *)"IEND", 4);
    return ic_u32be(crc) == right ? 0 : SPNG_ECHUNK_CRC;
}

void ic_png_fast_destroy(struct ic_png_fast *fast) {
    if (fast != NULL) {
        ic_free(fast->mem, fast->inflate);
        ic_free(fast->mem, fast->packed);
        ic_free(fast->mem, fast->above);
        ic_free(fast->mem, fast);
    }
}
