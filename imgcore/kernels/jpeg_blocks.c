/* jpeg_blocks: see kernels.h. In plain C; for x86 CPUs with BMI2 most blocks are decoded in
 * assembly (jpeg_blocks_bmi2.c), since compilers keep too few of the variables in registers.
 *
 * A step is one lookup and has no branch but the check that it is in a table and the end of the
 * block: values are stored even if there are none, as zeros where zeros are, and a first value that
 * is none is replaced by the last one.
 *
 * A step waits for the lookup of the one before it, for the shift by its bits, and for the choice
 * of its table. More data is loaded beside that: behind a lookup, which makes do with the bits that
 * are left, and before the shift. */
#include "imgcore/kernels/jpeg_stepper.h"
#include "imgcore/kernels/jpeg_symbol-inl.h"

static void begin_block(struct ic_jpeg_stepper *stepper, const struct ic_jpeg_kind *kind) {
    stepper->kind = kind;
    stepper->table = kind->dc->table;
    stepper->place = IC_JPEG_ZIGZAG;
}

static void end_block(struct ic_jpeg_stepper *stepper) {
    *stepper->last++ = (uint8_t)(stepper->place - IC_JPEG_ZIGZAG);
    stepper->coefs += 64;
    begin_block(stepper, stepper->kind->next);
}

static inline unsigned following_bits(uint64_t bits, unsigned following) {
    return (unsigned)(bits >> (following & 63) & ((UINT64_C(1) << (following >> 8)) - 1));
}

/* Takes a symbol whose step is in no table, or whose second value is past the block. Then 56 bits
 * are there. */
static enum symbol_result take_rare(struct ic_jpeg_stepper *stepper) {
    const struct ic_jpeg_kind *kind = stepper->kind;
    struct bits from = refill(stepper->from, &stepper->at);
    unsigned covered = (unsigned)(stepper->place - IC_JPEG_ZIGZAG);
    const struct ic_jpeg_codes *codes = covered == 0 ? kind->dc : kind->ac;
    if (stepper->table != codes->table) {
        /* puts the prefix back; eight bits make room, and are loaded again */
        from.bits = ~(~from.bits >> IC_JPEG_PREFIX_BITS);
        from.count = from.count + IC_JPEG_PREFIX_BITS - 8;
        stepper->at--;
    }
    int symbol;
    const int code_bits = ic_jpeg_code_find(&codes->list, (uint32_t)(from.bits >> 48), &symbol);
    const enum symbol_result result =
        take_symbol(&from, kind, (unsigned)code_bits, (unsigned)symbol, stepper->coefs, &covered);
    stepper->from = refill(from, &stepper->at);
    stepper->table = kind->ac->table;
    stepper->place = IC_JPEG_ZIGZAG + covered;
    return result;
}

static enum symbol_result take_dc(struct ic_jpeg_stepper *stepper) {
    const size_t lookup = stepper->from.bits >> (64 - IC_JPEG_DC_LOOKUP_BITS);
    const struct ic_jpeg_step *const step = &stepper->table->step[lookup];
    const unsigned bits = stepper->table->bits[lookup];
    if (step->advance != 1) {
        return take_rare(stepper);
    }
    stepper->from = refill(stepper->from, &stepper->at);
    stepper->coefs[0] =
        (int16_t)(step->value + following_bits(stepper->from.bits, step->following));
    stepper->from.bits <<= bits;
    stepper->from.count -= bits;
    stepper->table = stepper->kind->ac->table;
    stepper->place++;
    return SYMBOL_MORE;
}

/* A step of AC. LOAD: loads data, or nothing after a step with it. */
#define STEP(LOAD)                                                                                 \
    {                                                                                              \
        const size_t lookup = from.bits >> (64 - IC_JPEG_LOOKUP_BITS);                             \
        const unsigned bits = table->bits[lookup];                                                 \
        const struct ic_jpeg_step *const step = &table->step[lookup];                              \
        LOAD;                                                                                      \
        const ptrdiff_t advance = step->advance;                                                   \
        if (__builtin_expect(advance > end - place, 0)) {                                          \
            result = SYMBOL_MORE;                                                                  \
            break;                                                                                 \
        }                                                                                          \
        const unsigned following = step->following;                                                \
        const unsigned value = step->value + following_bits(from.bits, following);                 \
        coefs[place[step->first]] = step->first_value;                                             \
        coefs[place[step->last]] = (int16_t)value;                                                 \
        from.bits <<= bits & 63;                                                                   \
        from.count -= bits & 63;                                                                   \
        place += advance;                                                                          \
        table = (bits & IC_STEP_PREFIX) != 0 ? ac + 1 : ac;                                        \
        if ((bits & IC_STEP_END) != 0) {                                                           \
            break;                                                                                 \
        }                                                                                          \
    }

