/* The chunks of a PNG, filtered: see png_chunks.h.
 *
 * Skipped chunks are not examined, so a wrong CRC there is not detected (libpng would only warn).
 * libspng checks the CRCs of its chunks; those of eXIf and iCCP are checked here. In tolerant mode
 * an IDAT is passed on in pieces with CRCs computed here, each no longer than the window: libspng
 * requests 8 KiB at a time and drops all of it if the last byte is missing, so that a small image
 * would be lost entirely. */
#include <string.h>
#include <zlib.h>

#include "imgcore/base/bytes.h"
#include "imgcore/codec/exif.h"
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

/* A profile begins with its size, a header and the number of its tags. */
#define MIN_PROFILE_BYTES 132u

/* The name of a profile has 1 to 79 bytes and a NUL; an empty one is accepted. */
#define MAX_KEYWORD_BYTES 79u

#define TYPE(a, b, c, d) ((uint32_t)(a) << 24 | (uint32_t)(b) << 16 | (uint32_t)(c) << 8 | (d))

enum {
    TYPE_IHDR = TYPE('I', 'H', 'D', 'R'),
    TYPE_PLTE = TYPE('P', 'L', 'T', 'E'),
    TYPE_IDAT = TYPE('I', 'D', 'A', 'T'),
    TYPE_CGBI = TYPE('C', 'g', 'B', 'I'),
    TYPE_TRNS = TYPE('t', 'R', 'N', 'S'),
    TYPE_EXIF = TYPE('e', 'X', 'I', 'f'),
    TYPE_ICCP = TYPE('i', 'C', 'C', 'P'),
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
                                  .through_bytes = SIGNATURE_BYTES,
                                  .seen_exif = true,
                                  .seen_icc = true};
    *chunks = again;
}

void ic_png_chunks_clear(struct ic_png_chunks *chunks) {
    ic_free(chunks->mem, chunks->copyright);
    chunks->copyright = NULL;
    ic_buf_clear(&chunks->icc);
}

static bool fail(struct ic_png_chunks *chunks, enum imgcore_status status, const char *detail) {
    chunks->status = status;
    chunks->detail = detail;
    return false;
}

bool ic_png_chunks_cancelled(struct ic_png_chunks *chunks) {
    if (!ic_is_cancelled(chunks->cancel)) {
        return false;
    }
    fail(chunks, IMGCORE_CANCELLED, "");
    return true;
}

void ic_png_chunks_fail_end(struct ic_png_chunks *chunks) {
    fail(chunks, ic_input_end_status(chunks->input),
         chunks->input->failed ? "the source reported an error" : "the PNG ends too early");
}

static bool fail_end(struct ic_png_chunks *chunks) {
    ic_png_chunks_fail_end(chunks);
    return false;
}

static bool fail_memory(struct ic_png_chunks *chunks) {
    return fail(chunks, chunks->mem->status, "the metadata of the PNG does not fit");
}

static bool skip(struct ic_png_chunks *chunks, uint64_t size_bytes) {
    return ic_input_skip(chunks->input, size_bytes) || fail_end(chunks);
}

/* A chunk that is read here: its remaining bytes, and the CRC so far. */
struct own_chunk {
    uint32_t left_bytes;
    uLong crc;
};

/* Gets the available bytes of `chunk`, at least one unless it is at its end; false: the input
 * ended. */
static bool look(struct ic_png_chunks *chunks, const struct own_chunk *chunk, size_t *size_bytes) {
    size_t have = 0;
    if (chunk->left_bytes != 0) {
        have = ic_input_fill(chunks->input, 1);
        if (have == 0) {
            return fail_end(chunks);
        }
    }
    *size_bytes = have < chunk->left_bytes ? have : chunk->left_bytes;
    if (*size_bytes > IC_INPUT_CHUNK_BYTES) {
        *size_bytes = IC_INPUT_CHUNK_BYTES;
    }
    return true;
}

static void use(struct ic_png_chunks *chunks, struct own_chunk *chunk, size_t size_bytes) {
    chunk->crc = crc32(chunk->crc, chunks->input->window, (uInt)size_bytes);
    chunk->left_bytes -= (uint32_t)size_bytes;
    ic_input_use(chunks->input, size_bytes);
}

/* Reads to the end of `chunk`, including its CRC, and reports whether that is correct. */
static bool close_chunk(struct ic_png_chunks *chunks, struct own_chunk *chunk, bool *crc_right) {
    while (chunk->left_bytes != 0) {
        size_t have;
        if (!look(chunks, chunk, &have)) {
            return false;
        }
        use(chunks, chunk, have);
    }
    uint8_t crc[IC_PNG_CRC_BYTES];
    if (!ic_input_copy(chunks->input, crc, sizeof(crc))) {
        return fail_end(chunks);
    }
    *crc_right = ic_u32be(crc) == chunk->crc;
    return true;
}

