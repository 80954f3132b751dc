/* JPEG files of every kind that libjpeg writes: subsampling, progressive, arithmetic, restarts,
 * colours, EXIF, a profile; each at another scale, as planes and as rows. */
#include "fuzz/seeds/seeds.h"
#include "tests/support/pictures.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>

static void write_file(const char *name, const struct jpeg_spec *spec, uint8_t scale,
                       uint8_t flags) {
    const uint8_t options[4] = {(uint8_t)(9 + scale), (uint8_t)(50 + 60 * scale), flags, scale};
    size_t size_bytes;
    uint8_t *bytes = jpeg_make(spec, &size_bytes);
    seed_write(name, bytes, size_bytes, options, sizeof options);
    free(bytes);
}

/* Of one kind: whole at each scale as planes and as rows, and tolerated with a third cut off. */
static void write_kind(const char *name, struct jpeg_spec spec, bool has_planes) {
    char full[64];
    spec.width = spec.width ? spec.width : 37;
    spec.height = spec.height ? spec.height : 29;
    spec.quality = spec.quality ? spec.quality : 50;
    for (uint8_t scale = 0; scale < 4; scale++) {
        snprintf(full, sizeof full, "%s_%d", name, 1 << scale);
        write_file(full, &spec, scale, has_planes && scale != 1);
    }
    size_t size_bytes;
    uint8_t *bytes = jpeg_make(&spec, &size_bytes);
    for (uint8_t at = 0; at < 6; at++) { /* interrupted */
        const uint8_t interrupted[4] = {at, (uint8_t)(at % 2 ? 8 * at * at + 1 : 2),
                                        has_planes ? 5 : 4, 0};
        snprintf(full, sizeof full, "%s_interrupted_%d", name, at);
        seed_write(full, bytes, size_bytes, interrupted, sizeof interrupted);
    }
    const uint8_t options[4] = {60, 40, has_planes ? 3 : 2, 0};
    snprintf(full, sizeof full, "%s_cut", name);
    seed_write(full, bytes, size_bytes - size_bytes / 3, options, sizeof options);
    free(bytes);
}

static void write_subsamplings(void) {
    for (int h = 1; h <= 4; h++) {
        for (int v = 1; v <= 4; v++) {
            char name[32];
            if (h * v + 2 > 10)
                continue; /* more blocks than an MCU may have */
            snprintf(name, sizeof name, "sampling_%dx%d", h, v);
            write_kind(name, (struct jpeg_spec){.channels = 3, .h_samp = h, .v_samp = v}, true);
        }
    }
}

/* ---- what libjpeg takes differently, see fuzz/jpeg_read_fuzzer.c ----------------------------- */

enum { SIDE_PX = 16 };

/* A JPEG of colours that have no name, each component in a scan of its own. free() the bytes. */
static uint8_t *make_scans(int components, unsigned long *size_bytes) {
    jpeg_scan_info scans[3];
    uint8_t row[SIDE_PX * 3];
    JSAMPROW rows = row;
    unsigned char *bytes = NULL;
    struct jpeg_compress_struct cinfo;
    struct jpeg_error_mgr errors;
    memset(row, 77, sizeof row);
    cinfo.err = jpeg_std_error(&errors);
    jpeg_create_compress(&cinfo);
    jpeg_mem_dest(&cinfo, &bytes, size_bytes);
    cinfo.image_width = cinfo.image_height = SIDE_PX;
    cinfo.input_components = components;
    cinfo.in_color_space = components == 3 ? JCS_YCbCr : JCS_UNKNOWN;
    jpeg_set_defaults(&cinfo);
    for (int i = 0; i < components; i++)
        scans[i] = (jpeg_scan_info){.comps_in_scan = 1, .component_index = {i}, .Se = 63};
    cinfo.scan_info = scans;
    cinfo.num_scans = components;
    jpeg_start_compress(&cinfo, TRUE);
    while (cinfo.next_scanline < cinfo.image_height)
        jpeg_write_scanlines(&cinfo, &rows, 1);
    jpeg_finish_compress(&cinfo);
    jpeg_destroy_compress(&cinfo);
    return bytes;
}

/* A progressive JPEG whose bands and bits are split otherwise than libjpeg does it by itself. */
static uint8_t *make_progressive(unsigned int restart, unsigned long *size_bytes) {
    static const jpeg_scan_info scans[] = {
        {3, {0, 1, 2}, 0, 0, 0, 3}, {1, {1}, 1, 63, 0, 1},      {1, {0}, 1, 9, 0, 3},
        {3, {0, 1, 2}, 0, 0, 3, 2}, {1, {0}, 1, 5, 3, 2},       {1, {0}, 10, 63, 0, 2},
        {1, {0}, 6, 9, 3, 2},       {1, {0}, 1, 63, 2, 1},      {1, {2}, 1, 63, 0, 0},
        {1, {0}, 1, 63, 1, 0},      {3, {0, 1, 2}, 0, 0, 2, 1}, {1, {1}, 1, 63, 1, 0},
        {3, {0, 1, 2}, 0, 0, 1, 0},
    };
    enum { WIDTH_PX = 60, HEIGHT_PX = 50 };
    uint8_t *pixels = scene_make(WIDTH_PX, HEIGHT_PX, 3);
    unsigned char *bytes = NULL;
    struct jpeg_compress_struct cinfo;
    struct jpeg_error_mgr errors;
    cinfo.err = jpeg_std_error(&errors);
    jpeg_create_compress(&cinfo);
    jpeg_mem_dest(&cinfo, &bytes, size_bytes);
    cinfo.image_width = WIDTH_PX;
    cinfo.image_height = HEIGHT_PX;
    cinfo.input_components = 3;
    cinfo.in_color_space = JCS_RGB;
    jpeg_set_defaults(&cinfo);
    jpeg_set_quality(&cinfo, 80, TRUE);
    cinfo.restart_interval = restart;
    cinfo.scan_info = scans;
    cinfo.num_scans = sizeof scans / sizeof *scans;
    jpeg_start_compress(&cinfo, TRUE);
    while (cinfo.next_scanline < cinfo.image_height) {
        JSAMPROW rows = pixels + (size_t)cinfo.next_scanline * WIDTH_PX * 3;
        jpeg_write_scanlines(&cinfo, &rows, 1);
    }
    jpeg_finish_compress(&cinfo);
    jpeg_destroy_compress(&cinfo);
    free(pixels);
    return bytes;
}