/* Takes steps of AC: LAST at the end of the block, MORE before one that is in no table. */
static enum symbol_result take_steps(struct ic_jpeg_stepper *stepper) {
    struct bits from = stepper->from;
    const uint8_t *at = stepper->at, *place = stepper->place;
    const struct ic_jpeg_step_table *const ac = stepper->kind->ac->table, *table = stepper->table;
    const uint8_t *const end = IC_JPEG_ZIGZAG + 63;
    int16_t *const coefs = stepper->coefs;
    enum symbol_result result = SYMBOL_LAST;
    for (;;) {
        STEP()
        STEP(from = refill(from, &at))
    }
    stepper->from = from;
    stepper->at = at;
    stepper->place = place;
    stepper->table = table;
    return result;
}

/* Decodes the rest of a block, or a whole one. */
static bool take_block(struct ic_jpeg_stepper *stepper) {
    enum symbol_result result =
        stepper->place == IC_JPEG_ZIGZAG ? take_dc(stepper) : take_rare(stepper);
    while (result == SYMBOL_MORE) {
        result = take_steps(stepper);
        if (result == SYMBOL_MORE) {
            result = take_rare(stepper);
        }
    }
    end_block(stepper);
    return result == SYMBOL_LAST;
}

static bool is_more(const struct ic_jpeg_stepper *stepper, const uint8_t *limit,
                    const uint8_t *last_end) {
    return stepper->last != last_end && stepper->at <= limit;
}

typedef bool take_blocks(struct ic_jpeg_stepper *stepper, const uint8_t *limit,
                         const uint8_t *last_end);

static bool take_blocks_plain(struct ic_jpeg_stepper *stepper, const uint8_t *limit,
                              const uint8_t *last_end) {
    bool good = true;
    while (good && is_more(stepper, limit, last_end)) {
        good = take_block(stepper);
    }
    return good;
}

static inline bool decode(take_blocks *take, struct ic_jpeg_position *position,
                          const uint8_t *limit, int16_t *coefs, uint8_t *last, size_t count,
                          size_t *done) {
    struct ic_jpeg_stepper stepper = {.from = {position->bits, position->bit_count},
                                      .at = position->at,
                                      .coefs = coefs,
                                      .last = last};
    begin_block(&stepper, position->kind);
    bool good = true;
    if (is_more(&stepper, limit, last + count)) {
        stepper.from = refill(stepper.from, &stepper.at);
        good = take(&stepper, limit, last + count);
    }
    *position =
        (struct ic_jpeg_position){stepper.at, stepper.from.bits, stepper.from.count, stepper.kind};
    *done = (size_t)(stepper.last - last) - (good ? 0 : 1);
    return good;
}

static bool blocks_plain(struct ic_jpeg_position *position, const uint8_t *limit, int16_t *coefs,
                         uint8_t *last, size_t count, size_t *done) {
    return decode(take_blocks_plain, position, limit, coefs, last, count, done);
}

#if IC_JPEG_BLOCKS_BMI2
static bool take_blocks_bmi2(struct ic_jpeg_stepper *stepper, const uint8_t *limit,
                             const uint8_t *last_end) {
    bool good = true;
    while (good && is_more(stepper, limit, last_end) &&
           !ic_jpeg_take_blocks_bmi2(stepper, limit, last_end)) {
        good = take_block(stepper);
    }
    return good;
}

static bool blocks_bmi2(struct ic_jpeg_position *position, const uint8_t *limit, int16_t *coefs,
                        uint8_t *last, size_t count, size_t *done) {
    return decode(take_blocks_bmi2, position, limit, coefs, last, count, done);
}
#endif

void ic_fill_jpeg_blocks(enum ic_hwy_target target, struct ic_kernels *kernels) {
    kernels->reads_jpeg = true;
    kernels->jpeg_blocks = blocks_plain;
#if IC_JPEG_BLOCKS_BMI2
    if (target != IC_HWY_SSE4) {
        kernels->jpeg_blocks = blocks_bmi2;
    }
#else
    (void)target;
#endif
}
