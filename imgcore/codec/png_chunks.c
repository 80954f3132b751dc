/* The chunks of a PNG, filtered: see png_chunks.h.
 *
 * Skipped chunks are not examined, so a wrong CRC there is not detected (libpng would only warn).
 * libspng checks the CRCs of its chunks, png_metadata.c those of its own. In tolerant mode an IDAT
 * is passed on in pieces with CRCs computed here, each no longer than the window: libspng requests
 * 8 KiB at a time and drops all of it if the last byte is missing, so that a small image would be
 * lost entirely. */
#include <string.h>
#include <zlib.h>

#include "imgcore/base/bytes.h"
#include "imgcore/codec/png_chunks.h"
#include "imgcore/codec/png_format.h"

#define SIGNATURE_BYTES        8u
#define IHDR_BIT_DEPTH_AT      8u
#define IHDR_COLOR_TYPE_AT     9u
#define MAX_CHUNK_LENGTH_BYTES UINT32_C(0x7fffffff)
#define COLOR_TYPE_PALETTE     3u
#define PLTE_ENTRY_BYTES       3u
#define MAX_PLTE_BYTES         (256 * PLTE_ENTRY_BYTES)
#define PIECE_BYTES            IC_INPUT_CHUNK_BYTES
#define CANCEL_STEPS           8u

enum {
    TYPE_IHDR = IC_PNG_TYPE('I', 'H', 'D', 'R'),
    TYPE_PLTE = IC_PNG_TYPE('P', 'L', 'T', 'E'),
    TYPE_IDAT = IC_PNG_TYPE('I', 'D', 'A', 'T'),
    TYPE_CGBI = IC_PNG_TYPE('C', 'g', 'B', 'I'),
    TYPE_TRNS = IC_PNG_TYPE('t', 'R', 'N', 'S'),
};

void ic_png_chunks_init(struct ic_png_chunks *chunks, struct ic_mem *mem, struct ic_input *input,
                        const struct ic_open_options *options) {
    memset(chunks, 0, sizeof(*chunks));
    chunks->mem = mem;
    chunks->input = input;
    chunks->limits = *options->limits;
    chunks->tolerant = options->tolerant;
    chunks->want_copyright = options->want_copyright;
    chunks->cancel = options->cancel;
    chunks->orientation = 1;
    chunks->icc.mem = mem;
    chunks->through_bytes = SIGNATURE_BYTES;
}

void ic_png_chunks_rewind(struct ic_png_chunks *chunks) {
    struct ic_png_chunks again = {.mem = chunks->mem,
                                  .input = chunks->input,
                                  .limits = chunks->limits,
                                  .tolerant = chunks->tolerant,
                                  .want_copyright = chunks->want_copyright,
                                  .cancel = chunks->cancel,
                                  .orientation = chunks->orientation,
                                  .copyright = chunks->copyright,
                                  .icc = chunks->icc,
                                  .tags = chunks->tags,
                                  .through_bytes = SIGNATURE_BYTES,
                                  .keeps_metadata = true};
    *chunks = again;
}

void ic_png_chunks_clear(struct ic_png_chunks *chunks) {
    ic_free(chunks->mem, chunks->copyright);
    chunks->copyright = NULL;
    ic_buf_clear(&chunks->icc);
}

bool ic_png_chunks_fail(struct ic_png_chunks *chunks, enum imgcore_status status,
                        const char *detail) {
    chunks->status = status;
    chunks->detail = detail;
    return false;
}

bool ic_png_chunks_cancelled(struct ic_png_chunks *chunks) {
    if (!ic_is_cancelled(chunks->cancel)) {
        return false;
    }
    ic_png_chunks_fail(chunks, IMGCORE_CANCELLED, "");
    return true;
}

bool ic_png_chunks_fail_end(struct ic_png_chunks *chunks) {
    return ic_png_chunks_fail(chunks, ic_input_end_status(chunks->input),
                              chunks->input->failed ? "the source reported an error"
                                                    : "the PNG ends too early");
}

bool ic_png_chunks_skip(struct ic_png_chunks *chunks, uint64_t size_bytes) {
    return ic_input_skip(chunks->input, size_bytes) || ic_png_chunks_fail_end(chunks);
}

static void pass_on(struct ic_png_chunks *chunks, const uint8_t head[IC_PNG_CHUNK_HEAD_BYTES],
                    uint64_t through_bytes) {
    memcpy(chunks->head, head, IC_PNG_CHUNK_HEAD_BYTES);
    chunks->head_left_bytes = IC_PNG_CHUNK_HEAD_BYTES;
    chunks->through_bytes = through_bytes;
}

/* The bytes of a palette that pixels of this depth can name. */
static uint32_t named_bytes(const struct ic_png_chunks *chunks) {
    return (UINT32_C(1) << chunks->bit_depth) * PLTE_ENTRY_BYTES;
}

