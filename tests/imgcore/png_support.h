/* Shared by the PNG tests: files made chunk by chunk, the reader called as the pipeline calls it,
 * with checks of its contract, and libpng as the reference. */
#ifndef PNG_SUPPORT_H
#define PNG_SUPPORT_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <png.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "imgcore/base/bytes.h"
#include "imgcore/codec/codec.h"
#include "imgcore/codec/formats.h"
#include "imgcore/codec/png_internal.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* ---- bytes that grow ---- */

struct bytes {
    uint8_t *data;
    size_t size, capacity;
};

static inline void put(struct bytes *bytes, const void *data, size_t size) {
    if (bytes->size + size > bytes->capacity) {
        bytes->capacity = (bytes->size + size) * 2 + 64;
        bytes->data = realloc(bytes->data, bytes->capacity);
        assert_non_null(bytes->data);
    }
    if (size != 0) {
        memcpy(bytes->data + bytes->size, data, size);
    }
    bytes->size += size;
}

static inline void put_u32(struct bytes *bytes, uint32_t v) {
    uint8_t b[4];
    ic_put_u32be(b, v);
    put(bytes, b, 4);
}

static inline void bytes_clear(struct bytes *bytes) {
    free(bytes->data);
    memset(bytes, 0, sizeof(*bytes));
}

/* xorshift: the same images in every run. */
static inline uint32_t next_random(uint32_t *state) {
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    return *state;
}

/* ---- files chunk by chunk ---- */

static inline void put_signature(struct bytes *file) {
    put(file, "\x89PNG\r\n\x1a\n", 8);
}

static inline void put_chunk(struct bytes *file, const char *type, const void *data, size_t size) {
    put_u32(file, (uint32_t)size);
    size_t from = file->size;
    put(file, type, 4);
    put(file, data, size);
    put_u32(file, (uint32_t)crc32_z(0, file->data + from, size + 4));
}

static inline void put_ihdr(struct bytes *file, uint32_t width, uint32_t height, int depth,
                            int color_type, int interlaced) {
    uint8_t ihdr[13] = {0};
    ic_put_u32be(ihdr, width);
    ic_put_u32be(ihdr + 4, height);
    ihdr[8] = (uint8_t)depth;
    ihdr[9] = (uint8_t)color_type;
    ihdr[12] = (uint8_t)interlaced;
    put_chunk(file, "IHDR", ihdr, sizeof(ihdr));
}

/* Appends the zlib stream of `data`. */
static inline void put_packed(struct bytes *out, const void *data, size_t size) {
    uLongf packed_size = compressBound((uLong)size);
    uint8_t *packed = malloc(packed_size);
    assert_non_null(packed);
    assert_int_equal(compress2(packed, &packed_size, data, (uLong)size, 6), Z_OK);
    put(out, packed, packed_size);
    free(packed);
}

static inline void put_idat(struct bytes *file, const void *rows, size_t size) {
    struct bytes packed = {0};
    put_packed(&packed, rows, size);
    put_chunk(file, "IDAT", packed.data, packed.size);
    bytes_clear(&packed);
}

static inline void put_iend(struct bytes *file) {
    put_chunk(file, "IEND", NULL, 0);
}

/* Appends the zlib stream of `megabytes` MiB of one value, made by repeating one block. */
static inline void put_bomb(struct bytes *out, int value, int megabytes) {
    const size_t block = (size_t)1 << 20;
    uint8_t *plain = malloc(block);
    uint8_t *packed = malloc(block);
    assert_non_null(plain);
    assert_non_null(packed);
    memset(plain, value, block);
    z_stream z = {0};
    assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY), Z_OK);
    z.next_in = plain;
    z.avail_in = (uInt)block;
    z.next_out = packed;
    z.avail_out = (uInt)block;
    assert_int_equal(deflate(&z, Z_FULL_FLUSH), Z_OK);
    size_t packed_size = block - z.avail_out;
    deflateEnd(&z);
    put(out, "\x78\xda", 2);
    for (int i = 0; i < megabytes; i++) {
        put(out, packed, packed_size);
    }
    free(plain);
    free(packed);
}

/* Returns the position of chunk `type` (the nth, from 0), at its length. */
static inline size_t find_chunk(const struct bytes *file, const char *type, int nth) {
    size_t at = 8;
    while (at + 8 <= file->size) {
        if (memcmp(file->data + at + 4, type, 4) == 0 && nth-- == 0) {
            return at;
        }
        at += (size_t)ic_u32be(file->data + at) + 12;
    }
    fail_msg("no %s", type);
    return 0;
}

