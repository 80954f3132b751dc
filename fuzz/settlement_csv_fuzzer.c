/* The CSV of a settlement, parsed back by an RFC 4180 reader of this file: every row has the
 * columns of the head, texts come back as they are, no cell of text begins a formula, and each
 * number of the totals' rows is the sum of those of the lines. The input is order id, product and
 * category, a line feed between them; behind a NUL the amounts of more lines. */
#include <string.h>
#include <time.h>

#include "fuzz/support/settlement_lines.h"
#include "services/base/text.h"
#include "services/settlement/csv.h"

enum {
    ORDER = 0,
    ORDERED_AT = 1,
    PRODUCT = 2,
    QUANTITY = 3,
    GROSS = 5,
    RATE = 6,
    NET = 8,
    KIND = 9,
    TAX = 12,
    PAYMENT = 13,
    CATEGORY = 20,
    SETTLED_AT = 21,
    COLUMNS = 22,
    MAX_ROWS = FUZZ_MAX_LINES + SETTLE_KINDS + 3 /* head, sum, check */
};

/* The columns that are summed, and which amount each is; -1: the quantity. */
static const struct {
    int column, amount;
} summed[] = {{QUANTITY, -1}, {GROSS, 5}, {7, 7},  {NET, 10}, {10, 8}, {11, 9},
              {14, 0},        {15, 1},    {16, 2}, {17, 3},   {18, 4}, {19, 6}};
#define SUMMED (sizeof(summed) / sizeof(summed[0]))

struct table {
    char *cell[MAX_ROWS][COLUMNS];
    int64_t number[MAX_ROWS][SUMMED]; /* of the rows that were checked */
    size_t rows;
};

/* Ends the cell at *at where it stands, without its quotes; returns the character behind it. */
static char read_cell(char **at, char **cell) {
    char *end = *at;
    *cell = *at;
    if (**at == '"') {
        char *out = *at;
        for (++*at; **at != '"' || (*at)[1] == '"'; ++*at) {
            FUZZ_CHECK(**at, "a cell without an end");
            *at += **at == '"';
            *out++ = **at;
        }
        end = out;
        ++*at;
    } else {
        *at += strcspn(*at, ",\r\n\"");
        end = *at;
        FUZZ_CHECK(*end != '"', "a quote inside a cell");
    }
    const char behind = **at;
    FUZZ_CHECK(behind == ',' || (behind == '\r' && (*at)[1] == '\n'), "0x%02x behind a cell",
               behind);
    *at += behind == ',' ? 1 : 2;
    *end = '\0';
    return behind;
}

/* The cells stand in `at`, which is changed. */
static void read_table(char *at, struct table *table) {
    for (table->rows = 0; *at; table->rows++) {
        size_t columns = 0;
        char end = ',';
        FUZZ_CHECK(table->rows < MAX_ROWS, "too many rows");
        for (; end == ','; columns++) {
            FUZZ_CHECK(columns < COLUMNS, "row %zu has more columns", table->rows);
            end = read_cell(&at, &table->cell[table->rows][columns]);
        }
        FUZZ_CHECK(columns == COLUMNS, "row %zu has %zu columns", table->rows, columns);
    }
}

static void check_text(const char *cell, const char *text) {
    const size_t size_bytes = strlen(text);
    FUZZ_CHECK(!*cell || (!strchr("=+-@", *cell) && (unsigned char)*cell >= ' '),
               "a formula: %.20s", cell);
    FUZZ_CHECK(!*cell || cell[strspn(cell, "0123456789")], "a number: %.20s", cell);
    if (!svc_utf8_valid((const uint8_t *)text, size_bytes))
        return;
    cell += *cell == '\'';
    if (size_bytes <= SETTLE_MAX_CSV_TEXT_BYTES) {
        FUZZ_CHECK(!strcmp(cell, text), "\"%s\" became \"%s\"", text, cell);
        return;
    }
    const size_t kept = strlen(cell) - strlen("…");
    FUZZ_CHECK(kept <= SETTLE_MAX_CSV_TEXT_BYTES && kept + 4 > SETTLE_MAX_CSV_TEXT_BYTES &&
                   !memcmp(cell, text, kept) && !strcmp(cell + kept, "…"),
               "%zu of %zu bytes", kept, size_bytes);
}

static int64_t number_at(const struct table *table, size_t row, int column) {
    char *end = NULL;
    const char *cell = table->cell[row][column];
    const long long number = strtoll(cell, &end, 10);
    char again[32];
    snprintf(again, sizeof(again), "%lld", number);
    FUZZ_CHECK(!strcmp(again, cell), "\"%s\" is no number", cell);
    return number;
}

static void check_time(const char *cell, int64_t time_ms) {
    const int64_t kst_ms = time_ms + 9 * INT64_C(3600000);
    const time_t seconds = (time_t)((kst_ms - (kst_ms % 1000 + 1000) % 1000) / 1000);
    struct tm parts;
    char expected[32];
    gmtime_r(&seconds, &parts);
    strftime(expected, sizeof(expected), "%Y-%m-%d %H:%M:%S", &parts);
    FUZZ_CHECK(!strcmp(cell, expected), "%s, not %s", cell, expected);
}

