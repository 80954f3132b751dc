/* JPEG files made by code, and functions that read them, for the tests of the JPEG codec.
 * Everything is static: each test program that includes this has its own copy. */
#ifndef TESTS_JPEG_FILES_H
#define TESTS_JPEG_FILES_H

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>

#include "imgcore/base/bytes.h"
#include "imgcore/codec/codec.h"
#include "imgcore/codec/formats.h"
#include "tests/imgcore/jpeg_stream.h"

#if defined(__GNUC__)
#define MAYBE_UNUSED __attribute__((unused))
#endif

/* ---- bytes ---------------------------------------------------------------------------------- */

struct blob {
    uint8_t *bytes;
    size_t size_bytes;
};

static MAYBE_UNUSED void blob_append(struct blob *blob, const void *bytes, size_t size_bytes) {
    blob->bytes = realloc(blob->bytes, blob->size_bytes + size_bytes + 1);
    assert_non_null(blob->bytes);
    if (size_bytes != 0) {
        memcpy(blob->bytes + blob->size_bytes, bytes, size_bytes);
    }
    blob->size_bytes += size_bytes;
}

static MAYBE_UNUSED void blob_free(struct blob *blob) {
    free(blob->bytes);
    blob->bytes = NULL;
    blob->size_bytes = 0;
}

/* Returns a copy of `file` with `size_bytes` bytes inserted at `at`. */
static MAYBE_UNUSED struct blob blob_insert(const struct blob *file, size_t at, const void *bytes,
                                            size_t size_bytes) {
    struct blob out = {NULL, 0};
    blob_append(&out, file->bytes, at);
    blob_append(&out, bytes, size_bytes);
    blob_append(&out, file->bytes + at, file->size_bytes - at);
    return out;
}

/* Returns a copy without the bytes from `from` up to `to`. */
static MAYBE_UNUSED struct blob blob_cut(const struct blob *file, size_t from, size_t to) {
    struct blob out = {NULL, 0};
    blob_append(&out, file->bytes, from);
    blob_append(&out, file->bytes + to, file->size_bytes - to);
    return out;
}

static MAYBE_UNUSED void append_segment(struct blob *blob, uint8_t marker, const void *bytes,
                                        size_t size_bytes) {
    uint8_t head[4] = {0xff, marker, (uint8_t)((size_bytes + 2) >> 8), (uint8_t)(size_bytes + 2)};
    blob_append(blob, head, sizeof(head));
    blob_append(blob, bytes, size_bytes);
}

/* Returns the position of the nth (from 0) marker `marker`, found by walking over segments and
 * data; 0 if there is none. */
static MAYBE_UNUSED size_t find_marker(const struct blob *file, uint8_t marker, int nth) {
    size_t at = 2;
    while (at + 4 <= file->size_bytes) {
        if (file->bytes[at] != 0xff || file->bytes[at + 1] == 0 || file->bytes[at + 1] == 0xff) {
            at++;
            continue;
        }
        uint8_t found = file->bytes[at + 1];
        if (found == marker && nth-- == 0) {
            return at;
        }
        at += found >= 0xd0 && found <= 0xd9 ? 2 : 2u + ic_u16be(file->bytes + at + 2);
    }
    return 0;
}

/* ---- making files --------------------------------------------------------------------------- */

struct jpeg_params {
    unsigned int width, height;
    int components;
    J_COLOR_SPACE space;
    int h[5], v[5];
    int quality;                             /* 0: 90 */
    bool progressive, arithmetic, scan_each; /* scan_each: one baseline scan per component */
    bool no_adobe, no_jfif, wide_quant, ramp, flat;
    unsigned int restart;
    const jpeg_scan_info *script; /* the scans; NULL: as above */
    int script_scans;
    int noise; /* instead: 1 any level at random, 2 black and white at random */
};