static inline void make_iccp(struct bytes *out, const char *name, size_t name_size, uint8_t method,
                             size_t profile_size) {
    uint8_t *profile = malloc(profile_size + 1);
    uint32_t random = 5;
    assert_non_null(profile);
    for (size_t i = 0; i < profile_size; i++) {
        profile[i] = (uint8_t)(1 + next_random(&random) % 7); /* states a size of over 16 MiB */
    }
    put(out, name, name_size);
    put(out, &method, 1);
    put_packed(out, profile, profile_size);
    free(profile);
}

/* Appends a palette of any length, and alphas. */
static inline void put_palette(struct bytes *file, size_t entries, size_t alphas) {
    uint8_t plte[256 * 3], trns[256];
    for (size_t i = 0; i < sizeof(plte); i++) {
        plte[i] = (uint8_t)(i * 37 + 5);
    }
    for (size_t i = 0; i < sizeof(trns); i++) {
        trns[i] = (uint8_t)(i * 11);
    }
    if (entries != 0) {
        put_chunk(file, "PLTE", plte, entries * 3);
    }
    if (alphas != 0) {
        put_chunk(file, "tRNS", trns, alphas);
    }
}

/* Makes a palette file of 16 x 1 pixels with the indices 0 to 15, and the given numbers of entries
 * and alphas. */
