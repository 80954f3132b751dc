/* jpeg_blocks: see kernels.h. Included once for each instruction set, with BLOCKS_NAME the name of
 * the function, BLOCKS_RARE that of a helper, and FOLLOWING(bits, following) the bits that a step
 * states in `following` (jpeg_codes.h).
 *
 * A step is one lookup and has no branch but the check that it is in the table and the end of the
 * block: values are stored even if there are none, as zeros where zeros are.
 *
 * A step waits for the lookup of the one before it, and for the shift by its bits. More data is
 * loaded beside that: behind a lookup, which makes do with the bits that are left, and before the
 * shift. */
#include "imgcore/kernels/jpeg_symbol-inl.h"

#define LOOKUP(codes, count) (&(codes)->step[from.bits >> (64 - (count))])

/* `used` has the bits of the steps since the last time, and IC_STEP_END in higher bits. */
#define COUNT_BITS()                                                                               \
    do {                                                                                           \
        from.count -= used & 63;                                                                   \
        used = 0;                                                                                  \
    } while (0)

#define LOAD_BITS()                                                                                \
    COUNT_BITS();                                                                                  \
    from = refill(from, &at);

/* One step of AC coefficients: to `complete` at the end of the block, to `rare` if it is not in the
 * table. LOAD: LOAD_BITS(), or nothing after a step with it. */
#define STEP(LOAD)                                                                                 \
    {                                                                                              \
        step = LOOKUP(ac, IC_JPEG_LOOKUP_BITS);                                                    \
        const unsigned bits = step->bits;                                                          \
        LOAD const size_t after = covered + step->advance;                                         \
        if (__builtin_expect(after > 63, 0)) {                                                     \
            goto rare;                                                                             \
        }                                                                                          \
        const unsigned following = step->following;                                                \
        const unsigned value = step->value + (unsigned)FOLLOWING(from.bits, following);            \
        const uint8_t *const place = ic_jpeg_zigzag + covered;                                     \
        const unsigned first = place[step->first], second = place[step->second];                   \
        coefs[second] = (int8_t)following;                                                         \
        coefs[first] = (int16_t)value;                                                             \
        from.bits <<= bits & 63;                                                                   \
        used += bits;                                                                              \
        covered = after;                                                                           \
        if ((bits & IC_STEP_END) != 0) {                                                           \
            goto complete;                                                                         \
        }                                                                                          \
    }

/* A symbol whose step was not in the table. */
BLOCKS_TARGET static inline enum symbol_result BLOCKS_RARE(struct bits *from,
                                                           const struct ic_jpeg_kind *kind,
                                                           const struct ic_jpeg_step *step,
                                                           int16_t *coefs, unsigned *covered) {
    const struct ic_jpeg_codes *codes = *covered == 0 ? kind->dc : kind->ac;
    const uint32_t next16 = (uint32_t)(from->bits >> 48);
    unsigned code_bits = step->first, symbol = step->second;
    /* in the second case its second value is past the block */
    if (*covered == 0 || step->advance != IC_STEP_RARE) {
        int found;
        code_bits = (unsigned)ic_jpeg_code_find(&codes->list, next16, &found);
        symbol = (unsigned)found;
    } else if (code_bits == 0) {
        const uint32_t i = next16 - codes->list.end[IC_JPEG_LOOKUP_BITS];
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
    unsigned used = 0;
    bool good = true;
    size_t i = 0;
    if (count > 0 && at <= limit) {
        LOAD_BITS()
    }
    for (; good && i < count && at <= limit; i++, coefs += 64, kind = kind->next) {
        const struct ic_jpeg_codes *const ac = kind->ac;
        const struct ic_jpeg_step *step = LOOKUP(kind->dc, IC_JPEG_DC_LOOKUP_BITS);
        size_t covered = 0;
        LOAD_BITS()
        if (__builtin_expect(step->advance != 1, 0)) {
            goto rare;
        }
        coefs[0] = (int16_t)(step->value + (unsigned)FOLLOWING(from.bits, step->following));
        from.bits <<= step->bits;
        used = step->bits;
        covered = 1;
        STEP()
        for (;;) {
            STEP(LOAD_BITS())
            STEP()
            continue;
        rare:
            LOAD_BITS()
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
        last[i] = (uint8_t)covered;
    }
    COUNT_BITS();
    *position = (struct ic_jpeg_position){at, from.bits, from.count, kind};
    *done = good ? i : i - 1;
    return good;
}

#undef LOOKUP
#undef STEP
#undef LOAD_BITS
#undef COUNT_BITS