/* Of struct jpeg_params: the samplings of photographs, and unusual ones. */
#define JPEG_KINDS                                                                                 \
    {.components = 3, .space = JCS_YCbCr, .h = {2, 1, 1}, .v = {2, 1, 1}},                         \
        {.components = 3, .space = JCS_YCbCr, .h = {2, 1, 1}, .v = {1, 1, 1}},                     \
        {.components = 3, .space = JCS_YCbCr, .h = {1, 1, 1}, .v = {1, 1, 1}},                     \
        {.components = 3, .space = JCS_YCbCr, .h = {1, 1, 1}, .v = {2, 1, 1}},                     \
        {.components = 3, .space = JCS_YCbCr, .h = {4, 1, 1}, .v = {2, 1, 1}},                     \
        {.components = 3, .space = JCS_YCbCr, .h = {2, 1, 2}, .v = {2, 2, 1}, .wide_quant = true}, \
    {                                                                                              \
        .components = 1, .space = JCS_GRAYSCALE, .h = {1}, .v = { 1 }                              \
    }

/* Returns the sample of component c at (x, y): smooth waves with some noise, or for a ramp a value
 * that increases by the same amount over the entire plane. */
static uint8_t params_sample(const struct jpeg_params *r, int c, unsigned int x, unsigned int y,
                             double across, double down) {
    if (r->flat) {
        return (uint8_t)(100 + 20 * c);
    }
    if (r->ramp) {
        double value = 28 + 100 * (x + 0.5) / across + 100 * (y + 0.5) / down;
        return (uint8_t)(value > 255 ? 255 : value + 0.5);
    }
    uint32_t noise = (x * 374761393u + y * 668265263u + (uint32_t)c * 2246822519u);
    noise = (noise ^ (noise >> 13)) * 1274126177u;
    if (r->noise != 0) {
        return (uint8_t)(r->noise == 1 ? noise >> 24 : noise >> 31 == 0 ? 0 : 255);
    }
    unsigned int wave = (x * 5 + y * 3 + (unsigned int)c * 70) % 200;
    return (uint8_t)(28 + (wave < 100 ? wave : 200 - wave) * 2 + (noise >> 29) - 3);
}

static void plain_silence(j_common_ptr cinfo, int level) {
    (void)cinfo;
    (void)level;
}

static void set_scans(struct jpeg_compress_struct *cinfo, const struct jpeg_params *r,
                      jpeg_scan_info *scans) {
    if (r->progressive) {
        jpeg_simple_progression(cinfo);
    }
    if (r->script != NULL) {
        cinfo->scan_info = r->script;
        cinfo->num_scans = r->script_scans;
    }
    if (r->scan_each) {
        for (int c = 0; c < r->components; c++) {
            scans[c] = (jpeg_scan_info){1, {c, 0, 0, 0}, 0, 63, 0, 0};
        }
        cinfo->scan_info = scans;
        cinfo->num_scans = r->components;
    }
}

