/* Every line of the orders of platforms/NAME/settlement_cases.sql, read against the cases line by
 * line: order, seller, item, [event], kind, scope, ordered, settled, "name", category, tax,
 * payment, quantity, unit price | list, the seller's coupon and points, the platform's coupon and
 * points | refund, rate. "-": NULL. */
#ifndef TESTS_SERVICES_SETTLEMENT_PLATFORM_LINES_H
#define TESTS_SERVICES_SETTLEMENT_PLATFORM_LINES_H

#include <stddef.h>

static const char *const snake_case_lines[] = {
    ("=SET-4 2 200401 [] sale item 2026-02-05 00:00:00 2026-02-05 00:00:00 \"'; DROP TABLE orders; "
     "-- \" 2 exempt other 1 1 | 1 0 0 0 1 | - -"),
    ("=SET-4 2 200402 [] sale item 2026-02-05 00:00:00 2026-02-05 00:00:00 "
     "\"=HYPERLINK(\"x\")\\%_\" 2 exempt other 1 1 | 1 0 0 0 1 | - -"),
    ("=SET-4 2 200403 [] sale item 2026-02-05 00:00:00 2026-02-05 00:00:00 \"<b>🍚</b>,|\" 2 exempt "
     "other 1 1 | 1 0 0 1 0 | - -"),
    ("SET-1 2 99999 [] sale item 2026-01-31 23:59:59 2026-02-01 00:00:00 \"쌀\" 2 exempt card 2 "
     "500 | 1000 333 0 0 166 | - -"),
    ("SET-1 3 100000 [] sale item 2026-01-31 23:59:59 2026-02-01 00:00:00 \"책\" 3 exempt card 1 "
     "1000 | 1000 333 0 0 167 | - 7.25"),
    ("SET-1 2 100001 [] sale item 2026-01-31 23:59:59 2026-02-01 00:00:00 \"컵\" - taxable card 1 "
     "1000 | 1000 334 0 0 167 | - -"),
    ("SET-1 2 shipping [] shipping item 2026-01-31 23:59:59 2026-02-01 00:00:00 \"\" - exempt card "
     "1 3000 | 3000 0 0 0 0 | - -"),
    ("SET-1 2 99999 [9] refund item 2026-01-31 23:59:59 2026-02-01 00:00:00 \"쌀\" 2 exempt card 0 "
     "500 | - - - - - | 10 -"),
    ("SET-1 3 100000 [10] refund item 2026-01-31 23:59:59 2026-02-01 00:00:00 \"책\" 3 exempt card "
     "0 1000 | - - - - - | 400 7.25"),
    ("SET-1 2 99999 [11] refund order 2026-01-31 23:59:59 2026-02-11 01:02:03 \"쌀\" 2 exempt card "
     "0 500 | - - - - - | 500 -"),
    ("SET-1 3 100000 [11] refund order 2026-01-31 23:59:59 2026-02-11 01:02:03 \"책\" 3 exempt "
     "card 0 1000 | - - - - - | 500 7.25"),
    ("SET-1 2 100001 [11] refund order 2026-01-31 23:59:59 2026-02-11 01:02:03 \"컵\" - taxable "
     "card 0 1000 | - - - - - | 500 -"),
    ("SET-1 2 shipping [11] refund order 2026-01-31 23:59:59 2026-02-11 01:02:03 \"\" - exempt "
     "card 0 3000 | - - - - - | 500 -"),
    ("SET-3 2 200301 [] sale item 2026-02-02 00:00:00 2026-02-04 00:00:00 \"컵\" - taxable "
     "cash_receipt 1 1000 | 1000 0 0 0 0 | - -"),
    ("SET-3 2 shipping [] shipping item 2026-02-02 00:00:00 2026-02-04 00:00:00 \"\" - taxable "
     "cash_receipt 1 2500 | 2500 0 0 0 0 | - -"),
    ("SET-3 2 200301 [31] refund item 2026-02-02 00:00:00 2026-02-05 23:59:59 \"컵\" - taxable "
     "cash_receipt 0 1000 | - - - - - | 250 -"),
    ("SET-3 2 200301 [cancellation-of-the-order] cancel order 2026-02-02 00:00:00 2026-02-06 "
     "00:00:00 \"컵\" - taxable cash_receipt - 1000 | - - - - - | - -"),
    ("SET-3 2 shipping [cancellation-of-the-order] cancel order 2026-02-02 00:00:00 2026-02-06 "
     "00:00:00 \"\" - taxable cash_receipt - 2500 | - - - - - | - -"),
    ("SET-5 2 200501 [] sale item 2026-02-06 00:00:00 2026-02-06 00:00:00 \"쌀\" 2 exempt other 1 "
     "1000.5 | 1000.5 0 0 10.5 0.25 | - -"),
    ("SET-5 2 shipping [] shipping item 2026-02-06 00:00:00 2026-02-06 00:00:00 \"\" - exempt "
     "other 1 2500.5 | 2500.5 0 0 0 0 | - -"),
    ("SET-5 2 200501 [51] refund item 2026-02-06 00:00:00 2026-02-06 00:00:00 \"쌀\" 2 exempt "
     "other 0 1000.5 | - - - - - | 0.5 -"),
    ("SET-6 2 200601 [] sale item 2026-02-06 00:00:00 2026-02-07 00:00:00 \"쌀\" 2 exempt other 1 "
     "1000 | 1000 0 0 0 0 | - -"),
    ("SET-6 2 200601 [cancellation-of-the-order] cancel order 2026-02-06 00:00:00 2026-02-07 "
     "00:00:00 \"쌀\" 2 exempt other - 1000 | - - - - - | - -"),
    ("SET-7 2 200701 [] sale item 2026-02-06 00:00:00 2026-02-08 00:00:00 \"쌀\" 2 exempt other 1 "
     "1000 | 1000 0 0 0 0 | - -"),
    NULL};

