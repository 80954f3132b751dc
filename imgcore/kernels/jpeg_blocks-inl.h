/* jpeg_blocks: see kernels.h. Included once for each instruction set, with BLOCKS_NAME the name of
 * the function.
 *
 * A step (jpeg_codes.h) is one lookup and has no branch but the check that it is in the table and
 * the end of the block: values are stored even if there are none, as zeros where zeros are. */
#include "imgcore/kernels/jpeg_symbol-inl.h"

#ifndef IC_JPEG_FIRST_VALUE
#define IC_JPEG_FIRST_VALUE
/* The first value of a step: in the table, or the bits that follow the code. Without a branch:
 * EXTEND of T.81, F.2.2.1, is the bits themselves, or the negated inverse of them if the first is
 * 0. */
static inline int first_value(uint64_t bits, uint64_t step) {
    const uint64_t shift = IC_STEP_SHIFT(step);
    const uint64_t following = bits << ((step + shift + 1) & 63);
    const uint64_t negative = ~(uint64_t)((int64_t)following >> 63);
    const uint64_t low = (following ^ negative) >> 1 >> shift;
    return (int)((low ^ negative) - negative + (step >> 32));
}
#endif

/* One step of AC coefficients: to `complete` at the end of the block, to `rare` if it is not in the
 * table. */
#define STEP()                                                                                     \
    {                                                                                              \
        step = ac[from.bits >> (64 - IC_JPEG_LOOKUP_BITS)];                                        \
        const uint64_t after = covered + IC_STEP_ADVANCE(step);                                    \
        if (__builtin_expect(after > 63, 0)) {                                                     \
            goto rare;                                                                             \
        }                                                                                          \
        const uint8_t *const places = ic_jpeg_zigzag + covered;                                    \
        coefs[places[IC_STEP_FIRST(step)]] = (int16_t)first_value(from.bits, step);                \
        coefs[places[IC_STEP_SECOND(step)]] = (int8_t)(step >> 48);                                \
        from.bits <<= IC_STEP_BITS(step);                                                          \
        used += step;                                                                              \
        covered = after;                                                                           \
        if ((step & IC_STEP_END) != 0) {                                                           \
            goto complete;                                                                         \
        }                                                                                          \
    }

/* The sum of steps has the sum of their bits, at most 54, in its lowest bits: the end of a block
 * adds 64. */
#define COUNT_BITS()                                                                               \
    do {                                                                                           \
        from.count -= (unsigned)used & 63u;                                                        \
        used = 0;                                                                                  \
    } while (0)

/* A symbol whose step was not in the table. */
BLOCKS_TARGET static inline enum symbol_result BLOCKS_RARE(struct bits *from,
                                                           const struct ic_jpeg_kind *kind,
                                                           uint64_t step, int16_t *coefs,
                                                           unsigned *covered) {
    const struct ic_jpeg_codes *codes = *covered == 0 ? kind->dc : kind->ac;
    const uint32_t next16 = (uint32_t)(from->bits >> 48);
    unsigned code_bits = IC_STEP_FIRST(step), symbol = IC_STEP_SECOND(step);
    if (IC_STEP_ADVANCE(step) != IC_STEP_RARE) { /* its second value is past the block */
        int found;
        code_bits = (unsigned)ic_jpeg_codes_find(codes, next16, &found);
        symbol = (unsigned)found;
    } else if (code_bits == 0) {
        const uint32_t i = next16 - codes->end[IC_JPEG_LOOKUP_BITS];
        const unsigned longer = i < IC_JPEG_LONG_CODES ? codes->longer[i] : 0;
        code_bits = longer >> 8;
        symbol = longer & 255u;
    }
    return take_symbol(from, kind, code_bits, symbol, coefs, covered);
}

BLOCKS_TARGET static bool BLOCKS_NAME(struct ic_jpeg_position *position, const uint8_t *limit,
                                      int16_t *coefs, uint8_t *last, size_t count, size_t *done) {
    const uint8_t *at = position->at;
    struct bits from = {position->bits, position->bit_count};
    const struct ic_jpeg_kind *kind = position->kind;
    bool good = true;
    size_t i = 0;
    for (; good && i < count && at <= limit; i++, coefs += 64, kind = kind->next) {
        const uint64_t *const ac = kind->ac->step;
        uint64_t covered = 1, used = 0;
        from = refill(from, &at);
        uint64_t step = kind->dc->step[from.bits >> (64 - IC_JPEG_LOOKUP_BITS)];
        if (__builtin_expect(IC_STEP_ADVANCE(step) != 1, 0)) {
            covered = 0;
            goto rare;
        }
        coefs[0] = (int16_t)first_value(from.bits, step);
        from.bits <<= IC_STEP_BITS(step);
        used += step;
        STEP()
        STEP()
        for (;;) {
            COUNT_BITS();
            from = refill(from, &at);
            STEP()
            STEP()
            STEP()
            continue;
        rare:
            COUNT_BITS();
            from = refill(from, &at);
            /* copies, so that the variables stay in registers */
            struct bits left = from;
            unsigned known = (unsigned)covered;
            const enum symbol_result result = BLOCKS_RARE(&left, kind, step, coefs, &known);
            from = left;
            covered = known;
            if (result != SYMBOL_MORE) {
                good = result == SYMBOL_LAST;
                break;
            }
        }
    complete:
        COUNT_BITS();
        last[i] = (uint8_t)covered;
    }
    *position = (struct ic_jpeg_position){at, from.bits, from.count, kind};
    *done = good ? i : i - 1;
    return good;
}

#undef STEP
#undef COUNT_BITS