/* Encodes planes made by params_sample as they are, without colour conversion or subsampling. */
static MAYBE_UNUSED struct blob make_jpeg(const struct jpeg_params *r) {
    struct jpeg_compress_struct cinfo;
    struct jpeg_error_mgr errors;
    jpeg_scan_info scans[5];
    unsigned char *bytes = NULL;
    unsigned long size_bytes = 0;
    int max_h = 1, max_v = 1;
    cinfo.err = jpeg_std_error(&errors); /* ends the test program if the parameters are wrong */
    errors.emit_message = plain_silence; /* it warns that wide_quant is not baseline */
    jpeg_create_compress(&cinfo);
    jpeg_mem_dest(&cinfo, &bytes, &size_bytes);
    cinfo.image_width = r->width;
    cinfo.image_height = r->height;
    cinfo.input_components = r->components;
    cinfo.in_color_space = r->space;
    jpeg_set_defaults(&cinfo);
    jpeg_set_colorspace(&cinfo, r->space);
    jpeg_set_quality(&cinfo, r->quality == 0 ? 90 : r->quality, TRUE);
    if (r->wide_quant) {
        static const unsigned int base[64] = {[0] = 8, [1] = 300, [8] = 400, [63] = 1000};
        unsigned int table[64];
        for (int i = 0; i < 64; i++) {
            table[i] = base[i] != 0 ? base[i] : 256u + (unsigned int)i;
        }
        jpeg_add_quant_table(&cinfo, 0, table, 100, FALSE);
        jpeg_add_quant_table(&cinfo, 1, table, 100, FALSE);
    }
    for (int c = 0; c < r->components; c++) {
        cinfo.comp_info[c].h_samp_factor = r->h[c];
        cinfo.comp_info[c].v_samp_factor = r->v[c];
        max_h = r->h[c] > max_h ? r->h[c] : max_h;
        max_v = r->v[c] > max_v ? r->v[c] : max_v;
    }
    set_scans(&cinfo, r, scans);
    cinfo.arith_code = r->arithmetic;
    cinfo.restart_interval = r->restart;
    cinfo.raw_data_in = TRUE;
    if (r->no_adobe) {
        cinfo.write_Adobe_marker = FALSE;
    }
    if (r->no_jfif) {
        cinfo.write_JFIF_header = FALSE;
    }
    jpeg_start_compress(&cinfo, TRUE);
    JSAMPARRAY planes[5];
    unsigned int mcus = (r->width + 8u * (unsigned int)max_h - 1) / (8u * (unsigned int)max_h);
    for (int c = 0; c < r->components; c++) {
        planes[c] = malloc(sizeof(JSAMPROW) * 32);
        for (int y = 0; y < r->v[c] * 8; y++) {
            planes[c][y] = malloc((size_t)mcus * 8 * (size_t)r->h[c]);
        }
    }
    unsigned int strip = 0;
    while (cinfo.next_scanline < cinfo.image_height) {
        for (int c = 0; c < r->components; c++) {
            unsigned int rows = (unsigned int)r->v[c] * 8;
            for (unsigned int y = 0; y < rows; y++) {
                for (unsigned int x = 0; x < mcus * 8 * (unsigned int)r->h[c]; x++) {
                    planes[c][y][x] =
                        params_sample(r, c, x, strip * rows + y, r->width * (double)r->h[c] / max_h,
                                      r->height * (double)r->v[c] / max_v);
                }
            }
        }
        jpeg_write_raw_data(&cinfo, planes, (JDIMENSION)max_v * 8);
        strip++;
    }
    jpeg_finish_compress(&cinfo);
    for (int c = 0; c < r->components; c++) {
        for (int y = 0; y < r->v[c] * 8; y++) {
            free(planes[c][y]);
        }
        free(planes[c]);
    }
    jpeg_destroy_compress(&cinfo);
    return (struct blob){bytes, size_bytes};
}

static MAYBE_UNUSED struct jpeg_params params_420(unsigned int width, unsigned int height) {
    return (struct jpeg_params){.width = width,
                                .height = height,
                                .components = 3,
                                .space = JCS_YCbCr,
                                .h = {2, 1, 1},
                                .v = {2, 1, 1}};
}

/* ---- reading them with the reader under test ---------------------------------------------------
 */

/* An allocator that counts, can fail, and fills new memory with a pattern. */
struct counting {
    int live, calls, fail_at_call;
    bool fail_after; /* all later calls fail too */
    uint8_t pattern;
};

static void *counting_alloc(void *user, size_t size_bytes) {
    struct counting *counting = user;
    counting->calls++;
    if (counting->fail_at_call != 0 &&
        (counting->calls == counting->fail_at_call ||
         (counting->fail_after && counting->calls > counting->fail_at_call))) {
        return NULL;
    }
    void *block = malloc(size_bytes);
    if (block != NULL) {
        memset(block, counting->pattern, size_bytes);
        counting->live++;
    }
    return block;
}

static void counting_free(void *user, void *block) {
    ((struct counting *)user)->live--;
    free(block);
}

static MAYBE_UNUSED struct imgcore_limits default_limits(void) {
    return (struct imgcore_limits){.pixels = IMGCORE_DEFAULT_PIXELS,
                                   .side_px = IMGCORE_DEFAULT_SIDE_PX,
                                   .scans = IMGCORE_DEFAULT_SCANS,
                                   .memory_bytes = IMGCORE_DEFAULT_MEMORY_BYTES,
                                   .metadata_bytes = IMGCORE_DEFAULT_METADATA_BYTES,
                                   .icc_bytes = IMGCORE_DEFAULT_ICC_BYTES,
                                   .output_pixels = IMGCORE_DEFAULT_OUTPUT_PIXELS};
}

struct how {
    bool rows; /* interleaved instead of planes */
    int denom; /* 0: 1 */
    bool tolerant, want_copyright;
    struct imgcore_limits limits;     /* zeros: the defaults */
    struct stream *stream;            /* instead of memory */
    struct ic_thread_pool *pool;      /* passed to the reader */
    struct counting *counting;        /* the allocator of the library */
    const struct ic_kernels *kernels; /* NULL: libjpeg alone reads */
    struct ic_cancel *cancel;         /* NULL: never */
};