/* Reads orientation and copyright. Some writers put the prefix of JPEG before the TIFF structure.
 */
static bool parse_exif(struct ic_png_chunks *chunks, const uint8_t *bytes, size_t size_bytes) {
    static const uint8_t prefix[6] = {'E', 'x', 'i', 'f', 0, 0};
    if (size_bytes >= sizeof(prefix) && memcmp(bytes, prefix, sizeof(prefix)) == 0) {
        bytes += sizeof(prefix);
        size_bytes -= sizeof(prefix);
    }
    chunks->orientation = ic_exif_orientation(bytes, size_bytes);
    if (chunks->want_copyright) {
        chunks->mem->status = IMGCORE_OK;
        chunks->copyright = ic_exif_copyright(chunks->mem, bytes, size_bytes);
        if (chunks->copyright == NULL && chunks->mem->status != IMGCORE_OK) {
            return fail_memory(chunks);
        }
    }
    return true;
}

static bool take_exif(struct ic_png_chunks *chunks, struct own_chunk chunk) {
    /* It grows with the bytes that arrive, since the length is only a claim. */
    struct ic_buf exif = {.mem = chunks->mem};
    bool ok = true;
    while (ok && chunk.left_bytes != 0) {
        size_t have;
        ok = look(chunks, &chunk, &have);
        if (ok && !ic_buf_append(&exif, chunks->input->window, have)) {
            ok = fail_memory(chunks);
        }
        if (ok) {
            use(chunks, &chunk, have);
        }
    }
    bool crc_right = false;
    ok = ok && close_chunk(chunks, &chunk, &crc_right);
    if (ok && crc_right) {
        ok = parse_exif(chunks, exif.bytes, exif.size_bytes);
    }
    ic_buf_clear(&exif);
    return ok;
}

static voidpf zlib_alloc(voidpf opaque, uInt items, uInt size_bytes) {
    return ic_calloc(opaque, items, size_bytes);
}

static void zlib_free(voidpf opaque, voidpf block) {
    ic_free(opaque, block);
}

/* Decompresses the rest of `chunk` into chunks->icc; *ended reports whether the data had an end.
 * False only for a reason to reject the file: its end, a limit, memory. */
static bool inflate_icc(struct ic_png_chunks *chunks, struct own_chunk *chunk, z_stream *z,
                        bool *ended) {
    uint8_t out[4096];
    int result = Z_OK;
    *ended = false;
    while (result == Z_OK) {
        size_t have;
        if (!look(chunks, chunk, &have)) {
            return false;
        }
        if (have == 0) {
            return true; /* the chunk ends before the compressed data does */
        }
        z->next_in = (z_const Bytef *)chunks->input->window;
        z->avail_in = (uInt)have;
        do {
            z->next_out = out;
            z->avail_out = sizeof(out);
            result = inflate(z, Z_NO_FLUSH);
            size_t got = sizeof(out) - z->avail_out;
            if (got > chunks->limits.icc_bytes - chunks->icc.size_bytes) {
                return fail(chunks, IMGCORE_TOO_LARGE,
                            "the ICC profile is larger than the limit when unpacked");
            }
            if (!ic_buf_append(&chunks->icc, out, got)) {
                return fail_memory(chunks);
            }
        } while (result == Z_OK && z->avail_out == 0);
        if (result == Z_BUF_ERROR) {
            result = Z_OK; /* all input used: not an error, more follows */
        }
        use(chunks, chunk, have - z->avail_in);
    }
    *ended = result == Z_STREAM_END;
    return result != Z_MEM_ERROR || fail_memory(chunks);
}

/* Whether the profile is whole: it has as many bytes as it states, more of which are dropped.
 * Otherwise the end of the compressed data counts. So, as in libpng, damage behind a whole profile
 * does no harm, such as a checksum that is wrong or missing. */
static bool cut_profile(struct ic_buf *icc, bool ended) {
    const size_t stated_bytes = icc->size_bytes < MIN_PROFILE_BYTES ? 0 : ic_u32be(icc->bytes);
    if (stated_bytes < MIN_PROFILE_BYTES || stated_bytes > icc->size_bytes) {
        return ended;
    }
    icc->size_bytes = stated_bytes;
    return true;
}