static const char *const camel_case_lines[] = {
    ("=SET-4 seller-2 401 [] sale item 2026-02-05 00:00:00.000 2026-02-05 00:00:00.000 \"'; DROP "
     "TABLE orders; -- \" FOOD - other 1 1 | 1 0 0 0 1 | - -"),
    ("=SET-4 seller-2 402 [] sale item 2026-02-05 00:00:00.000 2026-02-05 00:00:00.000 "
     "\"=HYPERLINK(\"x\")\\%_\" FOOD - other 1 1 | 1 0 0 0 1 | - -"),
    ("=SET-4 seller-2 403 [] sale item 2026-02-05 00:00:00.000 2026-02-05 00:00:00.000 "
     "\"<b>🍚</b>,|\" FOOD - other 1 1 | 1 0 0 1 0 | - -"),
    ("SET-1 seller-2 99 [] sale item 2026-01-31 23:59:59.999 2026-02-01 00:00:00.000 \"쌀\" FOOD - "
     "card 2 500 | 1000 333 0 0 166 | - -"),
    ("SET-1 seller-3 a100 [] sale item 2026-01-31 23:59:59.999 2026-02-01 00:00:00.000 \"책\" "
     "BOOKS - card 1 1000 | 1000 333 0 0 167 | - -"),
    ("SET-1 seller-2 a101 [] sale item 2026-01-31 23:59:59.999 2026-02-01 00:00:00.000 \"컵\" - - "
     "card 1 1000 | 1000 334 0 0 167 | - -"),
    ("SET-1 seller-2 shipping [] shipping item 2026-01-31 23:59:59.999 2026-02-01 00:00:00.000 "
     "\"\" - - card 1 3000 | 3000 0 0 0 0 | - -"),
    ("SET-1 seller-2 99 [r9] refund item 2026-01-31 23:59:59.999 2026-02-01 00:00:00.000 \"쌀\" "
     "FOOD - card 0 500 | - - - - - | 10 -"),
    ("SET-1 seller-3 a100 [r10] refund item 2026-01-31 23:59:59.999 2026-02-01 00:00:00.000 \"책\" "
     "BOOKS - card 0 1000 | - - - - - | 400 -"),
    ("SET-1 seller-2 99 [r11] refund order 2026-01-31 23:59:59.999 2026-02-11 01:02:03.004 \"쌀\" "
     "FOOD - card 0 500 | - - - - - | 500 -"),
    ("SET-1 seller-3 a100 [r11] refund order 2026-01-31 23:59:59.999 2026-02-11 01:02:03.004 "
     "\"책\" BOOKS - card 0 1000 | - - - - - | 500 -"),
    ("SET-1 seller-2 a101 [r11] refund order 2026-01-31 23:59:59.999 2026-02-11 01:02:03.004 "
     "\"컵\" - - card 0 1000 | - - - - - | 500 -"),
    ("SET-1 seller-2 shipping [r11] refund order 2026-01-31 23:59:59.999 2026-02-11 01:02:03.004 "
     "\"\" - - card 0 3000 | - - - - - | 500 -"),
    ("SET-5 seller-2 501 [] sale item 2026-02-06 00:00:00.000 2026-02-06 00:00:00.000 \"쌀\" FOOD "
     "- other 1 1000.5 | 1000.5 0 0 10.5 0.25 | - -"),
    ("SET-5 seller-2 shipping [] shipping item 2026-02-06 00:00:00.000 2026-02-06 00:00:00.000 "
     "\"\" - - other 1 2500.5 | 2500.5 0 0 0 0 | - -"),
    ("SET-5 seller-2 501 [r51] refund item 2026-02-06 00:00:00.000 2026-02-06 00:00:00.000 \"쌀\" "
     "FOOD - other 0 1000.5 | - - - - - | 0.5 -"),
    ("SET-8 seller-2 801 [] sale item 2026-02-06 00:00:00.000 2026-02-06 00:00:00.000 \"쌀\" FOOD "
     "- other 1 1e200 | 1e200 0 0 1e300 2000000000000 | - -"),
    NULL};