/* Whether a palette is well-formed, but has entries that no pixel can name. */
static bool has_unnamed_entries(const struct ic_png_chunks *chunks, uint32_t length) {
    return chunks->bit_depth < 8 && length <= MAX_PLTE_BYTES && length % PLTE_ENTRY_BYTES == 0 &&
           length > named_bytes(chunks);
}

/* Passes on a palette without the entries that no pixel can name, as libpng does. The checksum is
 * that of the entire chunk, so it is checked here. */
static bool cut_palette(struct ic_png_chunks *chunks, uint32_t length,
                        const uint8_t head[IC_PNG_CHUNK_HEAD_BYTES]) {
    const uint32_t kept_bytes = named_bytes(chunks);
    if (ic_input_fill(chunks->input, length + IC_PNG_CRC_BYTES) < length + IC_PNG_CRC_BYTES) {
        return ic_png_chunks_fail_end(chunks);
    }
    const uint8_t *window = chunks->input->window;
    const uLong crc = crc32(0, head + 4, 4);
    if (ic_u32be(window + length) != crc32(crc, window, length)) {
        return ic_png_chunks_fail(chunks, IMGCORE_CORRUPT, "the checksum of a PNG chunk is wrong");
    }
    uint8_t cut_head[IC_PNG_CHUNK_HEAD_BYTES];
    memcpy(cut_head, head, sizeof(cut_head));
    ic_put_u32be(cut_head, kept_bytes);
    ic_put_u32be(chunks->tail, (uint32_t)crc32(crc, window, kept_bytes));
    chunks->tail_left_bytes = IC_PNG_CRC_BYTES;
    chunks->skip_bytes = length - kept_bytes + IC_PNG_CRC_BYTES;
    pass_on(chunks, cut_head, kept_bytes);
    return true;
}

/* Tolerant: passes on the next piece of the current IDAT as a chunk of its own. */
static bool next_piece(struct ic_png_chunks *chunks) {
    struct ic_input *input = chunks->input;
    size_t size = PIECE_BYTES;
    if (size > chunks->idat_left_bytes) {
        size = (size_t)chunks->idat_left_bytes;
    }
    /* All of it, and not what the source delivers at a time: the pieces decide how much of damaged
     * data is lost. */
    const size_t have = ic_input_fill(input, size);
    if (have == 0) {
        return ic_png_chunks_fail_end(chunks);
    }
    if (size > have) {
        size = have;
    }
    uint8_t head[IC_PNG_CHUNK_HEAD_BYTES];
    ic_put_u32be(head, (uint32_t)size);
    ic_put_u32be(head + 4, TYPE_IDAT);
    uLong crc = crc32(0, head + 4, 4);
    ic_put_u32be(chunks->tail, (uint32_t)crc32(crc, input->window, (uInt)size));
    chunks->tail_left_bytes = IC_PNG_CRC_BYTES;
    chunks->idat_left_bytes -= size;
    chunks->idat_crc_next = chunks->idat_left_bytes == 0;
    pass_on(chunks, head, size);
    return true;
}

static bool take_idat(struct ic_png_chunks *chunks, uint32_t length,
                      const uint8_t head[IC_PNG_CHUNK_HEAD_BYTES]) {
    /* IDAT after another chunk is not part of the image: libpng warns and continues. */
    if (chunks->idat_over) {
        return ic_png_chunks_skip(chunks, (uint64_t)length + IC_PNG_CRC_BYTES);
    }
    chunks->seen_idat = true;
    if (!chunks->tolerant) {
        pass_on(chunks, head, (uint64_t)length + IC_PNG_CRC_BYTES);
        return true;
    }
    chunks->idat_left_bytes = length;
    chunks->idat_crc_next = length == 0;
    return true;
}

