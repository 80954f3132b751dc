/* A program that was built with the oldest header that is supported (abi/older.h). */
#include "tests/imgcore/abi/older.h"

#include "tests/imgcore/abi/checks-inl.h"

/* What it lacks are requests that it cannot make: the fields behind its struct are not looked at.
 */
static void fields_that_it_lacks_have_their_defaults(void **state) {
    (void)state;
    struct {
        OPTIONS options;
        uint8_t behind[CANARY_BYTES];
    } given;
    memset(&given, CANARY, sizeof(given));
    DEFAULT(options, &given.options);
    OUTPUT outputs[OUTPUTS];
    fill_outputs(outputs);
    /* A function called at such an address crashes. */
    assert_int_equal(transform(&given.options, outputs, OUTPUTS, NULL), IMGCORE_OK);
    imgcore_output_clear(context, outputs, OUTPUTS);
    check_canary(given.behind);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults_fill_a_struct_of_any_size),
        cmocka_unit_test(nothing_is_read_behind_a_struct),
        cmocka_unit_test(outputs_lie_one_struct_apart),
        cmocka_unit_test(a_probe_fills_the_struct_and_no_more),
        cmocka_unit_test(sizes_of_no_version_are_refused),
        cmocka_unit_test(reserved_words_are_refused),
        cmocka_unit_test(fields_that_it_lacks_have_their_defaults),
    };
    return cmocka_run_group_tests_name("abi older", tests, set_up, tear_down);
}