static const char *const invented_lines[] = {
    ("=SET-4 2 1 [] sale item 2026-02-05 00:00:00 2026-02-05 00:00:00 \"'; DROP TABLE orders; -- "
     "\" 2 - other 1 1 | 1 0 0 0 0 | - -"),
    ("SET-1 2 1 [] sale item 2026-01-31 23:59:59 2026-02-01 00:00:00 \"쌀\" 2 - card 2 500 | 1000 "
     "0 0 0 0 | - -"),
    ("SET-1 3 2 [] sale item 2026-01-31 23:59:59 2026-02-01 00:00:00 \"책\" 3 - card 1 1000 | 1000 "
     "0 0 0 0 | - -"),
    ("SET-1 2 1 [9] refund item 2026-01-31 23:59:59 2026-02-01 00:00:00 \"쌀\" 2 - card 0 500 | - "
     "- - - - | 10 -"),
    ("SET-1 3 2 [10] refund item 2026-01-31 23:59:59 2026-02-01 00:00:00 \"책\" 3 - card 0 1000 | "
     "- - - - - | 400 -"),
    ("SET-1 2 1 [11] refund order 2026-01-31 23:59:59 2026-02-11 01:02:03 \"쌀\" 2 - card 0 500 | "
     "- - - - - | 500 -"),
    ("SET-1 3 2 [11] refund order 2026-01-31 23:59:59 2026-02-11 01:02:03 \"책\" 3 - card 0 1000 | "
     "- - - - - | 500 -"),
    ("SET-5 2 1 [] sale item 2026-02-06 00:00:00 2026-02-06 00:00:00 \"쌀\" 2 - other 1 1000.5 | "
     "1000.5 0 0 0 0 | - -"),
    ("SET-5 2 1 [51] refund item 2026-02-06 00:00:00 2026-02-06 00:00:00 \"쌀\" 2 - other 0 1000.5 "
     "| - - - - - | 0.5 -"),
    ("SET-8 2 1 [] sale item 2026-02-06 00:00:00 2026-02-06 00:00:00 \"쌀\" 2 - other 1 - | - 0 0 "
     "0 0 | - -"),
    ("SET-8 2 1 [81] refund order 2026-02-06 00:00:00 2026-02-07 00:00:00 \"쌀\" 2 - other 0 - | - "
     "- - - - | - -"),
    NULL};

#endif
