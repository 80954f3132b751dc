/* Which kinds of JPEG are read, by the marker of the frame, and the sentences about the others. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "imgcore/codec/jpeg_internal.h"
#include "tests/imgcore/jpeg_files.h"

#define LOSSLESS     "lossless JPEG is not supported"
#define HIERARCHICAL "hierarchical JPEG is not supported"

static const struct {
    uint8_t marker;
    const char *sentence;
} refused[] = {
    {0xc3, LOSSLESS},
    {0xc5, HIERARCHICAL},
    {0xc6, HIERARCHICAL},
    {0xc7, HIERARCHICAL},
    {0xcb, LOSSLESS},
    {0xcd, HIERARCHICAL},
    {0xce, HIERARCHICAL},
    {0xcf, HIERARCHICAL},
    {0xde, HIERARCHICAL},
    {0xdf, HIERARCHICAL},
    {0xc8, "a kind of JPEG that is not supported"},
};
#define REFUSED (sizeof(refused) / sizeof(refused[0]))

static struct blob make_kind(bool progressive, bool arithmetic) {
    const struct jpeg_params params = {.width = 24,
                                       .height = 16,
                                       .components = 1,
                                       .space = JCS_GRAYSCALE,
                                       .h = {1},
                                       .v = {1},
                                       .progressive = progressive,
                                       .arithmetic = arithmetic};
    return make_jpeg(&params);
}

static void check_refused(const struct blob *file, const char *sentence) {
    for (int tolerant = 0; tolerant < 2; tolerant++) {
        const struct how how = {.denom = 1, .tolerant = tolerant != 0};
        struct decoded d = decode(file, &how);
        assert_int_equal(d.status, IMGCORE_UNSUPPORTED);
        /* libjpeg's own message may follow. */
        assert_memory_equal(d.error.detail, sentence, strlen(sentence));
        decoded_free(&d);
    }
}

static void frames_that_are_not_read_have_a_sentence(void **state) {
    (void)state;
    struct blob file = make_kind(false, false);
    const size_t frame = find_marker(&file, 0xc0, 0);
    for (size_t i = 0; i < REFUSED; i++) {
        file.bytes[frame + 1] = refused[i].marker;
        check_refused(&file, refused[i].sentence);
    }
    blob_free(&file);
}

/* A header without a fault, which libjpeg-turbo 3 reads: one component of 8 bits, the predictor 1.
 */
static void a_lossless_file_is_refused(void **state) {
    (void)state;
    static const uint8_t bytes[] = {0xff, 0xd8, 0xff, 0xc3, 0, 11, 8, 0, 8,    0,
                                    8,    1,    1,    0x11, 0, /* frame */
                                    0xff, 0xc4, 0,    20,   0, 1,  0, 0, 0,    0,
                                    0,    0,    0,    0,    0, 0,  0, 0, /* a code of 1 bit */
                                    0,    0,    0,                       /* ... for 0 */
                                    0xff, 0xda, 0,    8,    1, 1,  0, 1, 0,    0, /* scan */
                                    0,    0,    0,    0,    0, 0,  0, 0, 0xff, 0xd9};
    struct blob file = {NULL, 0};
    blob_append(&file, bytes, sizeof(bytes));
    check_refused(&file, LOSSLESS);
    blob_free(&file);
}

static void arithmetic_and_progressive_frames_are_read(void **state) {
    (void)state;
    static const uint8_t markers[] = {0xc0, 0xc2, 0xc9, 0xca};
    for (int kind = 0; kind < 4; kind++) {
        struct blob file = make_kind(kind % 2 != 0, kind / 2 != 0);
        const struct how how = {.denom = 1};
        assert_int_not_equal(find_marker(&file, markers[kind], 0), 0);
        struct decoded d = decode(&file, &how);
        assert_int_equal(d.status, IMGCORE_OK);
        assert_int_equal(d.header.progressive, kind % 2 != 0);
        assert_int_equal(d.header.arithmetic, kind / 2 != 0);
        decoded_free(&d);
        blob_free(&file);
    }
}

/* ---- whatever the version of libjpeg-turbo -------------------------------------------------- */

static int traced_marker;

static void trace(j_common_ptr cinfo, int level) {
    if (level >= 0 && cinfo->err->msg_code == JTRC_SOF) {
        traced_marker = cinfo->err->msg_parm.i[0];
    }
}

/* What the refusal of frames that a later libjpeg reads relies on. */
static void libjpeg_traces_the_marker_of_a_frame(void **state) {
    (void)state;
    static const uint8_t markers[] = {0xc0, 0xc2, 0xc9, 0xca};
    for (int kind = 0; kind < 4; kind++) {
        struct blob file = make_kind(kind % 2 != 0, kind / 2 != 0);
        struct jpeg_decompress_struct cinfo;
        struct jpeg_error_mgr errors;
        cinfo.err = jpeg_std_error(&errors);
        errors.emit_message = trace;
        jpeg_create_decompress(&cinfo);
        jpeg_mem_src(&cinfo, file.bytes, (unsigned long)file.size_bytes);
        traced_marker = 0;
        assert_int_equal(jpeg_read_header(&cinfo, TRUE), JPEG_HEADER_OK);
        assert_int_equal(traced_marker, markers[kind]);
        jpeg_destroy_decompress(&cinfo);
        blob_free(&file);
    }
}

struct traced {
    struct jpeg_decompress_struct cinfo;
    int marker;
};

static void trace_step(void *state) {
    struct traced *traced = state;
    jpeg_create_decompress(&traced->cinfo);
    traced->cinfo.err->msg_code = JTRC_SOF;
    traced->cinfo.err->msg_parm.i[0] = traced->marker;
    traced->cinfo.err->emit_message((j_common_ptr)&traced->cinfo, 1);
}

/* As if libjpeg read it. */
static void a_traced_frame_is_refused_by_its_marker(void **state) {
    (void)state;
    for (int marker = 0xc0; marker <= 0xdf; marker++) {
        const char *sentence = NULL;
        for (size_t i = 0; i < REFUSED; i++) {
            sentence = refused[i].marker == marker ? refused[i].sentence : sentence;
        }
        struct ic_jpeg_errors errors;
        struct traced traced = {.marker = marker};
        struct imgcore_error error;
        traced.cinfo.err = ic_jpeg_errors_init(&errors, false);
        assert_int_equal(ic_jpeg_guard(&errors, trace_step, &traced, &error),
                         sentence != NULL ? IMGCORE_UNSUPPORTED : IMGCORE_OK);
        if (sentence != NULL) {
            assert_string_equal(error.detail, sentence);
        }
        jpeg_destroy_decompress(&traced.cinfo);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frames_that_are_not_read_have_a_sentence),
        cmocka_unit_test(a_lossless_file_is_refused),
        cmocka_unit_test(arithmetic_and_progressive_frames_are_read),
        cmocka_unit_test(libjpeg_traces_the_marker_of_a_frame),
        cmocka_unit_test(a_traced_frame_is_refused_by_its_marker),
    };
    return cmocka_run_group_tests_name("jpeg kinds", tests, NULL, NULL);
}
