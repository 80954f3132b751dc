/* The record of sent messages against a server that evaluates DynamoDB's conditions. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "services/email/record.h"
#include "tests/services/email_record_support.h"

static void test_a_message_goes_through_its_states(void **state) {
    (void)state;
    struct email_claim claim;
    assert_int_equal(take(&claim, "m:1", DIGEST, false), EMAIL_CLAIM_OURS);
    expect_state("m:1", "CLAIMED");
    assert_int_equal(email_record_sending(&claim, &failure), SVC_OK);
    expect_state("m:1", "SENDING");
    assert_int_equal(email_record_sent(&claim, "ses-1", &failure), SVC_OK);
    expect_state("m:1", "SENT");
    assert_string_equal(attribute("m:1", "sesMessageId"), "ses-1");
    assert_int_equal(take(&claim, "m:1", DIGEST, false), EMAIL_CLAIM_SENT);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        RECORD_TEST(test_a_message_goes_through_its_states),
    };
    return AWS_RUN(tests);
}
