/* The CSV of a settlement, parsed back by an RFC 4180 reader of this file: every row has the
 * columns of the head, texts come back as they are, and no cell of text begins a formula. The input
 * is order id, product and category, a line feed between them. */
#include "fuzz/support/fuzz.h"
#include "services/base/text.h"
#include "services/settlement/csv.h"

#include <string.h>

enum { COLUMNS = 22, PRODUCT = 2, CATEGORY = 20 };

/* Reads a cell into `out`; returns the character that ended it, or '\0' at the end. */
static char read_cell(const char **at, struct svc_buf *out) {
    svc_buf_reset(out);
    if (**at == '"') {
        for (++*at; **at != '"' || (*at)[1] == '"'; ++*at) {
            FUZZ_CHECK(**at, "a cell without an end");
            *at += **at == '"';
            svc_buf_append_char(out, **at);
        }
        ++*at;
    } else {
        for (; **at && !strchr(",\r\n", **at); ++*at) {
            FUZZ_CHECK(**at != '"', "a quote inside a cell");
            svc_buf_append_char(out, **at);
        }
    }
    const char end = **at;
    FUZZ_CHECK(end == ',' || (end == '\r' && (*at)[1] == '\n'), "0x%02x behind a cell", end);
    *at += end == ',' ? 1 : 2;
    return end;
}

static void check_text(const char *cell, const char *text) {
    FUZZ_CHECK(!*cell || (!strchr("=+-@", *cell) && (unsigned char)*cell >= ' '),
               "a formula: %.20s", cell);
    if (!svc_utf8_valid((const uint8_t *)text, strlen(text)) ||
        strlen(text) > SETTLE_MAX_CSV_TEXT_BYTES)
        return;
    cell += *cell == '\'';
    FUZZ_CHECK(!strcmp(cell, text), "\"%s\" became \"%s\"", text, cell);
}

static void check_line(const char *row, const char *const *texts) {
    struct svc_buf cell;
    svc_buf_init(&cell, SETTLE_MAX_CSV_APPEND_BYTES);
    size_t column = 0;
    char end;
    do {
        end = read_cell(&row, &cell);
        const size_t which = column == 0 ? 0 : column == PRODUCT ? 1 : column == CATEGORY ? 2 : 3;
        if (which < 3)
            check_text(svc_buf_text(&cell), texts[which]);
        column++;
    } while (end == ',');
    FUZZ_CHECK(column == COLUMNS && !*row, "%zu columns", column);
    svc_buf_clear(&cell);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes) {
    struct fuzz_input input = {data, size_bytes};
    char *texts[3];
    for (size_t i = 0; i < 3; i++)
        texts[i] = i < 2 ? fuzz_take_line(&input, '\n', NULL) : fuzz_take_rest(&input, NULL);
    const struct settle_line line = {
        .order_id = texts[0], .product_name = texts[1], .seller_id = "1", .category = texts[2]};
    struct svc_buf row;
    svc_buf_init(&row, SETTLE_MAX_CSV_APPEND_BYTES);
    FUZZ_CHECK(settle_csv_put_line(&line, &row), "status %d", (int)svc_buf_status(&row));
    FUZZ_CHECK(svc_utf8_valid(row.bytes, row.size_bytes), "not UTF-8");
    check_line(svc_buf_text(&row), (const char *const *)texts);
    svc_buf_clear(&row);
    for (size_t i = 0; i < 3; i++)
        free(texts[i]);
    return 0;
}
