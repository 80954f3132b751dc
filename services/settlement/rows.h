/* The columns of the view settlement_lines, as the statements of this module select them, and a row
 * of them. Every value is checked; ids are compared as they are, whatever the database's collation
 * takes for equal. */
#ifndef SETTLE_ROWS_H
#define SETTLE_ROWS_H

#include "services/db/statement.h"
#include "services/settlement/replay.h"

/* An amount as text without a digit lost. CAST alone rounds a FLOAT to six digits; the product is
 * the FLOAT as a DOUBLE, which CAST prints exactly. Text that is no number stays as it is. */
#define SETTLE_SELECT_AMOUNT(column)                                                               \
    "IF(" column " = CAST(" column " AS CHAR) + 0, CAST(" column " AS CHAR), CAST(" column         \
    " * 1 AS CHAR))"
/* The bytes of an id: the order and equality of ids that collations and padding do not change. */
#define SETTLE_SELECT_ID_BYTES(column) "CAST(CONVERT(" column " USING utf8mb4) AS BINARY)"

/* The ids as text, and amounts that are read without error or refused (money.h). */
/* Left as it is, because the formatter makes these lines longer each time. */
/* clang-format off */
#define SETTLE_ROW_COLUMNS \
    "CONVERT(seller_id USING utf8mb4), CONVERT(order_id USING utf8mb4), " \
    "CONVERT(item_id USING utf8mb4), CONVERT(event_id USING utf8mb4), kind, scope, ordered_at, " \
    "settled_at, LEFT(product_name, 1000), CONVERT(category USING utf8mb4), tax, payment, " \
    SETTLE_SELECT_AMOUNT("quantity") ", " \
    SETTLE_SELECT_AMOUNT("unit_price_won") ", " \
    SETTLE_SELECT_AMOUNT("list_won") ", " \
    SETTLE_SELECT_AMOUNT("seller_coupon_won") ", " \
    SETTLE_SELECT_AMOUNT("seller_points_won") ", " \
    SETTLE_SELECT_AMOUNT("platform_coupon_won") ", " \
    SETTLE_SELECT_AMOUNT("platform_points_won") ", " \
    SETTLE_SELECT_AMOUNT("refund_won") ", " \
    "CAST(rate_percent AS CHAR)"
/* clang-format on */
#define SETTLE_ROW_COLUMN_COUNT 21
extern const struct db_column settle_row_columns[SETTLE_ROW_COLUMN_COUNT];

/* The order's id of a row, "" if it has none. */
const char *settle_row_order_id(const struct db_value *values);

/* Fills `row` from a row of the statement; its texts are those of `values`. line.rate_bp is filled
 * if the row has a rate. Errors: MALFORMED, with order, item and field. */
enum svc_status settle_row_read(const struct db_value *values, struct settle_row *row,
                                struct svc_error *error);

#endif
