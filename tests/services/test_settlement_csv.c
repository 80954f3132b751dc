/* The CSV to the byte, bounded memory, and output that does not fit. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "services/settlement/csv.h"
#include "tests/support/failing_malloc.h"

#define HEAD                                                                                                                    \
    "\xef\xbb\xbf주문번호,주문일시,상품명,수량,단가,판매금액,수수료율(%),수수료,정산금액,구분," \
    "공급가액,부가세,과세구분,결제수단,할인 전 금액,쿠폰(판매자 부담),포인트(판매자 부담),"  \
    "쿠폰(플랫폼 부담),포인트(플랫폼 부담),결제금액,카테고리,"

static const struct settle_line sale = {
    .order_id = "ORD-1",
    .product_name = "사과, \"큰\" 것",
    .seller_id = "42",
    .category = "=food",
    .kind = SETTLE_SALE,
    .tax = SETTLE_TAX_EXEMPT,
    .payment = SETTLE_PAID_WITH_CASH_RECEIPT,
    .ordered_at_ms = INT64_C(1788188399999), /* the last moment of August in Seoul */
    .settled_at_ms = INT64_C(1788188400000),
    .quantity = 2,
    .unit_price_won = 10500,
    .rate_bp = 305,
    .amounts = {.list_won = 21000,
                .seller_coupon_won = 1000,
                .seller_points_won = 200,
                .platform_coupon_won = 300,
                .platform_points_won = 40,
                .gross_won = 19800,
                .paid_won = 19460,
                .commission_won = 604,
                .supply_won = 550,
                .vat_won = 54,
                .net_won = 19196},
};

static void a_line_is_written_to_the_byte(void **state) {
    (void)state;
    struct svc_buf out;
    svc_buf_init(&out, SETTLE_MAX_CSV_APPEND_BYTES);
    assert_true(settle_csv_put_head(SETTLE_AT_CONFIRMATION, &out));
    assert_string_equal(svc_buf_text(&out), HEAD "구매확정일시\r\n");
    svc_buf_reset(&out);
    assert_true(settle_csv_put_head(SETTLE_AT_PAYMENT, &out));
    assert_string_equal(svc_buf_text(&out), HEAD "결제일시\r\n");
    svc_buf_reset(&out);
    assert_true(settle_csv_put_line(&sale, &out));
    assert_string_equal(
        svc_buf_text(&out),
        "\"ORD-1\",2026-08-31 23:59:59,\"사과, \"\"큰\"\" 것\",2,10500,19800,3.05,604,"
        "19196,판매,550,54,면세,현금영수증,21000,1000,200,300,40,19460,\"'=food\","
        "2026-09-01 00:00:00\r\n");
    svc_buf_clear(&out);
}

static void totals_are_written_for_the_kinds_that_have_lines(void **state) {
    (void)state;
    struct settle_totals totals = {0};
    struct svc_buf out;
    svc_buf_init(&out, SETTLE_MAX_CSV_APPEND_BYTES);
    assert_int_equal(settle_totals_add(&totals, &sale, NULL), SVC_OK);
    assert_int_equal(settle_totals_add(&totals, &sale, NULL), SVC_OK);
    assert_true(settle_csv_put_totals(&totals, &out));
#define SUMS(name, kind)                                                                           \
    name ",,2건,4,,39600,,1208,38392," kind ",1100,108,,,42000,2000,400,600,80,38920,,\r\n"
    assert_string_equal(
        svc_buf_text(&out),
        SUMS("소계", "판매")
            SUMS("합계", "전체") "검산,,판매금액 - 수수료 - 정산금액,,,,,,0,일치,,,,,,,,,,,,\r\n");
    svc_buf_reset(&out);
    totals.all.amounts.net_won++;
    assert_true(settle_csv_put_totals(&totals, &out));
    assert_non_null(strstr(svc_buf_text(&out), ",-1,불일치,"));
    svc_buf_clear(&out);
}

/* Texts of nothing but quotes, which are written twice, and numbers as long as they get. */
static void the_longest_line_fits_into_its_bound(void **state) {
    (void)state;
    struct settle_line line = sale;
    char *quotes = malloc(100001);
    assert_non_null(quotes);
    memset(quotes, '"', 100000);
    quotes[100000] = '\0';
    line.order_id = line.product_name = line.category = quotes;
    line.quantity = line.unit_price_won = INT64_MIN;
    line.amounts =
        (struct settle_amounts){INT64_MIN, INT64_MIN, INT64_MIN, INT64_MIN, INT64_MIN, INT64_MIN,
                                INT64_MIN, INT64_MIN, INT64_MIN, INT64_MIN, INT64_MIN};
    struct svc_buf out;
    svc_buf_init(&out, SETTLE_MAX_CSV_APPEND_BYTES);
    assert_true(settle_csv_put_line(&line, &out));
    assert_true(out.size_bytes > (size_t)6 * SETTLE_MAX_CSV_TEXT_BYTES);
    /* Bytes that are no UTF-8 become three each. */
    memset(quotes, 0xff, 100000);
    svc_buf_reset(&out);
    assert_true(settle_csv_put_line(&line, &out));
    assert_true(out.size_bytes > (size_t)9 * SETTLE_MAX_CSV_TEXT_BYTES);
    free(quotes);
    svc_buf_clear(&out);
}

static void output_that_does_not_fit_is_reported(void **state) {
    (void)state;
    struct settle_totals totals = {0};
    struct svc_buf whole;
    svc_buf_init(&whole, SETTLE_MAX_CSV_APPEND_BYTES);
    assert_true(settle_csv_put_line(&sale, &whole));
    const size_t line_bytes = whole.size_bytes;
    svc_buf_clear(&whole);
    for (size_t room = 0; room <= line_bytes; room++) {
        struct svc_buf out;
        svc_buf_init(&out, room);
        assert_int_equal(settle_csv_put_line(&sale, &out), room == line_bytes);
        assert_int_equal(svc_buf_status(&out), room == line_bytes ? SVC_OK : SVC_TOO_LARGE);
        svc_buf_clear(&out);
    }
    struct svc_buf out;
    svc_buf_init(&out, 100);
    assert_false(settle_csv_put_head(SETTLE_AT_CONFIRMATION, &out));
    svc_buf_reset(&out);
    assert_false(settle_csv_put_totals(&totals, &out));
    svc_buf_clear(&out);
}

static void many_lines_take_the_memory_of_one(void **state) {
    (void)state;
    struct svc_buf out;
    size_t total_bytes = 0;
    svc_buf_init(&out, SETTLE_MAX_CSV_APPEND_BYTES);
    assert_true(settle_csv_put_line(&sale, &out));
    failing_malloc_arm(1, true); /* from here on no memory is needed */
    for (int i = 0; i < 10000; i++) {
        svc_buf_reset(&out);
        if (!settle_csv_put_line(&sale, &out)) {
            break;
        }
        total_bytes += out.size_bytes;
    }
    assert_int_equal(failing_malloc_disarm(), 0);
    assert_int_equal(svc_buf_status(&out), SVC_OK);
    assert_true(total_bytes > 0);
    svc_buf_clear(&out);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_is_written_to_the_byte),
        cmocka_unit_test(totals_are_written_for_the_kinds_that_have_lines),
        cmocka_unit_test(the_longest_line_fits_into_its_bound),
        cmocka_unit_test(output_that_does_not_fit_is_reported),
        cmocka_unit_test(many_lines_take_the_memory_of_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
