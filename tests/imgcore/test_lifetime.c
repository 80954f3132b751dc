/* What outlives what: the bytes of outputs without their context, contexts after fork; and the
 * reports of progress during a call. */
#include "tests/imgcore/transform_support.h"

#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/support/slowly.h"

struct heap {
    pthread_mutex_t lock; /* blocks are freed by another thread than the context's */
    int blocks;
};

static void *heap_alloc(void *user, size_t size) {
    struct heap *heap = user;
    pthread_mutex_lock(&heap->lock);
    heap->blocks++;
    pthread_mutex_unlock(&heap->lock);
    return malloc(size);
}

static void heap_free(void *user, void *block) {
    struct heap *heap = user;
    pthread_mutex_lock(&heap->lock);
    heap->blocks--;
    pthread_mutex_unlock(&heap->lock);
    free(block);
}

static void *free_bytes(void *bytes) {
    imgcore_bytes_free(bytes);
    return NULL;
}

static void bytes_outlive_their_context(void **state) {
    (void)state;
    const struct jpeg_spec spec = {.width = 640, .height = 480, .channels = 3};
    size_t size;
    uint8_t *bytes = jpeg_make(&spec, &size);
    const struct imgcore_source source = {.bytes = bytes, .size_bytes = size};
    for (int own = 0; own < 2; own++) {
        struct heap heap = {.lock = PTHREAD_MUTEX_INITIALIZER};
        const struct imgcore_allocator allocator = {heap_alloc, heap_free, &heap};
        struct imgcore_context *mine;
        struct imgcore_output outputs[3] = {box(300, 300, IMGCORE_FORMAT_JPEG),
                                            box(600, 600, IMGCORE_FORMAT_PNG),
                                            box(10, 10, IMGCORE_FORMAT_JPEG)};
        assert_int_equal(imgcore_context_create(own ? &allocator : NULL, &mine), IMGCORE_OK);
        assert_int_equal(imgcore_transform(mine, &source, NULL, outputs, 3, NULL), IMGCORE_OK);
        pthread_t thread;
        assert_int_equal(pthread_create(&thread, NULL, free_bytes, outputs[0].bytes), 0);
        outputs[0].bytes = NULL; /* freed meanwhile */
        struct imgcore_output again = box(20, 20, IMGCORE_FORMAT_JPEG);
        assert_int_equal(imgcore_transform(mine, &source, NULL, &again, 1, NULL), IMGCORE_OK);
        imgcore_output_clear(mine, &again, 1);
        pthread_join(thread, NULL);
        imgcore_output_clear(mine, outputs, 1);
        imgcore_context_destroy(mine);
        assert_int_equal(heap.blocks, own ? 2 : 0);
        for (size_t i = 1; i < 3; i++) {
            uint32_t width, height;
            int channels;
            uint8_t *pixels = i == 1 ? png_read(outputs[i].bytes, outputs[i].size_bytes, &width,
                                                &height, &channels)
                                     : jpeg_read(outputs[i].bytes, outputs[i].size_bytes, &width,
                                                 &height, &channels);
            assert_int_equal(width, i == 1 ? 600 : 10);
            free(pixels);
            imgcore_bytes_free(outputs[i].bytes);
        }
        assert_int_equal(heap.blocks, 0);
    }
    imgcore_bytes_free(NULL);
    free(bytes);
}

/* ---- fork ------------------------------------------------------------------------------------ */

static uint8_t *file;
static size_t file_bytes;

static bool makes(struct imgcore_context *with, uint32_t threads,
                  const struct imgcore_output *want) {
    const struct imgcore_source source = {.bytes = file, .size_bytes = file_bytes};
    struct imgcore_options options;
    struct imgcore_output outputs[2] = {box(90, 90, IMGCORE_FORMAT_JPEG),
                                        box(40, 40, IMGCORE_FORMAT_PNG)};
    imgcore_options_default(&options);
    options.threads = threads;
    options.preset = IMGCORE_PRESET_QUALITY;
    const bool good = imgcore_transform(with, &source, &options, outputs, 2, NULL) == IMGCORE_OK &&
                      outputs[0].size_bytes == want->size_bytes &&
                      memcmp(outputs[0].bytes, want->bytes, want->size_bytes) == 0;
    imgcore_output_clear(with, outputs, 2);
    return good;
}

