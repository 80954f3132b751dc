/* EXIF in its frames: whatever segments stand before the picture of a JPEG, and whatever chunks
 * before that of a PNG, the reader takes the orientation and the copyright of the block that
 * counts, also from a source in pieces, and the pixels stay what they are.
 *
 * In a JPEG the first APP1 counts that begins with "Exif", a NUL, any byte and a head of TIFF; in a
 * PNG the first eXIf before the pixels that is not empty, with the mark of JPEG before it or not,
 * unless its checksum is wrong. One over the limit of metadata does not count.
 *
 * From the end of the input: the limit, the size of the pieces, then for each part its kind and its
 * length; the contents come from the front. */
#include "fuzz/support/fuzz_codec.h"
#include "fuzz/support/fuzz_write.h"
#include "imgcore/base/bytes.h"
#include "imgcore/codec/exif.h"
#include "imgcore/codec/formats.h"

#include <string.h>
#include <zlib.h>

enum {
    MAX_PARTS = 12,
    MAX_PART_BYTES = 256,
    SIDE_PX = 8,
    JPEG_HEAD_BYTES = 20, /* up to where parts are put: behind the segment of JFIF, since a file */
    PNG_HEAD_BYTES = 33,  /* is known by its first three bytes; and behind IHDR */
    CHUNK_BYTES = 12      /* around the contents of a chunk */
};

enum kind {
    PART_EXIF,    /* "Exif", a head of TIFF, the contents */
    PART_TIFF,    /* "Exif" and the contents */
    PART_PLAIN,   /* an APP1 of the contents; in PNG an eXIf of them */
    PART_XMP,     /* an APP1 that is XMP; in PNG a text */
    PART_PROFILE, /* an APP2; in PNG a chunk of any lower-case name */
    PART_COMMENT, /* any other segment */
    PART_FILL,    /* fill bytes and an empty comment; in PNG an empty eXIf */
    PART_BYTES,   /* bytes that belong to no segment; in PNG an eXIf with a wrong checksum */
    PART_KINDS
};

struct part {
    enum kind kind;
    uint8_t bytes[MAX_PART_BYTES + 64];
    size_t size_bytes;
};

struct request {
    struct part parts[MAX_PARTS];
    size_t count, step_bytes;
    struct imgcore_limits limits;
};

struct expected {
    const uint8_t *tiff; /* NULL: no block counts */
    size_t tiff_bytes;
};

/* The picture without metadata, written once. */
struct base {
    uint8_t bytes[1024];
    size_t size_bytes;
    struct fuzz_decoded decoded;
};

static void make_base(fuzz_write_fn *write, struct base *base) {
    const struct ic_write_options options = {.quality = 60, .chroma_h = 1, .chroma_v = 1};
    const struct fuzz_input nothing = {NULL, 0};
    const struct fuzz_decode_setup setup = {.scale_denom = 1};
    struct ic_mem mem;
    struct ic_picture picture;
    struct ic_buf file = {.mem = &mem};
    ic_mem_init(&mem, NULL);
    ic_mem_set_budget(&mem, FUZZ_MAX_MEMORY_BYTES);
    FUZZ_CHECK(ic_picture_make(&mem, IC_COLOR_GREY, SIDE_PX, SIDE_PX, 1, 1, &picture) == IMGCORE_OK,
               "no picture");
    fuzz_fill_picture(&picture, &nothing);
    FUZZ_CHECK(write(&mem, &picture, &options, &file, NULL) == IMGCORE_OK &&
                   file.size_bytes <= sizeof base->bytes,
               "no file");
    memcpy(base->bytes, file.bytes, file.size_bytes);
    base->size_bytes = file.size_bytes;
    base->decoded = fuzz_decode(base->bytes, base->size_bytes, &setup);
    ic_buf_clear(&file);
    ic_picture_clear(&mem, &picture);
    ic_mem_clear(&mem);
}

/* ---- parts --------------------------------------------------------------------------------- */

static void append(struct part *part, const void *bytes, size_t size_bytes) {
    memcpy(part->bytes + part->size_bytes, bytes, size_bytes);
    part->size_bytes += size_bytes;
}

