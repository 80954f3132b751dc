#include "fuzz/support/fuzz_libjpeg.h"

#include "fuzz/support/fuzz.h"
#include "imgcore/codec/jpeg_internal.h"

#include <setjmp.h>
#include <string.h>

/* Rows of an iMCU of the largest factors. */
#define MAX_ROWS (4 * DCTSIZE)

struct reading {
    struct jpeg_error_mgr errors; /* the first member */
    jmp_buf jump;
    struct jpeg_decompress_struct cinfo;
    struct jpeg_progress_mgr progress;
    struct fuzz_libjpeg_setup setup;
    struct fuzz_libjpeg result;
    JSAMPARRAY raw[FUZZ_LIBJPEG_PLANES];
};

static void leave(j_common_ptr cinfo) {
    longjmp(((struct reading *)cinfo->err)->jump, 1);
}

static void take_message(j_common_ptr cinfo, int level) {
    struct reading *reading = (struct reading *)cinfo->err;
    if (level >= 0)
        return;
    reading->result.has_warned = true;
    if (reading->setup.stops_at_warning)
        leave(cinfo);
}

static void show_nothing(j_common_ptr cinfo) {
    (void)cinfo;
}

static void count_scans(j_common_ptr cinfo) {
    if (((j_decompress_ptr)cinfo)->input_scan_number >
        ((struct reading *)cinfo->err)->setup.max_scans)
        leave(cinfo);
}

static uint32_t scaled(uint32_t side_px, int factor, int dct_size, int max_factor) {
    const uint32_t whole = (uint32_t)max_factor * DCTSIZE;
    return (side_px * (uint32_t)(factor * dct_size) + whole - 1) / whole;
}

static void lay_out(struct reading *reading) {
    const struct jpeg_decompress_struct *cinfo = &reading->cinfo;
    struct fuzz_libjpeg *result = &reading->result;
    result->planes = reading->setup.planes ? cinfo->num_components : 1;
    result->channels = reading->setup.planes ? 1 : cinfo->output_components;
    result->width[0] = cinfo->output_width;
    result->height[0] = cinfo->output_height;
    for (int p = 0; reading->setup.planes && p < result->planes; p++) {
        const jpeg_component_info *component = &cinfo->comp_info[p];
        result->width[p] = scaled(cinfo->image_width, component->h_samp_factor, IC_DCT_H(component),
                                  cinfo->max_h_samp_factor);
        result->height[p] = scaled(cinfo->image_height, component->v_samp_factor,
                                   IC_DCT_V(component), cinfo->max_v_samp_factor);
    }
    for (int p = 0; p < result->planes; p++)
        result->plane[p] =
            fuzz_alloc((size_t)result->width[p] * (size_t)result->channels * result->height[p]);
}

static void read_planes(struct reading *reading) {
    j_decompress_ptr cinfo = &reading->cinfo;
    struct fuzz_libjpeg *result = &reading->result;
    uint32_t done[FUZZ_LIBJPEG_PLANES] = {0};
    for (int p = 0; p < result->planes; p++)
        reading->raw[p] = (*cinfo->mem->alloc_sarray)(
            (j_common_ptr)cinfo, JPOOL_IMAGE,
            cinfo->comp_info[p].width_in_blocks * DCTSIZE + MAX_ROWS * DCTSIZE, MAX_ROWS);
    while (cinfo->output_scanline < cinfo->output_height) {
        jpeg_read_raw_data(cinfo, reading->raw, MAX_ROWS);
        for (int p = 0; p < result->planes; p++) {
            const jpeg_component_info *component = &cinfo->comp_info[p];
            const int rows = component->v_samp_factor * IC_DCT_V(component);
            for (int y = 0; y < rows && done[p] < result->height[p]; y++, done[p]++)
                memcpy(result->plane[p] + (size_t)done[p] * result->width[p], reading->raw[p][y],
                       result->width[p]);
        }
    }
}

static void read_rows(struct reading *reading) {
    j_decompress_ptr cinfo = &reading->cinfo;
    struct fuzz_libjpeg *result = &reading->result;
    const size_t row_bytes = (size_t)result->width[0] * (size_t)result->channels;
    while (cinfo->output_scanline < cinfo->output_height) {
        JSAMPROW row = result->plane[0] + cinfo->output_scanline * row_bytes;
        jpeg_read_scanlines(cinfo, &row, 1);
    }
    const bool is_inverted = cinfo->out_color_space == JCS_CMYK && cinfo->saw_Adobe_marker;
    for (size_t i = 0; is_inverted && i < row_bytes * result->height[0]; i++)
        result->plane[0][i] = (uint8_t)(255 - result->plane[0][i]);
}

static void note_quantizers(struct reading *reading) {
    for (int p = 0; p < reading->cinfo.num_components && p < FUZZ_LIBJPEG_PLANES; p++) {
        const JQUANT_TBL *table = reading->cinfo.comp_info[p].quant_table;
        for (int k = 0; table && k < DCTSIZE2; k++)
            reading->result.quantizer[p][k] = table->quantval[k];
    }
}

static void read_all(struct reading *reading, const uint8_t *data, size_t size_bytes) {
    j_decompress_ptr cinfo = &reading->cinfo;
    jpeg_create_decompress(cinfo);
    jpeg_mem_src(cinfo, data, size_bytes);
    reading->progress.progress_monitor = count_scans;
    cinfo->progress = &reading->progress;
    jpeg_read_header(cinfo, TRUE);
    if ((uint64_t)cinfo->image_width * cinfo->image_height > reading->setup.max_pixels)
        leave((j_common_ptr)cinfo);
    cinfo->scale_denom = (unsigned)reading->setup.scale_denom;
    cinfo->raw_data_out = reading->setup.planes;
    if (reading->setup.planes)
        cinfo->out_color_space = cinfo->jpeg_color_space;
    jpeg_start_decompress(cinfo);
    if (cinfo->num_components > FUZZ_LIBJPEG_PLANES)
        leave((j_common_ptr)cinfo);
    lay_out(reading);
    if (reading->setup.planes)
        read_planes(reading);
    else
        read_rows(reading);
    note_quantizers(reading);
    jpeg_finish_decompress(cinfo);
}

struct fuzz_libjpeg fuzz_libjpeg_read(const uint8_t *data, size_t size_bytes,
                                      const struct fuzz_libjpeg_setup *setup) {
    static struct reading reading; /* static: its value survives longjmp */
    memset(&reading, 0, sizeof reading);
    reading.setup = *setup;
    reading.cinfo.err = jpeg_std_error(&reading.errors);
    reading.errors.error_exit = leave;
    reading.errors.emit_message = take_message;
    reading.errors.output_message = show_nothing;
    if (!setjmp(reading.jump)) {
        read_all(&reading, data, size_bytes);
        reading.result.is_read = true;
    }
    jpeg_destroy_decompress(&reading.cinfo);
    return reading.result;
}

void fuzz_libjpeg_clear(struct fuzz_libjpeg *result) {
    for (int p = 0; p < FUZZ_LIBJPEG_PLANES; p++) {
        free(result->plane[p]);
        result->plane[p] = NULL;
    }
}