/* The workers of the parent do not exist in the child, which would wait for them for ever. */
static void a_child_uses_and_destroys_the_contexts_of_its_parent(void **state) {
    (void)state;
    const struct jpeg_spec spec = {
        .width = 640, .height = 480, .channels = 3, .restart_rows = 2, .quality = 90};
    file = jpeg_make(&spec, &file_bytes);
    struct imgcore_output want = box(90, 90, IMGCORE_FORMAT_JPEG);
    struct imgcore_options quality;
    imgcore_options_default(&quality);
    quality.preset = IMGCORE_PRESET_QUALITY;
    must(file, file_bytes, &quality, &want, 1);
    for (int kind = 0; kind < 4; kind++) {
        struct imgcore_context *shared;
        assert_int_equal(imgcore_context_create(NULL, &shared), IMGCORE_OK);
        assert_true(makes(shared, kind % 2 ? 4 : 1, &want));
        const pid_t child = fork();
        if (child == 0) {
            alarm(30);
            /* 2 and 3: only destroyed */
            const bool good = kind >= 2 || (makes(shared, 1, &want) && makes(shared, 4, &want));
            imgcore_context_destroy(shared);
            _exit(good ? 0 : 1);
        }
        int status = -1;
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_int_equal(status, 0);
        assert_true(makes(shared, 4, &want)); /* the parent's own */
        imgcore_context_destroy(shared);
    }
    imgcore_output_clear(context, &want, 1);
    free(file);
}

/* ---- progress -------------------------------------------------------------------------------- */

struct progress {
    pthread_t thread;
    double last;
    int count;
    bool is_wrong;
};

static void note(void *user, double part) {
    struct progress *progress = user;
    progress->is_wrong = progress->is_wrong || part < progress->last || part > 1.0 || part <= 0.0 ||
                         !pthread_equal(pthread_self(), progress->thread);
    progress->last = part;
    progress->count++;
}

static void progress_grows_to_its_end(void **state) {
    (void)state;
    const struct jpeg_spec jpeg = {.width = 800, .height = 600, .channels = 3},
                           scans = {
                               .width = 800, .height = 600, .channels = 3, .progressive = true};
    const struct png_spec png = {.width = 800, .height = 600, .channels = 4},
                          passes = {.width = 800, .height = 600, .channels = 3, .interlaced = true};
    size_t size[4];
    uint8_t *bytes[4] = {jpeg_make(&jpeg, &size[0]), jpeg_make(&scans, &size[1]),
                         png_make(&png, &size[2]), png_make(&passes, &size[3])};
    for (int i = 0; i < test_part(16, 4); i++) {
        struct progress progress = {.thread = pthread_self()};
        struct imgcore_options options;
        imgcore_options_default(&options);
        options.on_progress = note;
        options.progress_user = &progress;
        options.threads = i / 4 % 2 ? 3 : 1;
        options.preset = i / 8 ? IMGCORE_PRESET_QUALITY : IMGCORE_PRESET_BALANCED;
        struct imgcore_output outputs[3] = {box(400, 400, IMGCORE_FORMAT_JPEG),
                                            box(300, 300, IMGCORE_FORMAT_PNG),
                                            box(20, 20, IMGCORE_FORMAT_JPEG)};
        must(bytes[i % 4], size[i % 4], &options, outputs, 3);
        assert_false(progress.is_wrong);
        assert_true(progress.last == 1.0);
        assert_true(progress.count > 10);
        imgcore_output_clear(context, outputs, 3);
        /* A call that fails never says that all is done. */
        const struct imgcore_source half = {.bytes = bytes[i % 4], .size_bytes = size[i % 4] / 2};
        progress = (struct progress){.thread = pthread_self()};
        assert_int_equal(imgcore_transform(context, &half, &options, outputs, 3, NULL),
                         IMGCORE_TRUNCATED);
        assert_false(progress.is_wrong);
        assert_true(progress.last < 0.75);
    }
    for (size_t i = 0; i < 4; i++) {
        free(bytes[i]);
    }
}

/* ---- the names of colours and chroma --------------------------------------------------------- */