static void take_part(struct fuzz_input *input, struct part *part) {
    part->kind = (enum kind)fuzz_take_range(input, 0, PART_KINDS - 1);
    size_t length = fuzz_take_u8(input);
    part->size_bytes = 0;
    if (part->kind == PART_EXIF || part->kind == PART_TIFF)
        append(part, length & 1 ? "Exif\0" : "Exif\0\x55", 6);
    if (part->kind == PART_EXIF)
        append(part, length & 2 ? "II*\0\x08\0\0\0" : "MM\0*\0\0\0\x08", 8);
    if (part->kind == PART_XMP)
        append(part, "http://ns.adobe.com/xap/1.0/", 29);
    const uint8_t *front = fuzz_take_front(input, &length);
    append(part, front, length);
}

static void take_request(struct fuzz_input *input, struct request *request) {
    request->limits = fuzz_limits();
    const uint8_t limit = fuzz_take_u8(input);
    if (limit & 1)
        request->limits.metadata_bytes = limit;
    request->step_bytes = fuzz_take_u8(input);
    request->count = fuzz_take_range(input, 0, MAX_PARTS);
    for (size_t i = 0; i < request->count; i++)
        take_part(input, &request->parts[i]);
}

static uint8_t *put(uint8_t *to, const void *bytes, size_t size_bytes) {
    if (size_bytes)
        memcpy(to, bytes, size_bytes);
    return to + size_bytes;
}

/* ---- JPEG ---------------------------------------------------------------------------------- */

static uint8_t *put_segment(uint8_t *to, const struct part *part) {
    /* Others that the reader knows would change the picture. */
    static const uint8_t comments[] = {0xfe, 0xe3, 0xe4, 0xed, 0xef};
    uint8_t marker = 0xe1;
    if (part->kind == PART_FILL) {
        memset(to, 0xff, part->size_bytes);
        return put(to + part->size_bytes, "\xff\xfe\0\x02", 4);
    }
    if (part->kind == PART_BYTES) {
        for (size_t i = 0; i < part->size_bytes; i++)
            to[i] = part->bytes[i] == 0xff ? 0 : part->bytes[i];
        return to + part->size_bytes;
    }
    if (part->kind == PART_COMMENT)
        marker = comments[part->size_bytes % sizeof comments];
    if (part->kind == PART_PROFILE)
        marker = 0xe2;
    *to++ = 0xff;
    *to++ = marker;
    *to++ = (uint8_t)((part->size_bytes + 2) >> 8);
    *to++ = (uint8_t)(part->size_bytes + 2);
    return put(to, part->bytes, part->size_bytes);
}

static struct expected expect_jpeg(const struct request *request) {
    for (size_t i = 0; i < request->count; i++) {
        const struct part *part = &request->parts[i];
        const uint8_t *bytes = part->bytes;
        const bool is_app1 = part->kind == PART_EXIF || part->kind == PART_TIFF ||
                             part->kind == PART_PLAIN || part->kind == PART_XMP;
        if (is_app1 && part->size_bytes >= 10 &&
            part->size_bytes - 6 <= request->limits.metadata_bytes && !memcmp(bytes, "Exif", 5) &&
            (!memcmp(bytes + 6, "II*\0", 4) || !memcmp(bytes + 6, "MM\0*", 4)))
            return (struct expected){bytes + 6, part->size_bytes - 6};
    }
    return (struct expected){NULL, 0};
}

/* ---- PNG ----------------------------------------------------------------------------------- */

static uint8_t *put_chunk(uint8_t *to, const struct part *part) {
    const char *type = part->kind == PART_XMP       ? "iTXt"
                       : part->kind == PART_PROFILE ? "prVt"
                       : part->kind == PART_COMMENT ? "tEXt"
                                                    : "eXIf";
    const size_t size_bytes = part->kind == PART_FILL ? 0 : part->size_bytes;
    ic_put_u32be(to, (uint32_t)size_bytes);
    memcpy(to + 4, type, 4);
    uint8_t *end = put(to + 8, part->bytes, size_bytes);
    const uint32_t crc = (uint32_t)crc32_z(0, to + 4, size_bytes + 4);
    ic_put_u32be(end, part->kind == PART_BYTES ? ~crc : crc);
    return end + 4;
}