struct decoded {
    enum imgcore_status status;
    struct imgcore_error error;
    struct ic_header header; /* icc and copyright point to the copies below */
    struct ic_read_layout layout;
    uint8_t *plane[IC_MAX_PLANES];
    uint8_t *icc;
    char *copyright;
    size_t peak_bytes;
    uint64_t consumed;              /* bytes of the input, as reported by the reader */
    int strips;                     /* result of set_parallelism; 0: not called */
    const char *decoder, *fallback; /* at the end */
    uint64_t slack; /* the sum of all bytes after the rows, which a kernel may read */
};

static MAYBE_UNUSED void decoded_free(struct decoded *d) {
    for (int i = 0; i < IC_MAX_PLANES; i++) {
        free(d->plane[i]);
        d->plane[i] = NULL;
    }
    free(d->icc);
    free(d->copyright);
    d->icc = NULL;
    d->copyright = NULL;
}

/* Copies a strip, after checking that its rows follow the last ones and have readable slack. */
static void take_strip(struct decoded *d, const struct ic_strip *strip, uint32_t *next_row) {
    for (int i = 0; i < d->layout.planes; i++) {
        const struct ic_plane_layout *plane = &d->layout.plane[i];
        size_t width = (size_t)plane->width * (size_t)plane->channels;
        if (strip->plane[i].row_count == 0) {
            continue;
        }
        assert_int_equal(strip->plane[i].first_row, next_row[i]);
        assert_true(strip->plane[i].first_row + strip->plane[i].row_count <= plane->height);
        assert_int_equal((uintptr_t)strip->plane[i].rows % IC_ALIGN_BYTES, 0);
        for (uint32_t y = 0; y < strip->plane[i].row_count; y++) {
            const uint8_t *row = strip->plane[i].rows + (ptrdiff_t)y * strip->plane[i].stride_bytes;
            for (size_t x = 0; x < IC_ROW_SLACK_BYTES; x++) {
                d->slack += row[width + x];
            }
            memcpy(d->plane[i] + width * (next_row[i] + y), row, width);
        }
        next_row[i] += strip->plane[i].row_count;
    }
}

/* Checks that a strip from an earlier read is unchanged. */
static void check_strip(const struct decoded *d, const struct ic_strip *strip) {
    for (int i = 0; i < d->layout.planes; i++) {
        const size_t width = (size_t)d->layout.plane[i].width * (size_t)d->layout.plane[i].channels;
        for (uint32_t y = 0; y < strip->plane[i].row_count; y++) {
            assert_memory_equal(strip->plane[i].rows + (ptrdiff_t)y * strip->plane[i].stride_bytes,
                                d->plane[i] + width * (strip->plane[i].first_row + y), width);
        }
    }
}

static enum imgcore_status read_rows(struct ic_reader *reader, const struct how *how,
                                     struct decoded *d) {
    struct ic_read_request request = {!how->rows, how->denom == 0 ? 1 : how->denom};
    uint32_t next_row[IC_MAX_PLANES] = {0};
    struct ic_strip valid[IC_MAX_STRIPS];
    struct ic_strip strip;
    uint32_t reads = 0;
    enum imgcore_status status = reader->ops->start(reader, &request, &d->layout, &d->error);
    if (status != IMGCORE_OK) {
        return status;
    }
    for (int i = 0; i < d->layout.planes; i++) {
        const struct ic_plane_layout *plane = &d->layout.plane[i];
        d->plane[i] = calloc(plane->height, (size_t)plane->width * (size_t)plane->channels);
        assert_non_null(d->plane[i]);
    }
    if (how->pool != NULL) {
        d->strips = reader->set_parallelism(reader, how->pool, IC_MAX_STRIPS);
        assert_in_range(d->strips, 1, IC_MAX_STRIPS);
    }
    do {
        status = reader->ops->read(reader, &strip, &d->error);
        if (status != IMGCORE_OK) {
            return status;
        }
        take_strip(d, &strip, next_row);
        valid[reads % IC_MAX_STRIPS] = strip;
        reads++;
        if (d->strips > 1 && reads >= (uint32_t)d->strips) {
            check_strip(d, &valid[(reads - (uint32_t)d->strips) % IC_MAX_STRIPS]);
        }
    } while (!strip.done);
    for (int i = 0; i < d->layout.planes; i++) {
        assert_int_equal(next_row[i], d->layout.plane[i].height);
    }
    return reader->ops->finish(reader, &d->error);
}

