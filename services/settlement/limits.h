/* Every limit of the settlement's arithmetic, by name. No sum and no product can overflow an
 * int64_t: see the bound beside each. */
#ifndef SETTLE_LIMITS_H
#define SETTLE_LIMITS_H

#include <stddef.h>
#include <stdint.h>

/* One amount of one line, in won, either sign. Its product with a rate is at most 1e16. */
#define SETTLE_MAX_LINE_WON INT64_C(1000000000000) /* 1e12 */

/* 100.00 %. A commission with VAT on top of it is at most 110 % of an amount: 1.1e12. */
#define SETTLE_MAX_RATE_BP 10000

/* Lines of one total. */
#define SETTLE_MAX_LINES INT64_C(10000000) /* 1e7 */

/* One sum, in won, either sign: refused above. Sum + line <= 1.1e18 and the sum of five totals
 * <= 5e18 are below INT64_MAX (9.2e18), so that sums are added first and then checked. */
#define SETTLE_MAX_SUM_WON INT64_C(1000000000000000000) /* 1e18 */

/* Units of one line, either sign. A sum of them over SETTLE_MAX_LINES lines is at most 1e16. */
#define SETTLE_MAX_QUANTITY 1000000000 /* 1e9 */

/* Rows of one order in the view: items, and each of its refunds for each item. */
#define SETTLE_MAX_ORDER_ROWS ((size_t)4096)

/* Rows of a table of rates: 100,000 sellers with ten periods each. */
#define SETTLE_MAX_RATES ((size_t)1000000)
/* Of the rates that one seller's lines need, in memory. */
#define SETTLE_MAX_RATE_BYTES ((size_t)8 * 1024 * 1024)

#endif
