/* What happens where the library has a bug: a release returns INTERNAL, and what it had made is
 * freed; debug and sanitizer builds abort. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "imgcore/color/compose.h"
#include "imgcore/color/convert.h"
#include "imgcore/kernels/kernels.h"
#include "imgcore/pipeline/pipeline.h"
#include "imgcore/resample/reducer.h"
#include "imgcore/resample/resampler.h"
#include "imgcore/resample/weight_cache.h"

static struct ic_mem mem;
static struct ic_kernels kernels;
static struct ic_weight_cache cache;
static uint8_t target[64];

static int set_up(void **state) {
    (void)state;
    ic_mem_init(&mem, NULL);
    ic_target_kernels(ic_target_choose(NULL), &kernels);
    ic_weight_cache_init(&cache, &mem);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    ic_weight_cache_clear(&cache);
    ic_mem_clear(&mem);
    return 0;
}

/* Checks that the work fails with INTERNAL, or aborts in a build that does. */
static void check_caught(enum imgcore_status (*work)(void)) {
#ifdef IC_ABORT_ON_BUG
    const pid_t child = fork();
    if (child == 0) {
        const struct rlimit no_core = {0, 0};
        setrlimit(RLIMIT_CORE, &no_core);
        signal(SIGABRT, SIG_DFL);
        fclose(stderr);
        work();
        _exit(0);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
#else
    assert_int_equal(work(), IMGCORE_INTERNAL);
    assert_int_equal(mem.used_bytes, 0);
#endif
}

static struct ic_axis axis_of(uint32_t source, uint32_t length) {
    return (struct ic_axis){.source = source, .target = length, .length = source};
}

static enum imgcore_status create_with(int channels, bool alpha, int level) {
    struct ic_resampler *resampler;
    struct ic_resample_spec spec;
    memset(&spec, 0, sizeof(spec));
    spec.x = spec.y = axis_of(8, 4);
    spec.channels = channels;
    spec.alpha = alpha;
    spec.level = level;
    return ic_resampler_create(&cache, &kernels, &spec, target, 16, &resampler);
}

static enum imgcore_status five_channels(void) {
    return create_with(5, false, 0);
}

static enum imgcore_status alpha_of_three(void) {
    return create_with(3, true, 0);
}

static enum imgcore_status halved_colours(void) {
    return create_with(4, false, 1);
}

static enum imgcore_status no_level(void) {
    struct ic_reducer *reducer;
    return ic_reducer_create(&mem, &kernels, 8, 8, 1, 0, NULL, NULL, &reducer);
}

/* With an image of 4 x 4. */
static enum imgcore_status with_picture(enum ic_color color, int what) {
    static const uint8_t white[4] = {255, 255, 255, 255};
    struct ic_picture picture;
    const int chroma = color == IC_COLOR_YCBCR ? 2 : 1;
    if (ic_picture_make(&mem, color, 4, 4, chroma, chroma, &picture) != IMGCORE_OK) {
        return IMGCORE_NO_MEMORY;
    }
    const enum imgcore_status status =
        what == 0   ? ic_halve_chroma(&mem, &picture)
        : what == 1 ? ic_to_rgb(&mem, &kernels, &picture)
                    : ic_place_on_canvas(&mem, &kernels, 6, 6, what == 2 ? 3 : 0,
                                         what == 2 ? 0 : UINT32_MAX - 1, white, &picture);
    ic_picture_clear(&mem, &picture);
    return status;
}

static enum imgcore_status chroma_of_rgb(void) {
    return with_picture(IC_COLOR_RGB, 0);
}

static enum imgcore_status small_chroma(void) {
    return with_picture(IC_COLOR_YCBCR, 1);
}

static enum imgcore_status beside_the_canvas(void) {
    return with_picture(IC_COLOR_RGB, 2);
}

static enum imgcore_status below_the_canvas(void) {
    return with_picture(IC_COLOR_RGB, 3);
}

static void wrong_calls_inside_are_caught(void **state) {
    (void)state;
    check_caught(five_channels);
    check_caught(alpha_of_three);
    check_caught(halved_colours);
    check_caught(no_level);
    check_caught(chroma_of_rgb);
    check_caught(small_chroma);
    check_caught(beside_the_canvas);
    check_caught(below_the_canvas);
}

/* ---- a reader that delivers too few rows --------------------------------------------------------
 */

enum { SIDE = 32, ROW_BYTES = SIDE + 128 };
static uint32_t delivered_rows;

static enum imgcore_status fake_start(struct ic_reader *reader,
                                      const struct ic_read_request *request,
                                      struct ic_read_layout *layout, struct imgcore_error *error) {
    (void)reader;
    (void)request;
    (void)error;
    memset(layout, 0, sizeof(*layout));
    layout->planes = 1;
    layout->plane[0] = (struct ic_plane_layout){SIDE, SIDE, 1, SIDE, SIDE, 0, 0};
    return IMGCORE_OK;
}

static enum imgcore_status fake_read(struct ic_reader *reader, struct ic_strip *strip,
                                     struct imgcore_error *error) {
    static const uint8_t rows[SIDE * ROW_BYTES];
    (void)reader;
    (void)error;
    strip->plane[0].rows = rows;
    strip->plane[0].stride_bytes = ROW_BYTES;
    strip->plane[0].row_count = delivered_rows;
    strip->done = true;
    return IMGCORE_OK;
}

static enum imgcore_status fake_finish(struct ic_reader *reader, struct imgcore_error *error) {
    (void)reader;
    (void)error;
    return IMGCORE_OK;
}

/* An image whose rows are missing is no output. */
static void missing_rows_are_found(void **state) {
    (void)state;
    static const struct ic_reader_ops ops = {
        .start = fake_start, .read = fake_read, .finish = fake_finish};
    struct imgcore_options options;
    struct imgcore_output output;
    imgcore_options_default(&options);
    imgcore_output_default(&output);
    output.format = IMGCORE_FORMAT_PNG;
    const struct imgcore_limits limits = {.output_pixels = 10000};
    const struct ic_env env = {.mem = &mem, .kernels = &kernels, .weights = &cache};
    const struct ic_transform transform = {&options, &limits, &output, 1};
    static const uint32_t sides[] = {0, 20}; /* copied, and resized */
    for (size_t i = 0; i < 2; i++) {
        output.width_px = output.height_px = sides[i];
        for (uint32_t missing = 0; missing < 3; missing++) {
            struct ic_reader reader = {.ops = &ops,
                                       .header = {.format = IMGCORE_FORMAT_PNG,
                                                  .width_px = SIDE,
                                                  .height_px = SIDE,
                                                  .color = IC_COLOR_GREY,
                                                  .orientation = 1}};
            struct ic_result result;
            struct imgcore_error error;
            delivered_rows = SIDE - missing;
            const enum imgcore_status status =
                ic_pipeline_run(&env, &reader, &transform, &result, &error);
            assert_int_equal(status, missing == 0 ? IMGCORE_OK : IMGCORE_INTERNAL);
            assert_int_equal(result.encoded.bytes == NULL, missing != 0);
            ic_buf_clear(&result.encoded);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wrong_calls_inside_are_caught),
        cmocka_unit_test(missing_rows_are_found),
    };
    return cmocka_run_group_tests_name("invariants", tests, set_up, tear_down);
}
