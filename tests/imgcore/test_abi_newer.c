/* A program that was built with a later header than the library (abi/newer.h). */
#include "tests/imgcore/abi/newer.h"

#include "tests/imgcore/abi/checks-inl.h"

static void what_the_library_does_not_know_is_refused(void **state) {
    (void)state;
    OUTPUT outputs[OUTPUTS];
    OPTIONS options;
    const size_t more_options = sizeof(options.more) / sizeof(options.more[0]);
    const size_t more_output = sizeof(outputs[0].more) / sizeof(outputs[0].more[0]);
    for (size_t i = 0; i < more_options; i++) {
        fill_outputs(outputs);
        DEFAULT(options, &options);
        assert_int_equal(options.more[i], 0);
        options.more[i] = UINT64_C(1) << 56; /* any byte of it */
        check_refused(&options, outputs, IMGCORE_UNKNOWN_FIELD);
    }
    DEFAULT(options, &options);
    for (size_t i = 0; i < OUTPUTS * more_output; i++) {
        fill_outputs(outputs);
        outputs[i % OUTPUTS].more[i / OUTPUTS] = 1;
        check_refused(&options, outputs, IMGCORE_UNKNOWN_FIELD);
    }
    RESIZE_OPTIONS resize;
    DEFAULT(resize_options, &resize);
    resize.more[0] = 1;
    const uint8_t pixel[3] = {1, 2, 3};
    uint8_t made[3];
    assert_int_equal(imgcore_resize(context, pixel, 1, 1, 3, made, 1, 1, 3, &resize.known, NULL),
                     IMGCORE_UNKNOWN_FIELD);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults_fill_a_struct_of_any_size),
        cmocka_unit_test(nothing_is_read_behind_a_struct),
        cmocka_unit_test(outputs_lie_one_struct_apart),
        cmocka_unit_test(a_probe_fills_the_struct_and_no_more),
        cmocka_unit_test(sizes_of_no_version_are_refused),
        cmocka_unit_test(reserved_words_are_refused),
        cmocka_unit_test(what_the_library_does_not_know_is_refused),
    };
    return cmocka_run_group_tests_name("abi newer", tests, set_up, tear_down);
}
