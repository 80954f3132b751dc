/* JPEG files of every kind that libjpeg writes: subsampling, progressive, arithmetic, restarts,
 * colours, EXIF, a profile; each at another scale, as planes and as rows. */
#include "fuzz/seeds/seeds.h"
#include "tests/support/pictures.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

void make_seeds(void) {
    static const uint8_t profile[200] = "profile";
    write_subsamplings();
    write_kind("grey", (struct jpeg_spec){.channels = 1}, true);
    write_kind("rgb", (struct jpeg_spec){.channels = 3, .rgb = true}, false);
    write_kind("cmyk", (struct jpeg_spec){.channels = 4}, false);
    write_kind("ycck", (struct jpeg_spec){.channels = 4, .ycck = true, .h_samp = 2, .v_samp = 2},
               false);
    write_kind("progressive",
               (struct jpeg_spec){.channels = 3, .h_samp = 2, .v_samp = 2, .progressive = true},
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
