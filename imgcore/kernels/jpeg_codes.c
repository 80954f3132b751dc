/* Tables of Huffman codes: see jpeg_codes.h. */
#include "imgcore/kernels/jpeg_codes.h"

#include <stdlib.h>
#include <string.h>

#define ZEROS_16 0xf0 /* the symbol of sixteen zeros */
#define DC_SHIFT (IC_JPEG_LOOKUP_BITS - IC_JPEG_DC_LOOKUP_BITS)

/* A code and its value within some bits. */
struct symbol {
    bool whole;        /* both lie within these bits */
    int code_end, end; /* how many bits, of those, there are up to the end of each; 0: no code */
    int symbol;
    int run, size, value; /* of a DC symbol, run is 0 */
};

/* Reads a symbol after the first `used` of the IC_JPEG_LOOKUP_BITS bits of `lookup`. */
static inline struct symbol read_symbol(const struct ic_jpeg_short_code *codes, uint32_t lookup,
                                        int used) {
    const struct ic_jpeg_short_code *code = &codes[(lookup << used) & (IC_JPEG_STEPS - 1)];
    if (code->code_bits == 0 || used + code->code_bits > IC_JPEG_LOOKUP_BITS) {
        return (struct symbol){.whole = false};
    }
    return (struct symbol){.whole = used + code->bits <= IC_JPEG_LOOKUP_BITS,
                           .code_end = used + code->code_bits,
                           .end = used + code->bits,
                           .symbol = code->symbol,
                           .run = code->symbol >> 4,
                           .size = code->size,
                           .value = code->value};
}

/* A step, and the bits that it takes: see struct ic_jpeg_step_table. Of integers, and made by
 * inline functions, so that it stays in registers until it is stored: a file's tables take 35 us
 * then, and with bytes that are stored and loaded again 110 (Zen 4). A JPEG of 32x32 takes 20
 * without them. */
struct entry {
    int bits;
    int advance, first, last;
    int first_value, value;
    int following;
};

static const struct entry not_in_table = {.advance = IC_STEP_RARE};

static inline struct entry one_value(int bits, int covered, int value) {
    return (struct entry){.bits = bits,
                          .advance = covered,
                          .first = covered - 1,
                          .last = covered - 1,
                          .value = value};
}

static struct entry end_of_block(int bits) {
    return (struct entry){.bits = bits | IC_STEP_END};
}

static bool is_end(const struct symbol *symbol) {
    return symbol->whole && symbol->symbol == 0;
}

/* Runs without a value are no symbols of a sequential JPEG, but for these two. */
static bool is_usual(const struct symbol *symbol, int most_quant) {
    return symbol->size == 0 ? is_end(symbol) || symbol->symbol == ZEROS_16
                             : abs(symbol->value) * most_quant <= INT16_MAX;
}

/* A value whose bits, of which there are `size`, at least one, follow; all but its sign are not in
 * the table. `bits` and `covered` include what is before it. */
static inline struct entry make_following(int bits, int covered, int size, bool negative,
                                          int most_quant) {
    const int most_value = (1 << size) - 1;
    if (bits > IC_JPEG_STEP_BITS || most_value * most_quant > INT16_MAX) {
        return not_in_table;
    }
    struct entry entry = one_value(bits, covered, negative ? -most_value : 0);
    entry.following = size << 8 | (64 - bits);
    return entry;
}

/* A symbol that is not whole; `known` bits of the lookup are. */
static inline struct entry make_long_value(const struct symbol *symbol, uint32_t lookup,
                                           int covered, int known, int most_quant) {
    if (symbol->code_end == 0 || symbol->code_end >= known) {
        return not_in_table;
    }
    /* the first bit of a value is its sign */
    const bool negative = (lookup >> (IC_JPEG_LOOKUP_BITS - 1 - symbol->code_end) & 1) == 0;
    return make_following(symbol->end, covered, symbol->size, negative, most_quant);
}

/* Adds the end of the block, if it follows within the lookup. */
static inline struct entry with_end(struct entry entry, const struct ic_jpeg_short_code *codes,
                                    uint32_t lookup) {
    const struct symbol next = read_symbol(codes, lookup, entry.bits);
    if (is_end(&next)) {
        entry.bits = next.end | IC_STEP_END;
    }
    return entry;
}

