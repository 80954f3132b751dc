/* The metadata of a PNG: orientation and copyright (eXIf), and what states its colours (iCCP, cICP,
 * sRGB, gAMA, cHRM). Checksums are checked here; a chunk whose checksum or length is wrong, or
 * whose values are outside of the specification, counts as absent. Of chunks of one type the first
 * counts. */
#include <string.h>
#include <zlib.h>

#include "imgcore/base/bytes.h"
#include "imgcore/codec/exif.h"
#include "imgcore/codec/png_chunks.h"
#include "imgcore/codec/png_format.h"

/* A profile begins with its size, a header and the number of its tags. */
#define MIN_PROFILE_BYTES 132u

/* The name of a profile has 1 to 79 bytes and a NUL; an empty one is accepted. */
#define MAX_KEYWORD_BYTES 79u

/* Rendering intents of an sRGB chunk. */
#define SRGB_INTENTS 4u

enum {
    TYPE_EXIF = IC_PNG_TYPE('e', 'X', 'I', 'f'),
    TYPE_ICCP = IC_PNG_TYPE('i', 'C', 'C', 'P'),
    TYPE_CICP = IC_PNG_TYPE('c', 'I', 'C', 'P'),
    TYPE_SRGB = IC_PNG_TYPE('s', 'R', 'G', 'B'),
    TYPE_GAMA = IC_PNG_TYPE('g', 'A', 'M', 'A'),
    TYPE_CHRM = IC_PNG_TYPE('c', 'H', 'R', 'M'),
};

/* The chunks of few bytes. */
#define CICP_BYTES      4u
#define SRGB_BYTES      1u
#define GAMA_BYTES      4u
#define CHRM_BYTES      32u
#define MAX_SMALL_BYTES CHRM_BYTES

static bool fail_memory(struct ic_png_chunks *chunks) {
    return ic_png_chunks_fail(chunks, chunks->mem->status, "the metadata of the PNG does not fit");
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
            return ic_png_chunks_fail_end(chunks);
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
        size_t have = 0;
        if (!look(chunks, chunk, &have)) {
            return false;
        }
        use(chunks, chunk, have);
    }
    uint8_t crc[IC_PNG_CRC_BYTES];
    if (!ic_input_copy(chunks->input, crc, sizeof(crc))) {
        return ic_png_chunks_fail_end(chunks);
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
        size_t have = 0;
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
                return ic_png_chunks_fail(chunks, IMGCORE_TOO_LARGE,
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
        return ic_png_chunks_fail_end(chunks);
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

static void take_values(struct ic_color_tags *tags, uint32_t type, const uint8_t *bytes) {
    switch (type) {
    case TYPE_CICP:
        tags->has_cicp = true;
        tags->primaries = bytes[0];
        tags->transfer = bytes[1];
        tags->matrix = bytes[2];
        tags->full_range = bytes[3];
        break;
    case TYPE_SRGB:
        tags->has_srgb = bytes[0] < SRGB_INTENTS;
        break;
    case TYPE_GAMA:
        tags->gamma = ic_u32be(bytes);
        tags->has_gamma = tags->gamma != 0;
        break;
    default: /* cHRM */
        tags->has_chromaticities = true;
        for (size_t i = 0; i < CHRM_BYTES / 4; i++) {
            tags->chromaticities[i] = ic_u32be(bytes + 4 * i);
        }
        break;
    }
}

/* Reads one of the chunks of few bytes, whose length is right. */
static bool take_small(struct ic_png_chunks *chunks, uint32_t type, struct own_chunk chunk) {
    uint8_t bytes[MAX_SMALL_BYTES];
    const uint32_t size_bytes = chunk.left_bytes;
    if (!ic_input_copy(chunks->input, bytes, size_bytes)) {
        return ic_png_chunks_fail_end(chunks);
    }
    chunk.crc = crc32(chunk.crc, bytes, size_bytes);
    chunk.left_bytes = 0;
    bool crc_right;
    if (!close_chunk(chunks, &chunk, &crc_right)) {
        return false;
    }
    if (crc_right) {
        take_values(&chunks->tags, type, bytes);
    }
    return true;
}

/* Finds the length that a chunk of few bytes must have, and whether one of its type has come; NULL:
 * it is none. */
static bool *seen_small(struct ic_png_chunks *chunks, uint32_t type, uint32_t *size_bytes) {
    switch (type) {
    case TYPE_CICP:
        *size_bytes = CICP_BYTES;
        return &chunks->seen_cicp;
    case TYPE_SRGB:
        *size_bytes = SRGB_BYTES;
        return &chunks->seen_srgb;
    case TYPE_GAMA:
        *size_bytes = GAMA_BYTES;
        return &chunks->seen_gamma;
    case TYPE_CHRM:
        *size_bytes = CHRM_BYTES;
        return &chunks->seen_chromaticities;
    default:
        return NULL;
    }
}

bool ic_png_metadata_take(struct ic_png_chunks *chunks, uint32_t type, uint32_t length,
                          const uint8_t head[IC_PNG_CHUNK_HEAD_BYTES]) {
    struct own_chunk chunk = {.left_bytes = length};
    chunk.crc = crc32(0, head + 4, 4);
    const bool counts = !chunks->keeps_metadata && !chunks->seen_idat;
    if (type == TYPE_EXIF && counts && !chunks->seen_exif && length != 0 &&
        length <= chunks->limits.metadata_bytes) {
        chunks->seen_exif = true;
        return take_exif(chunks, chunk);
    }
    /* As in libpng, colour information after the palette is ignored. */
    if (counts && !chunks->seen_plte) {
        uint32_t size_bytes;
        bool *seen = seen_small(chunks, type, &size_bytes);
        if (type == TYPE_ICCP && !chunks->seen_icc) {
            chunks->seen_icc = true;
            return take_icc(chunks, chunk);
        }
        if (seen != NULL && !*seen) {
            *seen = true;
            if (length == size_bytes) {
                return take_small(chunks, type, chunk);
            }
        }
    }
    return ic_png_chunks_skip(chunks, (uint64_t)length + IC_PNG_CRC_BYTES);
}