static bool take_icc(struct ic_png_chunks *chunks, struct own_chunk chunk) {
    uint32_t want = chunk.left_bytes;
    if (want > MAX_KEYWORD_BYTES + 2) {
        want = MAX_KEYWORD_BYTES + 2;
    }
    if (ic_input_fill(chunks->input, want) < want) {
        return fail_end(chunks);
    }
    const uint8_t *window = chunks->input->window;
    size_t name_bytes = 0;
    while (name_bytes < want && window[name_bytes] != 0) {
        name_bytes++;
    }
    bool ended = false;
    bool ok = true;
    if (name_bytes + 1 < want && window[name_bytes + 1] == 0) { /* 0: the only compression method */
        use(chunks, &chunk, name_bytes + 2);
        z_stream z = {.zalloc = zlib_alloc, .zfree = zlib_free, .opaque = chunks->mem};
        if (inflateInit(&z) != Z_OK) {
            return fail_memory(chunks);
        }
        ok = inflate_icc(chunks, &chunk, &z, &ended);
        inflateEnd(&z);
    }
    bool crc_right = false;
    ok = ok && close_chunk(chunks, &chunk, &crc_right);
    if (!ok || !crc_right || !cut_profile(&chunks->icc, ended)) {
        ic_buf_clear(&chunks->icc);
    }
    return ok;
}

/* Reads or skips an ancillary chunk that libspng does not get. */
static bool take_or_skip(struct ic_png_chunks *chunks, uint32_t type, uint32_t length,
                         const uint8_t head[IC_PNG_CHUNK_HEAD_BYTES]) {
    struct own_chunk chunk = {.left_bytes = length};
    chunk.crc = crc32(0, head + 4, 4);
    /* As in libpng, colour information after the palette is ignored, and everything after IDAT. */
    bool color_counts = !chunks->seen_plte && !chunks->seen_idat;
    if (type == TYPE_EXIF && !chunks->seen_idat && !chunks->seen_exif && length != 0 &&
        length <= chunks->limits.metadata_bytes) {
        chunks->seen_exif = true;
        return take_exif(chunks, chunk);
    }
    if (type == TYPE_ICCP && color_counts && !chunks->seen_icc) {
        chunks->seen_icc = true;
        return take_icc(chunks, chunk);
    }
    return skip(chunks, (uint64_t)length + IC_PNG_CRC_BYTES);
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
        return fail_end(chunks);
    }
    const uint8_t *window = chunks->input->window;
    const uLong crc = crc32(0, head + 4, 4);
    if (ic_u32be(window + length) != crc32(crc, window, length)) {
        return fail(chunks, IMGCORE_CORRUPT, "the checksum of a PNG chunk is wrong");
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
    size_t size = ic_input_fill(input, 1);
    if (size == 0) {
        return fail_end(chunks);
    }
    if (size > PIECE_BYTES) {
        size = PIECE_BYTES;
    }
    if (size > chunks->idat_left_bytes) {
        size = (size_t)chunks->idat_left_bytes;
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
        return skip(chunks, (uint64_t)length + IC_PNG_CRC_BYTES);
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
        return fail_end(chunks);
    }
    for (int i = 4; i < 8; i++) {
        if (!is_letter(head[i])) {
            return fail(chunks, IMGCORE_CORRUPT, "where a chunk should begin is something else");
        }
    }
    if (ic_u32be(head) > MAX_CHUNK_LENGTH_BYTES) {
        return fail(chunks, IMGCORE_CORRUPT, "a chunk is longer than PNG allows");
    }
    chunks->chunk_count++;
    if (chunks->chunk_count > IC_MAX_PNG_CHUNKS) {
        return fail(chunks, IMGCORE_TOO_LARGE, "the PNG has too many chunks");
    }
    if (chunks->chunk_count > 1 || ic_u32be(head + 4) == TYPE_IHDR) {
        return true;
    }
    if (ic_u32be(head + 4) == TYPE_CGBI) {
        return fail(chunks, IMGCORE_UNSUPPORTED, "Apple's CgBI variant of PNG");
    }
    return fail(chunks, IMGCORE_CORRUPT, "the first chunk is not IHDR");
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
            return fail_end(chunks);
        }
        chunks->bit_depth = chunks->input->window[IHDR_BIT_DEPTH_AT];
        chunks->color_type = chunks->input->window[IHDR_COLOR_TYPE_AT];
    }
    bool critical = (head[4] & 0x20) == 0;
    if (type == TYPE_PLTE) {
        if (chunks->seen_plte && chunks->color_type == COLOR_TYPE_PALETTE) {
            return fail(chunks, IMGCORE_CORRUPT, "there is a second palette");
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
    return take_or_skip(chunks, type, length, head);
}

/* Moves on to data that is passed on; several calls may be needed. */
static bool advance(struct ic_png_chunks *chunks) {
    if (chunks->skip_bytes != 0) {
        const uint64_t size_bytes = chunks->skip_bytes;
        chunks->skip_bytes = 0;
        return skip(chunks, size_bytes);
    }
    if (chunks->idat_left_bytes != 0) {
        return next_piece(chunks);
    }
    if (chunks->idat_crc_next) {
        chunks->idat_crc_next = false;
        return skip(chunks, IC_PNG_CRC_BYTES);
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
                return fail_end(chunks);
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