static inline void make_palette_file(struct bytes *file, size_t entries, size_t alphas) {
    static const uint8_t row[] = {0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    put_signature(file);
    put_ihdr(file, 16, 1, 8, PNG_COLOR_TYPE_PALETTE, 0);
    put_palette(file, entries, alphas);
    put_idat(file, row, sizeof(row));
    put_iend(file);
}

/* ---- the reader ---- */

/* The best kernels of this CPU, or those of IMGCORE_TARGETS. */
static inline const struct ic_kernels *best_kernels(void) {
    static struct ic_kernels kernels;
    if (kernels.target == NULL) {
        ic_target_kernels(ic_target_choose(getenv("IMGCORE_TARGETS")), &kernels);
    }
    return &kernels;
}

struct decoded {
    enum imgcore_status status;
    struct imgcore_error error;
    struct ic_header header; /* blobs NULL: the reader frees them */
    struct bytes icc, copyright;
    bool opened, started;
    bool began_fast, ended_fast; /* the fast reader was active before and after the rows */
    uint8_t *pixels; /* height x width x channels, packed; NULL unless every row was delivered */
    int channels;
    size_t peak_bytes;
};

struct decode_setup {
    const struct imgcore_allocator *allocator;
    struct imgcore_limits limits; /* zeros: defaults */
    bool tolerant;
    bool libspng_alone;
    const struct ic_kernels *kernels; /* NULL: the best */
    bool discard; /* keep no pixels: only the memory of the reader is measured */
};

static inline void decoded_clear(struct decoded *decoded) {
    free(decoded->pixels);
    bytes_clear(&decoded->icc);
    bytes_clear(&decoded->copyright);
    memset(decoded, 0, sizeof(*decoded));
}

static inline void fill_limits(struct imgcore_limits *limits) {
#define FILL(field, value) limits->field = limits->field == 0 ? (value) : limits->field
    FILL(pixels, IMGCORE_DEFAULT_PIXELS);
    FILL(side_px, IMGCORE_DEFAULT_SIDE_PX);
    FILL(memory_bytes, IMGCORE_DEFAULT_MEMORY_BYTES);
    FILL(metadata_bytes, IMGCORE_DEFAULT_METADATA_BYTES);
    FILL(icc_bytes, IMGCORE_DEFAULT_ICC_BYTES);
#undef FILL
}

/* Copies the rows of a strip, and checks the contract of reader.h. */
static inline void take_strip(const struct ic_strip *strip, struct decoded *out, uint32_t *rows) {
    const size_t row_bytes = out->header.width_px * (size_t)out->channels;
    assert_int_equal(strip->plane[0].first_row, *rows);
    assert_int_equal((uintptr_t)strip->plane[0].rows % IC_ALIGN_BYTES, 0);
    assert_int_equal(strip->plane[0].stride_bytes % (ptrdiff_t)IC_ALIGN_BYTES, 0);
    for (uint32_t i = 0; i < strip->plane[0].row_count; i++) {
        const uint8_t *row = strip->plane[0].rows + (ptrdiff_t)i * strip->plane[0].stride_bytes;
        assert_true(*rows < out->header.height_px);
        if (out->pixels != NULL) {
            memcpy(out->pixels + *rows * row_bytes, row, row_bytes);
        }
        unsigned sum = 0; /* valgrind reports uninitialised slack here */
        for (size_t k = 0; k < IC_ROW_SLACK_BYTES; k++) {
            sum += row[row_bytes + k];
        }
        assert_int_equal(sum, 0);
        (*rows)++;
    }
}

static inline enum imgcore_status drive(struct ic_reader *reader, bool discard,
                                        struct decoded *out) {
    const struct ic_read_request request = {.planes = false, .scale_denom = 1};
    struct ic_read_layout layout;
    enum imgcore_status status = reader->ops->start(reader, &request, &layout, &out->error);
    if (status != IMGCORE_OK) {
        return status;
    }
    out->started = true;
    out->began_fast = ((struct png_reader *)reader)->fast != NULL;
    assert_int_equal(layout.planes, 1);
    assert_int_equal(layout.plane[0].width, out->header.width_px);
    assert_int_equal(layout.plane[0].height, out->header.height_px);
    assert_int_equal(layout.plane[0].channels, ic_color_channels(out->header.color));
    out->channels = layout.plane[0].channels;
    size_t size = (size_t)out->header.width_px * out->header.height_px * (size_t)out->channels;
    out->pixels = discard ? NULL : malloc(size);
    assert_true(discard || out->pixels != NULL);
    uint32_t rows = 0;
    struct ic_strip strip = {.done = false};
    while (!strip.done) {
        status = reader->ops->read(reader, &strip, &out->error);
        if (status != IMGCORE_OK) {
            return status;
        }
        take_strip(&strip, out, &rows);
    }
    assert_int_equal(rows, out->header.height_px);
    status = reader->ops->finish(reader, &out->error);
    out->ended_fast = ((struct png_reader *)reader)->fast != NULL;
    return status;
}

/* Decodes an entire source; afterwards no memory of the reader may be left. */
static inline void decode_source(const struct imgcore_source *source,
                                 const struct decode_setup *setup, struct decoded *out) {
    memset(out, 0, sizeof(*out));
    struct imgcore_limits limits = setup->limits;
    fill_limits(&limits);
    struct ic_mem mem;
    struct ic_input input;
    ic_mem_init(&mem, setup->allocator);
    ic_mem_set_budget(&mem, limits.memory_bytes);
    out->status = ic_input_open(&input, &mem, source);
    if (out->status == IMGCORE_OK) {
        struct ic_open_options options = {.kernels = setup->kernels != NULL ? setup->kernels
                                                                            : best_kernels(),
                                          .limits = &limits,
                                          .tolerant = setup->tolerant,
                                          .want_copyright = true};
        if (setup->libspng_alone) {
            options.kernels = NULL;
        }
        struct ic_reader *reader = NULL;
        out->status = ic_png_open(&mem, &input, &options, &reader, &out->header, &out->error);
        if (out->status == IMGCORE_OK) {
            out->opened = true;
            put(&out->icc, out->header.icc, out->header.icc_bytes);
            if (out->header.copyright != NULL) {
                put(&out->copyright, out->header.copyright, strlen(out->header.copyright) + 1);
            }
            out->status = drive(reader, setup->discard, out);
            reader->ops->destroy(reader);
        } else {
            assert_null(reader);
            assert_null(out->header.icc);
            assert_null(out->header.copyright);
        }
        out->header.icc = NULL;
        out->header.copyright = NULL;
        ic_input_clear(&input);
    }
    if (out->status != IMGCORE_OK) {
        free(out->pixels);
        out->pixels = NULL;
        if (out->status != IMGCORE_NO_MEMORY) {
            assert_int_equal(out->error.status, out->status);
            assert_true(out->error.detail[0] != '\0');
        }
    }
    out->peak_bytes = mem.peak_bytes;
    assert_int_equal(mem.used_bytes, 0);
    assert_int_equal(mem.reserved_bytes, 0);
    ic_mem_clear(&mem);
}

static inline void decode_file(const struct bytes *file, const struct decode_setup *setup,
                               struct decoded *out) {
    static const struct decode_setup plain = {.tolerant = false};
    /* A copy of exact size, so that a read past the end is outside the block. */
    uint8_t *copy = malloc(file->size == 0 ? 1 : file->size);
    assert_non_null(copy);
    if (file->size != 0) {
        memcpy(copy, file->data, file->size);
    }
    struct imgcore_source source = {.bytes = copy, .size_bytes = file->size};
    decode_source(&source, setup == NULL ? &plain : setup, out);
    free(copy);
}

/* Returns the status of decoding a file. */
static inline enum imgcore_status status_of(const struct bytes *file) {
    struct decoded decoded;
    decode_file(file, NULL, &decoded);
    enum imgcore_status status = decoded.status;
    decoded_clear(&decoded);
    return status;
}

/* ---- sources in pieces, allocators that fail ---- */

struct trickle {
    const uint8_t *data;
    size_t size, step;
    int calls, fail_at; /* 0: never */
};

static inline bool read_trickle(void *user, uint8_t *buffer, size_t size, size_t *read_bytes) {
    struct trickle *t = user;
    t->calls++;
    if (t->calls == t->fail_at) {
        return false;
    }
    size_t n = t->size < t->step ? t->size : t->step;
    n = n < size ? n : size;
    memcpy(buffer, t->data, n);
    t->data += n;
    t->size -= n;
    *read_bytes = n;
    return true;
}

struct failing {
    int calls, fail_at;
    bool from_there_on;
};

static inline void *failing_alloc(void *user, size_t size) {
    struct failing *f = user;
    f->calls++;
    if (f->calls == f->fail_at || (f->from_there_on && f->calls > f->fail_at)) {
        return NULL;
    }
    void *block = malloc(size);
    if (block != NULL) {
        memset(block, 0xa5, size);
    }
    return block;
}

static inline void failing_free(void *user, void *block) {
    (void)user;
    free(block);
}

/* ---- libpng ---- */

struct oracle_source {
    const uint8_t *data;
    size_t size;
};

static inline void oracle_read(png_structp png, png_bytep out, png_size_t size) {
    struct oracle_source *source = png_get_io_ptr(png);
    if (source->size < size) {
        png_error(png, "end");
    }
    memcpy(out, source->data, size);
    source->data += size;
    source->size -= size;
}

static inline void oracle_error(png_structp png, png_const_charp message) {
    (void)message;
    longjmp(png_jmpbuf(png), 1);
}

static inline void oracle_warning(png_structp png, png_const_charp message) {
    (void)png;
    (void)message;
}

/* Decodes a file with libpng: 8-bit channels, everything expanded. False if libpng rejects it. */
static inline bool oracle(const struct bytes *file, uint32_t *width, uint32_t *height,
                          int *channels, uint8_t **pixels) {
    struct oracle_source source = {file->data, file->size};
    uint8_t *volatile out = NULL;
    png_bytep *volatile rows = NULL;
    png_structp png =
        png_create_read_struct(PNG_LIBPNG_VER_STRING, NULL, oracle_error, oracle_warning);
    assert_non_null(png);
    png_infop info = png_create_info_struct(png);
    assert_non_null(info);
    if (setjmp(png_jmpbuf(png))) {
        png_destroy_read_struct(&png, &info, NULL);
        free(out);
        free((void *)rows);
        return false;
    }
    png_set_read_fn(png, &source, oracle_read);
    png_read_info(png, info);
    png_set_expand(png);
    png_set_scale_16(png);
    png_set_interlace_handling(png);
    png_read_update_info(png, info);
    *width = png_get_image_width(png, info);
    *height = png_get_image_height(png, info);
    *channels = png_get_channels(png, info);
    size_t row_bytes = png_get_rowbytes(png, info);
    out = malloc(row_bytes * *height);
    rows = (png_bytep *)malloc(*height * sizeof(png_bytep));
    for (uint32_t y = 0; y < *height; y++) {
        rows[y] = out + y * row_bytes;
    }
    png_read_image(png, rows);
    png_read_end(png, info);
    png_destroy_read_struct(&png, &info, NULL);
    free((void *)rows);
    *pixels = out;
    return true;
}

/* Checks that the file decodes to the pixels of libpng. */
static inline void assert_like_libpng(const struct bytes *file, const struct decode_setup *setup) {
    uint32_t width, height;
    int channels;
    uint8_t *expected;
    struct decoded decoded;
    assert_true(oracle(file, &width, &height, &channels, &expected));
    decode_file(file, setup, &decoded);
    if (decoded.status != IMGCORE_OK) {
        print_error("%s: %s\n", imgcore_status_name(decoded.status), decoded.error.detail);
    }
    assert_int_equal(decoded.status, IMGCORE_OK);
    assert_int_equal(decoded.header.width_px, width);
    assert_int_equal(decoded.header.height_px, height);
    assert_int_equal(decoded.channels, channels);
    assert_memory_equal(decoded.pixels, expected, (size_t)width * height * (size_t)channels);
    free(expected);
    decoded_clear(&decoded);
}

/* An image to be made with libpng. */
struct png_case {
    uint32_t width, height;
    int color_type, depth;
    bool interlaced;
    int filters; /* PNG_FILTER_* */
    bool trns;
    uint32_t seed;
};

static inline void libpng_write(png_structp png, png_bytep data, png_size_t size) {
    put(png_get_io_ptr(png), data, size);
}

static inline void libpng_flush(png_structp png) {
    (void)png;
}

static inline void set_case_palette(png_structp png, png_infop info, const struct png_case *c,
                                    uint32_t *random) {
    png_color palette[256];
    uint8_t alpha[256];
    int entries = 1 << c->depth;
    for (int i = 0; i < entries; i++) {
        palette[i].red = (png_byte)next_random(random);
        palette[i].green = (png_byte)next_random(random);
        palette[i].blue = (png_byte)next_random(random);
        alpha[i] = (uint8_t)next_random(random);
    }
    png_set_PLTE(png, info, palette, entries);
    if (c->trns) {
        png_set_tRNS(png, info, alpha, entries / 2 + 1, NULL);
    }
}

/* Fills a row with noise in which the colour key and similar colours are frequent. */
static inline void fill_case_row(const struct png_case *c, uint8_t *row, size_t size,
                                 uint32_t *random) {
    for (size_t i = 0; i < size; i++) {
        uint32_t r = next_random(random);
        row[i] = r % 3 == 0 ? (uint8_t)(r >> 8) : (uint8_t)(0x55 + (r >> 10) % 2);
    }
    if (c->depth == 16) {
        for (size_t i = 0; i + 1 < size; i += 2) {
            row[i] = next_random(random) % 4 == 0 ? row[i] : 0x55;
        }
    }
}

static inline void make_case(const struct png_case *c, struct bytes *file) {
    png_structp png =
        png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, oracle_error, oracle_warning);
    assert_non_null(png);
    png_infop info = png_create_info_struct(png);
    assert_non_null(info);
    if (setjmp(png_jmpbuf(png))) {
        fail_msg("libpng does not write the case");
    }
    uint32_t random = c->seed * 2654435761u + 1;
    png_set_write_fn(png, file, libpng_write, libpng_flush);
    png_set_IHDR(png, info, c->width, c->height, c->depth, c->color_type,
                 c->interlaced ? PNG_INTERLACE_ADAM7 : PNG_INTERLACE_NONE,
                 PNG_COMPRESSION_TYPE_BASE, PNG_FILTER_TYPE_BASE);
    png_set_filter(png, PNG_FILTER_TYPE_BASE, c->filters);
    if (c->color_type == PNG_COLOR_TYPE_PALETTE) {
        set_case_palette(png, info, c, &random);
    } else if (c->trns) {
        uint16_t key = (uint16_t)(c->depth == 16 ? 0x5555 : 0x55 & ((1 << c->depth) - 1));
        png_color_16 color = {.red = key, .green = key, .blue = key, .gray = key};
        png_set_tRNS(png, info, NULL, 0, &color);
    }
    png_write_info(png, info);
    size_t row_bytes = png_get_rowbytes(png, info);
    uint8_t *pixels = malloc(row_bytes * c->height);
    png_bytep *rows = (png_bytep *)malloc(c->height * sizeof(png_bytep));
    assert_non_null(pixels);
    assert_non_null(rows);
    for (uint32_t y = 0; y < c->height; y++) {
        rows[y] = pixels + y * row_bytes;
        fill_case_row(c, rows[y], row_bytes, &random);
    }
    png_write_image(png, rows);
    png_write_end(png, info);
    png_destroy_write_struct(&png, &info);
    free(pixels);
    free((void *)rows);
}

#endif