static struct expected expect_png(const struct request *request) {
    for (size_t i = 0; i < request->count; i++) {
        const struct part *part = &request->parts[i];
        const bool is_exif = part->kind == PART_EXIF || part->kind == PART_TIFF ||
                             part->kind == PART_PLAIN || part->kind == PART_BYTES;
        if (!is_exif || part->size_bytes == 0 || part->size_bytes > request->limits.metadata_bytes)
            continue;
        if (part->kind == PART_BYTES)
            break;
        const size_t mark = part->size_bytes >= 6 && !memcmp(part->bytes, "Exif\0\0", 6) ? 6 : 0;
        return (struct expected){part->bytes + mark, part->size_bytes - mark};
    }
    return (struct expected){NULL, 0};
}

/* ---- checks -------------------------------------------------------------------------------- */

static void check_header(const struct fuzz_header *read, const struct expected *expected,
                         const char *what) {
    struct ic_mem mem;
    ic_mem_init(&mem, NULL);
    ic_mem_set_budget(&mem, FUZZ_MAX_MEMORY_BYTES);
    const int orientation =
        expected->tiff ? ic_exif_orientation(expected->tiff, expected->tiff_bytes) : 1;
    char *copyright =
        expected->tiff ? ic_exif_copyright(&mem, expected->tiff, expected->tiff_bytes) : NULL;
    FUZZ_CHECK(read->status == IMGCORE_OK, "%s: %s", what, imgcore_status_name(read->status));
    FUZZ_CHECK(read->header.orientation == orientation, "%s: orientation %d instead of %d", what,
               read->header.orientation, orientation);
    FUZZ_CHECK(!read->copyright == !copyright &&
                   (!copyright || !strcmp(read->copyright, copyright)),
               "%s: copyright \"%s\" instead of \"%s\"", what,
               read->copyright ? read->copyright : "(none)", copyright ? copyright : "(none)");
    ic_free(&mem, copyright);
    ic_mem_clear(&mem);
}

static void check_file(const struct request *request, const struct base *base, size_t head_bytes,
                       uint8_t *(*put_part)(uint8_t *to, const struct part *part),
                       const struct expected *expected, const char *what) {
    const size_t part_bytes = sizeof request->parts[0].bytes + CHUNK_BYTES;
    uint8_t *file = fuzz_alloc(base->size_bytes + request->count * part_bytes);
    uint8_t *to = put(file, base->bytes, head_bytes);
    for (size_t i = 0; i < request->count; i++)
        to = put_part(to, &request->parts[i]);
    to = put(to, base->bytes + head_bytes, base->size_bytes - head_bytes);
    const size_t size_bytes = (size_t)(to - file);
    struct fuzz_header whole = fuzz_read_header(file, size_bytes, &request->limits, NULL);
    check_header(&whole, expected, what);
    struct fuzz_stream stream = {.step_bytes = request->step_bytes};
    struct fuzz_header pieces = fuzz_read_header(file, size_bytes, &request->limits, &stream);
    check_header(&pieces, expected, what);
    const struct fuzz_decode_setup setup = {.scale_denom = 1};
    struct fuzz_decoded decoded = fuzz_decode(file, size_bytes, &setup);
    FUZZ_CHECK(decoded.status == IMGCORE_OK, "%s: %s", what, decoded.error.detail);
    fuzz_check_same_rows(&base->decoded, &decoded, what);
    fuzz_decoded_clear(&decoded);
    fuzz_header_clear(&whole);
    fuzz_header_clear(&pieces);
    free(file);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes) {
    static struct base jpeg, png;
    static struct request request;
    if (!jpeg.size_bytes) {
        make_base(ic_jpeg_write, &jpeg);
        make_base(ic_png_write, &png);
    }
    struct fuzz_input input = {data, size_bytes};
    take_request(&input, &request);
    const struct expected in_jpeg = expect_jpeg(&request), in_png = expect_png(&request);
    check_file(&request, &jpeg, JPEG_HEAD_BYTES, put_segment, &in_jpeg, "JPEG");
    check_file(&request, &png, PNG_HEAD_BYTES, put_chunk, &in_png, "PNG");
    return 0;
}