static void keep_header(struct decoded *d) {
    if (d->header.icc != NULL) {
        d->icc = malloc(d->header.icc_bytes);
        memcpy(d->icc, d->header.icc, d->header.icc_bytes);
        d->header.icc = d->icc;
    }
    if (d->header.copyright != NULL) {
        d->copyright = malloc(strlen(d->header.copyright) + 1);
        strcpy(d->copyright, d->header.copyright);
        d->header.copyright = d->copyright;
    }
}

/* Reads a file from beginning to end. After a failure there are no planes. */
static MAYBE_UNUSED struct decoded decode(const struct blob *file, const struct how *how) {
    struct decoded d = {.status = IMGCORE_OK};
    struct imgcore_allocator allocator = {counting_alloc, counting_free, how->counting};
    struct imgcore_source source = {.bytes = file->bytes, .size_bytes = file->size_bytes};
    struct ic_open_options options = {.tolerant = how->tolerant,
                                      .want_copyright = how->want_copyright,
                                      .kernels = how->kernels,
                                      .cancel = how->cancel};
    struct imgcore_limits limits = how->limits.pixels != 0 ? how->limits : default_limits();
    struct ic_mem mem;
    struct ic_input input;
    struct ic_reader *reader = NULL;
    options.limits = &limits;
    if (how->stream != NULL) {
        how->stream->bytes = file->bytes;
        how->stream->size_bytes = file->size_bytes;
        source = (struct imgcore_source){.read = stream_read, .user = how->stream};
        source.rewind = how->stream->rewinds ? stream_rewind : NULL;
    }
    ic_mem_init(&mem, how->counting != NULL ? &allocator : NULL);
    ic_mem_set_budget(&mem, limits.memory_bytes);
    d.status = ic_input_open(&input, &mem, &source);
    if (d.status == IMGCORE_OK) {
        d.status = ic_jpeg_open(&mem, &input, &options, &reader, &d.header, &d.error);
        if (d.status == IMGCORE_OK) {
            assert_memory_equal(&d.header, &reader->header, sizeof(d.header));
            keep_header(&d);
            d.status = read_rows(reader, how, &d);
            d.decoder = reader->decoder;
            d.fallback = reader->fallback;
            reader->ops->destroy(reader);
        } else {
            assert_null(reader);
        }
        if (d.status != IMGCORE_OK) {
            assert_int_equal(d.error.status, d.status);
            assert_true(d.error.detail[0] != '\0' || d.status == IMGCORE_CANCELLED);
        }
        d.consumed = input.consumed;
        ic_input_clear(&input);
    }
    d.peak_bytes = mem.peak_bytes;
    assert_int_equal(mem.used_bytes, 0);
    assert_int_equal(mem.reserved_bytes, 0);
    ic_mem_clear(&mem);
    if (how->counting != NULL) {
        assert_int_equal(how->counting->live, 0);
    }
    if (d.status != IMGCORE_OK) {
        for (int i = 0; i < IC_MAX_PLANES; i++) {
            free(d.plane[i]);
            d.plane[i] = NULL;
        }
    }
    return d;
}

/* Reads a file and returns only the status. */
static MAYBE_UNUSED enum imgcore_status decode_status(const struct blob *file,
                                                      const struct how *how) {
    struct decoded d = decode(file, how);
    decoded_free(&d);
    return d.status;
}

static MAYBE_UNUSED size_t plane_bytes(const struct decoded *d, int i) {
    const struct ic_plane_layout *plane = &d->layout.plane[i];
    return (size_t)plane->width * plane->height * (size_t)plane->channels;
}

static MAYBE_UNUSED void assert_same_picture(const struct decoded *a, const struct decoded *b) {
    assert_int_equal(a->status, IMGCORE_OK);
    assert_int_equal(b->status, IMGCORE_OK);
    assert_int_equal(a->layout.planes, b->layout.planes);
    for (int i = 0; i < a->layout.planes; i++) {
        assert_int_equal(plane_bytes(a, i), plane_bytes(b, i));
        assert_memory_equal(a->plane[i], b->plane[i], plane_bytes(a, i));
    }
}