/* Two symbols with values, the first one whole. */
static inline struct entry make_two_values(const struct ic_jpeg_short_code *codes, uint32_t lookup,
                                           const struct symbol *one, const struct symbol *two,
                                           int most_quant) {
    const int covered = one->run + 1 + two->run + 1;
    struct entry entry = not_in_table;
    if (one->value != (int8_t)one->value) {
        return entry;
    }
    if (!two->whole) {
        entry = make_long_value(two, lookup, covered, IC_JPEG_LOOKUP_BITS, most_quant);
    } else if (is_usual(two, most_quant)) {
        entry = with_end(one_value(two->end, covered, two->value), codes, lookup);
    }
    entry.first = one->run;
    entry.first_value = one->value;
    return entry;
}

static bool is_rare(const struct entry *entry) {
    return entry->advance == IC_STEP_RARE;
}

static inline struct entry make_ac_step(const struct ic_jpeg_short_code *codes, uint32_t lookup,
                                        int most_quant) {
    const struct symbol one = read_symbol(codes, lookup, 0);
    if (!one.whole) {
        return make_long_value(&one, lookup, one.run + 1, IC_JPEG_LOOKUP_BITS, most_quant);
    }
    if (!is_usual(&one, most_quant)) {
        return not_in_table;
    }
    if (is_end(&one)) {
        return end_of_block(one.end);
    }
    const struct symbol two = read_symbol(codes, lookup, one.end);
    const struct entry both =
        is_end(&two) ? not_in_table : make_two_values(codes, lookup, &one, &two, most_quant);
    return is_rare(&both) ? with_end(one_value(one.end, one.run + 1, one.value), codes, lookup)
                          : both;
}

/* The bits of `lookup` behind its first IC_JPEG_DC_LOOKUP_BITS are zeros, and are not known. */
static inline struct entry make_dc_step(const struct ic_jpeg_short_code *codes, uint32_t lookup) {
    const struct symbol one = read_symbol(codes, lookup, 0);
    return one.whole && one.end <= IC_JPEG_DC_LOOKUP_BITS
               ? one_value(one.end, 1, one.value)
               : make_long_value(&one, lookup, 1, IC_JPEG_DC_LOOKUP_BITS, 1);
}

bool ic_jpeg_code_list_make(struct ic_jpeg_code_list *list, const uint8_t counts[17],
                            const uint8_t *symbols) {
    uint32_t code = 0;
    int32_t at = 0;
    list->end[0] = 0;
    list->symbol_at[0] = 0;
    for (int bits = 1; bits <= 16; bits++) {
        code <<= 1;
        list->symbol_at[bits] = at - (int32_t)code;
        code += counts[bits];
        at += counts[bits];
        if (at > 256 || code > 1u << bits) {
            return false;
        }
        list->end[bits] = code << (16 - bits);
    }
    memset(list->symbols, 0, sizeof(list->symbols));
    memcpy(list->symbols, symbols, (size_t)at);
    return true;
}

/* Lists a code of `bits` bits for all numbers of IC_JPEG_LOOKUP_BITS that begin with it. */
static void list_short_code(struct ic_jpeg_short_code *list, uint32_t code, int bits,
                            uint8_t symbol, bool dc) {
    const int shift = IC_JPEG_LOOKUP_BITS - bits;
    struct ic_jpeg_short_code entry = {.code_bits = (uint8_t)bits, .symbol = symbol};
    entry.size = dc ? symbol : symbol & 15;
    entry.bits = (uint8_t)(bits + entry.size);
    for (uint32_t i = 0; i < 1u << shift; i++) {
        if (entry.size > 0 && entry.size <= shift) {
            entry.value = (int16_t)ic_jpeg_extend(i >> (shift - entry.size), entry.size);
        }
        list[(code << shift) + i] = entry;
    }
}

/* The codes of `bits` bits are *code to *end - 1. Returns their symbols. */
static const uint8_t *codes_of(const struct ic_jpeg_code_list *list, int bits, uint32_t *code,
                               uint32_t *end) {
    *code = list->end[bits - 1] >> (16 - bits);
    *end = list->end[bits] >> (16 - bits);
    return &list->symbols[list->symbol_at[bits] + (int32_t)*code];
}

void ic_jpeg_short_codes_list(const struct ic_jpeg_code_list *codes, bool dc,
                              struct ic_jpeg_short_code list[IC_JPEG_STEPS]) {
    memset(list, 0, IC_JPEG_STEPS * sizeof(*list));
    for (int bits = 1; bits <= IC_JPEG_LOOKUP_BITS; bits++) {
        uint32_t code, end;
        for (const uint8_t *symbol = codes_of(codes, bits, &code, &end); code < end; code++) {
            list_short_code(list, code, bits, *symbol++, dc);
        }
    }
}