static void info_names_colour_and_chroma(void **state) {
    (void)state;
    static const struct {
        int channels, h_samp, v_samp;
        bool rgb, ycck;
        enum imgcore_color_model model;
        enum imgcore_chroma chroma;
        const char *color, *subsampling;
    } jpegs[] = {
        {1, 0, 0, false, false, IMGCORE_COLOR_GREY, IMGCORE_CHROMA_NONE, "grey", ""},
        {3, 1, 1, false, false, IMGCORE_COLOR_YCBCR, IMGCORE_CHROMA_444, "ycbcr", "4:4:4"},
        {3, 2, 1, false, false, IMGCORE_COLOR_YCBCR, IMGCORE_CHROMA_422, "ycbcr", "4:2:2"},
        {3, 2, 2, false, false, IMGCORE_COLOR_YCBCR, IMGCORE_CHROMA_420, "ycbcr", "4:2:0"},
        {3, 1, 2, false, false, IMGCORE_COLOR_YCBCR, IMGCORE_CHROMA_440, "ycbcr", "4:4:0"},
        {3, 4, 1, false, false, IMGCORE_COLOR_YCBCR, IMGCORE_CHROMA_411, "ycbcr", "4:1:1"},
        {3, 4, 2, false, false, IMGCORE_COLOR_YCBCR, IMGCORE_CHROMA_410, "ycbcr", "4:1:0"},
        {3, 1, 4, false, false, IMGCORE_COLOR_YCBCR, IMGCORE_CHROMA_OTHER, "ycbcr", "1x4,1x1,1x1"},
        {3, 1, 1, true, false, IMGCORE_COLOR_RGB, IMGCORE_CHROMA_444, "rgb", "4:4:4"},
        {4, 1, 1, false, false, IMGCORE_COLOR_CMYK, IMGCORE_CHROMA_444, "cmyk", "4:4:4"},
        {4, 1, 1, false, true, IMGCORE_COLOR_YCCK, IMGCORE_CHROMA_444, "ycck", "4:4:4"}};
    for (size_t i = 0; i < sizeof(jpegs) / sizeof(jpegs[0]); i++) {
        const struct jpeg_spec spec = {.width = 40,
                                       .height = 30,
                                       .channels = jpegs[i].channels,
                                       .h_samp = jpegs[i].h_samp,
                                       .v_samp = jpegs[i].v_samp,
                                       .rgb = jpegs[i].rgb,
                                       .ycck = jpegs[i].ycck};
        struct imgcore_source source = {.size_bytes = 0};
        uint8_t *bytes = jpeg_make(&spec, &source.size_bytes);
        struct imgcore_info info;
        source.bytes = bytes;
        imgcore_info_default(&info);
        assert_int_equal(info.color_model, IMGCORE_COLOR_UNKNOWN);
        assert_int_equal(imgcore_probe(context, &source, NULL, &info, NULL), IMGCORE_OK);
        assert_int_equal(info.color_model, jpegs[i].model);
        assert_int_equal(info.chroma, jpegs[i].chroma);
        assert_string_equal(info.color, jpegs[i].color);
        assert_string_equal(info.subsampling, jpegs[i].subsampling);
        free(bytes);
    }
    static const enum imgcore_color_model models[] = {IMGCORE_COLOR_GREY, IMGCORE_COLOR_GREY_ALPHA,
                                                      IMGCORE_COLOR_RGB, IMGCORE_COLOR_RGBA};
    for (int channels = 1; channels <= 4; channels++) {
        const struct png_spec spec = {.width = 40, .height = 30, .channels = channels};
        struct imgcore_source source = {.size_bytes = 0};
        uint8_t *bytes = png_make(&spec, &source.size_bytes);
        struct imgcore_info info;
        source.bytes = bytes;
        imgcore_info_default(&info);
        assert_int_equal(imgcore_probe(context, &source, NULL, &info, NULL), IMGCORE_OK);
        assert_int_equal(info.color_model, models[channels - 1]);
        assert_int_equal(info.chroma, IMGCORE_CHROMA_NONE);
        free(bytes);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_outlive_their_context),
        cmocka_unit_test(a_child_uses_and_destroys_the_contexts_of_its_parent),
        cmocka_unit_test(progress_grows_to_its_end),
        cmocka_unit_test(info_names_colour_and_chroma),
    };
    return cmocka_run_group_tests_name("lifetime", tests, set_up, tear_down);
}