static void check_line(struct table *table, size_t row, const struct settle_line *line) {
    char *const *cell = table->cell[row];
    char rate[16];
    check_text(cell[ORDER], line->order_id);
    check_text(cell[PRODUCT], line->product_name);
    check_text(cell[CATEGORY], line->category);
    check_time(cell[ORDERED_AT], line->ordered_at_ms);
    check_time(cell[SETTLED_AT], line->settled_at_ms);
    for (size_t i = 0; i < SUMMED; i++) {
        table->number[row][i] = number_at(table, row, summed[i].column);
        FUZZ_CHECK(table->number[row][i] ==
                       (summed[i].amount < 0
                            ? line->quantity
                            : settle_amount_of(&line->amounts, (size_t)summed[i].amount)),
                   "column %d", summed[i].column);
    }
    FUZZ_CHECK(number_at(table, row, QUANTITY + 1) == line->unit_price_won, "another price");
    snprintf(rate, sizeof(rate), "%.2f", line->rate_bp / 100.0);
    FUZZ_CHECK(!strcmp(cell[RATE], rate), "%s, not %s %%", cell[RATE], rate);
    FUZZ_CHECK(!strcmp(cell[KIND], settle_kind_label(line->kind, EMAIL_KO)) &&
                   !strcmp(cell[TAX], settle_tax_label(line->tax, EMAIL_KO)) &&
                   !strcmp(cell[PAYMENT], settle_payment_label(line->payment, EMAIL_KO)),
               "another label");
}

/* A row of totals, against the cells of the lines above it: those of one kind, or NULL. */
static void check_sum(const struct table *table, size_t row, const char *kind, size_t lines) {
    char count[32];
    long long counted = 0;
    for (size_t i = 0; i < SUMMED; i++) {
        __int128 sum = 0;
        counted = 0;
        for (size_t line = 1; line <= lines; line++) {
            if (kind && strcmp(table->cell[line][KIND], kind))
                continue;
            sum += table->number[line][i];
            counted++;
        }
        FUZZ_CHECK(number_at(table, row, summed[i].column) == sum,
                   "column %d of row %zu is %s, the lines sum to %lld", summed[i].column, row,
                   table->cell[row][summed[i].column], (long long)sum);
    }
    snprintf(count, sizeof(count), "%lld건", counted);
    FUZZ_CHECK(!strcmp(table->cell[row][PRODUCT], count), "%s, not %s", table->cell[row][PRODUCT],
               count);
    FUZZ_CHECK(!strcmp(table->cell[row][KIND], kind ? kind : "전체"), "another kind");
}

static void check_table(struct table *table, const struct fuzz_lines *lines) {
    size_t row = 1;
    FUZZ_CHECK(!strcmp(table->cell[0][ORDER], "\xef\xbb\xbf주문번호"), "no byte order mark");
    for (size_t i = 0; i < lines->count; i++)
        check_line(table, row++, &lines->line[i]);
    for (; row < table->rows && !strcmp(table->cell[row][ORDER], "소계"); row++)
        check_sum(table, row, table->cell[row][KIND], lines->count);
    size_t kinds = 0;
    for (int kind = 0; kind < SETTLE_KINDS; kind++)
        kinds += fuzz_lines_count(lines, (enum settle_kind)kind) > 0;
    FUZZ_CHECK(row == 1 + lines->count + kinds && table->rows == row + 2, "%zu rows", table->rows);
    FUZZ_CHECK(!strcmp(table->cell[row][ORDER], "합계"), "no sum");
    check_sum(table, row, NULL, lines->count);
    FUZZ_CHECK(!strcmp(table->cell[row + 1][ORDER], "검산") &&
                   number_at(table, row + 1, NET) == 0 &&
                   !strcmp(table->cell[row + 1][KIND], "일치"),
               "unbalanced");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes) {
    struct fuzz_input input = {data, size_bytes};
    size_t text_bytes = 0;
    char *text = fuzz_take_line(&input, '\0', &text_bytes), *texts[3], *rest = text;
    for (size_t i = 0; i < 3; i++)
        texts[i] = i < 2 && rest ? strsep(&rest, "\n") : rest ? rest : text + text_bytes;
    const struct settle_line model = {.order_id = texts[0],
                                      .product_name = texts[1],
                                      .seller_id = "1",
                                      .category = texts[2],
                                      .settled_at_ms = INT64_C(1788188400000)};
    struct fuzz_lines lines;
    struct svc_buf file;
    struct table table;
    fuzz_lines_take(&input, &model, 40, &lines);
    if (lines.count == 0)
        lines.line[lines.count++] = model;
    if (lines.totals.all.lines == 0)
        settle_totals_add(&lines.totals, &model, NULL);
    /* Only the first has the texts: the rows of the others are short. */
    for (size_t i = 1; i < lines.count; i++)
        lines.line[i].order_id = lines.line[i].product_name = lines.line[i].category = "x";
    svc_buf_init(&file, 2 * SETTLE_MAX_CSV_APPEND_BYTES);
    const enum settle_moment moment = size_bytes % 2 ? SETTLE_AT_PAYMENT : SETTLE_AT_CONFIRMATION;
    bool is_good = settle_csv_put_head(moment, &file);
    for (size_t i = 0; i < lines.count; i++) {
        const size_t before = file.size_bytes;
        is_good = is_good && settle_csv_put_line(&lines.line[i], &file);
        FUZZ_CHECK(file.size_bytes - before <= SETTLE_MAX_CSV_APPEND_BYTES, "a longer row");
    }
    is_good = is_good && settle_csv_put_totals(&lines.totals, &file);
    FUZZ_CHECK(is_good, "status %d", (int)svc_buf_status(&file));
    FUZZ_CHECK(svc_utf8_valid(file.bytes, file.size_bytes), "not UTF-8");
    char *copy = strdup(svc_buf_text(&file));
    read_table(copy, &table);
    check_table(&table, &lines);
    FUZZ_CHECK(!strcmp(table.cell[0][SETTLED_AT], settle_moment_label(moment, EMAIL_KO)), "moment");
    free(copy);
    svc_buf_clear(&file);
    free(text);
    return 0;
}