static void set_steps(struct ic_jpeg_step_table *table, uint32_t first, uint32_t count,
                      struct entry entry) {
    for (uint32_t i = first; i < first + count; i++) {
        table->bits[i] = (uint8_t)entry.bits;
        table->step[i] = (struct ic_jpeg_step){.advance = (uint8_t)entry.advance,
                                               .first = (uint8_t)entry.first,
                                               .last = (uint8_t)entry.last,
                                               .first_value = (int8_t)entry.first_value,
                                               .value = (uint16_t)entry.value,
                                               .following = (uint16_t)entry.following};
    }
}

static void make_dc_table(const struct ic_jpeg_short_code *list, struct ic_jpeg_step_table *table) {
    for (uint32_t i = 0; i < IC_JPEG_STEPS >> DC_SHIFT; i++) {
        set_steps(table, i, 1, make_dc_step(list, i << DC_SHIFT));
    }
}

static void make_ac_table(const struct ic_jpeg_short_code *list, int most_quant,
                          struct ic_jpeg_step_table *table) {
    const uint32_t prefix = IC_JPEG_STEPS - (IC_JPEG_STEPS >> IC_JPEG_PREFIX_BITS);
    for (uint32_t i = 0; i < IC_JPEG_STEPS; i++) {
        struct entry entry = make_ac_step(list, i, most_quant);
        if (i >= prefix && is_rare(&entry)) {
            entry = (struct entry){.bits = IC_JPEG_PREFIX_BITS | IC_STEP_PREFIX};
        }
        set_steps(table, i, 1, entry);
    }
}

/* A code of AC that begins with the prefix; `bits`: of the code, behind that. */
static inline struct entry make_second_step(uint8_t symbol, int bits, bool negative,
                                            int most_quant) {
    const int size = symbol & 15, covered = (symbol >> 4) + 1;
    if (size > 0) {
        return make_following(bits + size, covered, size, negative, most_quant);
    }
    return symbol == 0          ? end_of_block(bits)
           : symbol == ZEROS_16 ? one_value(bits, covered, 0)
                                : not_in_table;
}

static void make_second_table(const struct ic_jpeg_code_list *list, int most_quant,
                              struct ic_jpeg_step_table *table) {
    const uint32_t prefix = (1u << IC_JPEG_PREFIX_BITS) - 1;
    set_steps(table, 0, IC_JPEG_STEPS, not_in_table);
    for (int bits = 1; IC_JPEG_PREFIX_BITS + bits <= 16; bits++) {
        uint32_t code, end;
        const uint8_t *symbol = codes_of(list, IC_JPEG_PREFIX_BITS + bits, &code, &end);
        const uint32_t half = 1u << (IC_JPEG_LOOKUP_BITS - bits - 1);
        for (; code < end; code++, symbol++) {
            const uint32_t first = (code & ((1u << bits) - 1)) * 2 * half;
            if (code >> bits == prefix) {
                set_steps(table, first, half, make_second_step(*symbol, bits, true, most_quant));
                set_steps(table, first + half, half,
                          make_second_step(*symbol, bits, false, most_quant));
            }
        }
    }
}

bool ic_jpeg_codes_make(struct ic_jpeg_codes *codes, const uint8_t counts[17],
                        const uint8_t *symbols, bool dc, int most_quant) {
    if (!ic_jpeg_code_list_make(&codes->list, counts, symbols)) {
        return false;
    }
    for (int i = 0; dc && i < 256; i++) {
        if (codes->list.symbols[i] > 15) {
            return false;
        }
    }
    struct ic_jpeg_short_code list[IC_JPEG_STEPS];
    ic_jpeg_short_codes_list(&codes->list, dc, list);
    if (dc) {
        make_dc_table(list, &codes->table[0]);
    } else {
        make_ac_table(list, most_quant, &codes->table[0]);
        make_second_table(&codes->list, most_quant, &codes->table[1]);
    }
    return true;
}

int ic_jpeg_code_find(const struct ic_jpeg_code_list *list, uint32_t next16, int *symbol) {
    for (int bits = 1; bits <= 16; bits++) {
        if (next16 < list->end[bits]) {
            *symbol = list->symbols[list->symbol_at[bits] + (int32_t)(next16 >> (16 - bits))];
            return bits;
        }
    }
    *symbol = 0;
    return 0;
}