static void write_progressive(void) {
    for (unsigned int restart = 0; restart < 8; restart += 7) {
        unsigned long size_bytes;
        uint8_t *bytes = make_progressive(restart, &size_bytes);
        for (uint8_t scale = 0; scale < 4; scale++) {
            const uint8_t options[4] = {30, 90, (uint8_t)(1 + 32 * scale), scale};
            char name[64];
            snprintf(name, sizeof name, "progressive_scans_%u_%d", restart, 1 << scale);
            seed_write(name, bytes, size_bytes, options, sizeof options);
        }
        free(bytes);
    }
}

/* Where the last scan begins. */
static size_t find_last_scan(const uint8_t *bytes, size_t size_bytes) {
    size_t at = size_bytes - 2;
    while (at > 0 && memcmp(bytes + at, "\xff\xda", 2) != 0)
        at--;
    return at;
}

static void write_differences(void) {
    const uint8_t rows[4] = {60, 40, 0, 0}, planes[4] = {60, 40, 1, 0};
    unsigned long size_bytes;
    uint8_t *bytes = make_scans(2, &size_bytes);
    seed_write("two_components", bytes, size_bytes, rows, sizeof rows);
    free(bytes);
    bytes = make_scans(3, &size_bytes);
    const size_t cut = find_last_scan(bytes, size_bytes);
    memcpy(bytes + cut, "\xff\xd9", 2);
    seed_write("missing_component", bytes, cut + 2, rows, sizeof rows);
    free(bytes);
    size_t made_bytes;
    bytes = jpeg_make(&(struct jpeg_spec){.width = 20, .height = 20, .channels = 3, .rgb = true},
                      &made_bytes);
    seed_write("rgb_planes", bytes, made_bytes, planes, sizeof planes);
    free(bytes);
    /* Ones only are no code. There is data of more than a row of blocks behind them. */
    bytes =
        jpeg_make(&(struct jpeg_spec){.width = 120, .height = 120, .channels = 1, .quality = 95},
                  &made_bytes);
    memcpy(bytes + find_last_scan(bytes, made_bytes) + 50, "\xff\0\xff\0\xff\0", 6);
    seed_write("bad_code", bytes, made_bytes, rows, sizeof rows);
    free(bytes);
}

void make_seeds(void) {
    static const uint8_t profile[200] = "profile";
    write_subsamplings();
    write_differences();
    write_progressive();
    write_kind("grey", (struct jpeg_spec){.channels = 1}, true);
    write_kind("rgb", (struct jpeg_spec){.channels = 3, .rgb = true}, false);
    write_kind("cmyk", (struct jpeg_spec){.channels = 4}, false);
    write_kind("ycck", (struct jpeg_spec){.channels = 4, .ycck = true, .h_samp = 2, .v_samp = 2},
               false);
    write_kind("progressive",
               (struct jpeg_spec){.channels = 3, .h_samp = 2, .v_samp = 2, .progressive = true},
               true);
    write_kind("progressive_444", (struct jpeg_spec){.channels = 3, .progressive = true}, true);
    write_kind("progressive_grey", (struct jpeg_spec){.channels = 1, .progressive = true}, true);
    write_kind("progressive_restart",
               (struct jpeg_spec){.channels = 3,
                                  .height = 70,
                                  .h_samp = 2,
                                  .v_samp = 1,
                                  .progressive = true,
                                  .restart_rows = 1},
               true);
    write_kind("arithmetic", (struct jpeg_spec){.channels = 3, .arithmetic = true}, true);
    write_kind("arithmetic_progressive",
               (struct jpeg_spec){.channels = 3, .arithmetic = true, .progressive = true}, true);
    write_kind("optimized",
               (struct jpeg_spec){.channels = 3, .h_samp = 2, .v_samp = 1, .optimize = true}, true);
    /* Large enough to be decoded in segments. */
    write_kind("restart",
               (struct jpeg_spec){.width = 200,
                                  .height = 300,
                                  .quality = 10,
                                  .channels = 3,
                                  .h_samp = 2,
                                  .v_samp = 2,
                                  .restart_rows = 1},
               true);
    write_kind("restart_grey",
               (struct jpeg_spec){
                   .width = 80, .height = 600, .quality = 5, .channels = 1, .restart_rows = 2},
               true);
    write_kind("metadata",
               (struct jpeg_spec){.channels = 3,
                                  .orientation = 6,
                                  .copyright = "A photographer",
                                  .icc = profile,
                                  .icc_bytes = sizeof profile},
               true);
}