/* ---- reading them with libjpeg alone
 * -------------------------------------------------------------- */

struct plain_errors {
    struct jpeg_error_mgr manager;
    jmp_buf jump;
};

static void plain_exit(j_common_ptr cinfo) {
    longjmp(((struct plain_errors *)cinfo->err)->jump, 1);
}

struct plain {
    bool ok;
    int planes, channels;
    unsigned int width[4], height[4];
    uint8_t *plane[4];
};

static MAYBE_UNUSED void plain_free(struct plain *p) {
    for (int i = 0; i < 4; i++) {
        free(p->plane[i]);
        p->plane[i] = NULL;
    }
}

static void plain_raw(j_decompress_ptr cinfo, struct plain *p) {
    JSAMPARRAY rows[4];
    unsigned int done[4] = {0};
    for (int c = 0; c < cinfo->num_components; c++) {
        jpeg_component_info *info = &cinfo->comp_info[c];
        p->width[c] = info->downsampled_width;
        p->height[c] = info->downsampled_height;
        p->plane[c] = calloc(p->height[c], p->width[c]);
        rows[c] = cinfo->mem->alloc_sarray((j_common_ptr)cinfo, JPOOL_IMAGE,
                                           (info->width_in_blocks + 8) * 8, 64);
    }
    p->planes = cinfo->num_components;
    p->channels = 1;
    while (cinfo->output_scanline < cinfo->output_height) {
        unsigned int lines = cinfo->output_scanline;
        jpeg_read_raw_data(cinfo, rows, 64);
        lines = cinfo->output_scanline - lines;
        for (int c = 0; c < cinfo->num_components; c++) {
            jpeg_component_info *info = &cinfo->comp_info[c];
            unsigned int n = lines * (unsigned int)(info->v_samp_factor * info->DCT_scaled_size) /
                             (unsigned int)(cinfo->max_v_samp_factor * cinfo->min_DCT_scaled_size);
            for (unsigned int y = 0; y < n && done[c] < p->height[c]; y++, done[c]++) {
                memcpy(p->plane[c] + (size_t)done[c] * p->width[c], rows[c][y], p->width[c]);
            }
        }
    }
}

static void plain_scanlines(j_decompress_ptr cinfo, struct plain *p) {
    p->planes = 1;
    p->channels = cinfo->output_components;
    p->width[0] = cinfo->output_width;
    p->height[0] = cinfo->output_height;
    size_t row_bytes = (size_t)cinfo->output_width * (size_t)cinfo->output_components;
    p->plane[0] = calloc(cinfo->output_height, row_bytes);
    while (cinfo->output_scanline < cinfo->output_height) {
        JSAMPROW row = p->plane[0] + cinfo->output_scanline * row_bytes;
        jpeg_read_scanlines(cinfo, &row, 1);
    }
}

/* Decodes with libjpeg in the same way as djpeg; ok is false if libjpeg rejects the file. */
static MAYBE_UNUSED struct plain plain_decode(const struct blob *file, bool raw, int denom) {
    static struct plain p; /* static: its value survives longjmp */
    static struct jpeg_decompress_struct cinfo;
    struct plain_errors errors;
    memset(&p, 0, sizeof(p));
    cinfo.err = jpeg_std_error(&errors.manager);
    errors.manager.error_exit = plain_exit;
    errors.manager.emit_message = plain_silence;
    if (setjmp(errors.jump) == 0) {
        jpeg_create_decompress(&cinfo);
        jpeg_mem_src(&cinfo, file->bytes, file->size_bytes);
        jpeg_read_header(&cinfo, TRUE);
        cinfo.scale_num = 1;
        cinfo.scale_denom = (unsigned int)denom;
        if (cinfo.out_color_space == JCS_YCbCr) {
            cinfo.out_color_space = JCS_RGB;
        }
        cinfo.raw_data_out = raw;
        jpeg_start_decompress(&cinfo);
        if (raw) {
            plain_raw(&cinfo, &p);
        } else {
            plain_scanlines(&cinfo, &p);
        }
        jpeg_finish_decompress(&cinfo);
        p.ok = true;
    }
    jpeg_destroy_decompress(&cinfo);
    return p;
}

#endif
