/* Computed lines of one seller with amounts from an input, and their sums in 128 bits: for the
 * targets of the settlement's reports. */
#ifndef FUZZ_SETTLEMENT_LINES_H
#define FUZZ_SETTLEMENT_LINES_H

#include "fuzz/support/fuzz.h"
#include "services/settlement/amounts.h"
#include "services/settlement/totals.h"

#define FUZZ_MAX_LINES 12

struct fuzz_lines {
    struct settle_line line[FUZZ_MAX_LINES];
    size_t count;
    struct settle_totals totals; /* by settle_totals_add */
};

/* Takes lines until the input is used up, of items that are sold and taken back in parts. Each has
 * the texts of `model`; settled_at_ms lies in the `days` days behind that of `model`. */
void fuzz_lines_take(struct fuzz_input *input, const struct settle_line *model, int32_t days,
                     struct fuzz_lines *lines);

/* The sum of one amount (settle_amount_of) over the lines of a kind; SETTLE_KINDS: over all. */
int64_t fuzz_lines_sum(const struct fuzz_lines *lines, enum settle_kind kind, size_t amount);
int64_t fuzz_lines_count(const struct fuzz_lines *lines, enum settle_kind kind);
int64_t fuzz_lines_quantity(const struct fuzz_lines *lines, enum settle_kind kind);

#endif