static bool is_letter(uint8_t c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

/* Reads the header of the next chunk and checks that it can be one. */
static bool read_head(struct ic_png_chunks *chunks, uint8_t head[IC_PNG_CHUNK_HEAD_BYTES]) {
    if (!ic_input_copy(chunks->input, head, IC_PNG_CHUNK_HEAD_BYTES)) {
        return ic_png_chunks_fail_end(chunks);
    }
    for (int i = 4; i < 8; i++) {
        if (!is_letter(head[i])) {
            return ic_png_chunks_fail(chunks, IMGCORE_CORRUPT,
                                      "where a chunk should begin is something else");
        }
    }
    if (ic_u32be(head) > MAX_CHUNK_LENGTH_BYTES) {
        return ic_png_chunks_fail(chunks, IMGCORE_CORRUPT, "a chunk is longer than PNG allows");
    }
    chunks->chunk_count++;
    if (chunks->chunk_count > IC_MAX_PNG_CHUNKS) {
        return ic_png_chunks_fail(chunks, IMGCORE_TOO_LARGE, "the PNG has too many chunks");
    }
    if (chunks->chunk_count > 1 || ic_u32be(head + 4) == TYPE_IHDR) {
        return true;
    }
    if (ic_u32be(head + 4) == TYPE_CGBI) {
        return ic_png_chunks_fail(chunks, IMGCORE_UNSUPPORTED, "Apple's CgBI variant of PNG");
    }
    return ic_png_chunks_fail(chunks, IMGCORE_CORRUPT, "the first chunk is not IHDR");
}

/* Processes one chunk of the file: passes it on, reads it or skips it. */
static bool next_chunk(struct ic_png_chunks *chunks) {
    uint8_t head[IC_PNG_CHUNK_HEAD_BYTES];
    if (!read_head(chunks, head)) {
        return false;
    }
    uint32_t length = ic_u32be(head);
    uint32_t type = ic_u32be(head + 4);
    if (type == TYPE_IDAT) {
        return take_idat(chunks, length, head);
    }
    chunks->idat_over = chunks->seen_idat;
    if (chunks->chunk_count == 1 && length == IC_PNG_IHDR_BYTES) {
        if (ic_input_fill(chunks->input, IC_PNG_IHDR_BYTES) < IC_PNG_IHDR_BYTES) {
            return ic_png_chunks_fail_end(chunks);
        }
        chunks->bit_depth = chunks->input->window[IHDR_BIT_DEPTH_AT];
        chunks->color_type = chunks->input->window[IHDR_COLOR_TYPE_AT];
    }
    bool critical = (head[4] & 0x20) == 0;
    if (type == TYPE_PLTE) {
        if (chunks->seen_plte && chunks->color_type == COLOR_TYPE_PALETTE) {
            return ic_png_chunks_fail(chunks, IMGCORE_CORRUPT, "there is a second palette");
        }
        chunks->seen_plte = true;
        /* In other colour types a palette is only a hint for displays of few colours, whatever its
         * errors. */
        critical = chunks->color_type == COLOR_TYPE_PALETTE;
    }
    if (type == TYPE_PLTE && critical && has_unnamed_entries(chunks, length)) {
        return cut_palette(chunks, length, head);
    }
    if (critical || (type == TYPE_TRNS && !chunks->seen_idat)) {
        pass_on(chunks, head, (uint64_t)length + IC_PNG_CRC_BYTES);
        return true;
    }
    return ic_png_metadata_take(chunks, type, length, head);
}

/* Moves on to data that is passed on; several calls may be needed. */
static bool advance(struct ic_png_chunks *chunks) {
    if (chunks->skip_bytes != 0) {
        const uint64_t size_bytes = chunks->skip_bytes;
        chunks->skip_bytes = 0;
        return ic_png_chunks_skip(chunks, size_bytes);
    }
    if (chunks->idat_left_bytes != 0) {
        return next_piece(chunks);
    }
    if (chunks->idat_crc_next) {
        chunks->idat_crc_next = false;
        return ic_png_chunks_skip(chunks, IC_PNG_CRC_BYTES);
    }
    return next_chunk(chunks);
}

static size_t smaller(size_t a, size_t b) {
    return a < b ? a : b;
}

/* Checks for cancellation at every CANCEL_STEPS steps, each of which is at most a chunk that is
 * skipped or one of libspng's reads of 8 KiB. */
static bool step_is_cancelled(struct ic_png_chunks *chunks) {
    if (++chunks->steps < CANCEL_STEPS) {
        return false;
    }
    chunks->steps = 0;
    return ic_png_chunks_cancelled(chunks);
}

bool ic_png_chunks_read(struct ic_png_chunks *chunks, uint8_t *out, size_t size_bytes) {
    while (size_bytes != 0) {
        if (step_is_cancelled(chunks)) {
            return false;
        }
        size_t step;
        if (chunks->head_left_bytes != 0) {
            step = smaller(size_bytes, chunks->head_left_bytes);
            memcpy(out, chunks->head + IC_PNG_CHUNK_HEAD_BYTES - chunks->head_left_bytes, step);
            chunks->head_left_bytes -= step;
        } else if (chunks->through_bytes != 0) {
            step = chunks->through_bytes < size_bytes ? (size_t)chunks->through_bytes : size_bytes;
            if (!ic_input_copy(chunks->input, out, step)) {
                return ic_png_chunks_fail_end(chunks);
            }
            chunks->through_bytes -= step;
        } else if (chunks->tail_left_bytes != 0) {
            step = smaller(size_bytes, chunks->tail_left_bytes);
            memcpy(out, chunks->tail + IC_PNG_CRC_BYTES - chunks->tail_left_bytes, step);
            chunks->tail_left_bytes -= step;
        } else {
            if (!advance(chunks)) {
                return false;
            }
            continue;
        }
        out += step;
        size_bytes -= step;
    }
    return true;
}
