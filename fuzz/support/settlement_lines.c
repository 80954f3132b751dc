#include "fuzz/support/settlement_lines.h"

#include "services/settlement/compute.h"

#define DAY_MS INT64_C(86400000)

/* Small amounts as often as large ones. */
static int64_t take_won(struct fuzz_input *input) {
    const uint8_t shift = fuzz_take_u8(input) % 41;
    const int64_t won = (int64_t)(fuzz_take_u64(input) >> 24) >> shift;
    return won > SETTLE_MAX_LINE_WON ? SETTLE_MAX_LINE_WON : won;
}

static bool is_taken_back(enum settle_kind kind) {
    return kind == SETTLE_REFUND || kind == SETTLE_CANCEL || kind == SETTLE_SHIPPING_REFUND;
}

static void take_line(struct fuzz_input *input, const struct settle_amounts *remaining,
                      int32_t days, struct settle_line *line) {
    const int64_t sign = is_taken_back(line->kind) ? -1 : 1;
    line->tax = (enum settle_tax)(fuzz_take_u8(input) % SETTLE_TAXES);
    line->payment = (enum settle_payment)(fuzz_take_u8(input) % SETTLE_PAYMENTS);
    line->quantity = sign * (fuzz_take_u8(input) % 10);
    line->unit_price_won = take_won(input);
    line->settled_at_ms += fuzz_take_range(input, 0, (uint32_t)days - 1) * DAY_MS +
                           fuzz_take_range(input, 0, (uint32_t)DAY_MS - 1);
    line->ordered_at_ms = line->settled_at_ms - fuzz_take_u32(input);
    for (size_t i = 0; i < SETTLE_GIVEN_AMOUNTS; i++) {
        const int64_t won = take_won(input) >> (i ? 2 : 0);
        *settle_amount(&line->amounts, i) =
            sign == 1 ? won : -(won % (settle_amount_of(remaining, i) + 1));
    }
}

void fuzz_lines_take(struct fuzz_input *input, const struct settle_line *model, int32_t days,
                     struct fuzz_lines *lines) {
    struct settle_rules rules;
    struct settle_amounts item = {0}, shipping = {0};
    const int32_t rate_bp = (int32_t)fuzz_take_range(input, 0, SETTLE_MAX_RATE_BP);
    settle_rules_default(&rules);
    rules.rates_include_vat = fuzz_take_bool(input);
    rules.fee_rounding = (enum settle_rounding)(fuzz_take_u8(input) % SETTLE_ROUNDINGS);
    lines->count = 0;
    lines->totals = (struct settle_totals){.all = {.lines = 0}};
    while (input->size_bytes && lines->count < FUZZ_MAX_LINES) {
        struct settle_line line = *model;
        line.kind = (enum settle_kind)(fuzz_take_u8(input) % SETTLE_KINDS);
        line.rate_bp = rate_bp;
        struct settle_amounts *remaining =
            line.kind == SETTLE_SHIPPING || line.kind == SETTLE_SHIPPING_REFUND ? &shipping : &item;
        if (!is_taken_back(line.kind)) /* another item of the same product */
            *remaining = (struct settle_amounts){0};
        take_line(input, remaining, days, &line);
        if (settle_line_compute(&rules, remaining, &line, NULL) != SVC_OK)
            continue;
        FUZZ_CHECK(settle_totals_add(&lines->totals, &line, NULL) == SVC_OK, "a line has no sum");
        lines->line[lines->count++] = line;
    }
}

static bool is_of(const struct settle_line *line, enum settle_kind kind) {
    return kind == SETTLE_KINDS || line->kind == kind;
}

int64_t fuzz_lines_sum(const struct fuzz_lines *lines, enum settle_kind kind, size_t amount) {
    __int128 sum = 0;
    for (size_t i = 0; i < lines->count; i++)
        sum += is_of(&lines->line[i], kind) ? settle_amount_of(&lines->line[i].amounts, amount) : 0;
    return (int64_t)sum;
}

int64_t fuzz_lines_count(const struct fuzz_lines *lines, enum settle_kind kind) {
    int64_t count = 0;
    for (size_t i = 0; i < lines->count; i++)
        count += is_of(&lines->line[i], kind);
    return count;
}

int64_t fuzz_lines_quantity(const struct fuzz_lines *lines, enum settle_kind kind) {
    int64_t quantity = 0;
    for (size_t i = 0; i < lines->count; i++)
        quantity += is_of(&lines->line[i], kind) ? lines->line[i].quantity : 0;
    return quantity;
}
