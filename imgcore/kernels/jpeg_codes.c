/* Tables of Huffman codes: see jpeg_codes.h. */
#include "imgcore/kernels/jpeg_codes.h"

#include <stdlib.h>
#include <string.h>

#define ZEROS_16 0xf0 /* the symbol of sixteen zeros */
#define DC_SHIFT (IC_JPEG_LOOKUP_BITS - IC_JPEG_DC_LOOKUP_BITS)

/* Codes by the next IC_JPEG_LOOKUP_BITS bits. */
struct short_code {
    uint8_t bits; /* 0: none that is so short */
    uint8_t symbol;
};

/* A code and its value within some bits. */
struct symbol {
    bool whole;        /* both lie within these bits */
    int code_end, end; /* how many bits, of those, there are up to the end of each; 0: no code */
    int symbol;
    int run, size, value; /* of a DC symbol, run is 0 */
};

/* Reads a symbol after the first `used` of the IC_JPEG_LOOKUP_BITS bits of `lookup`. */
static struct symbol read_symbol(const struct short_code *codes, uint32_t lookup, int used,
                                 bool dc) {
    const uint32_t next = (lookup << used) & (IC_JPEG_STEPS - 1);
    const struct short_code code = codes[next];
    if (code.bits == 0 || used + code.bits > IC_JPEG_LOOKUP_BITS) {
        return (struct symbol){.whole = false};
    }
    const int size = dc ? code.symbol : code.symbol & 15;
    struct symbol found = {.code_end = used + code.bits, .symbol = code.symbol, .size = size};
    found.end = found.code_end + size;
    found.run = dc ? 0 : code.symbol >> 4;
    found.whole = found.end <= IC_JPEG_LOOKUP_BITS;
    if (found.whole && size > 0) {
        const uint32_t value =
            (next << code.bits & (IC_JPEG_STEPS - 1)) >> (IC_JPEG_LOOKUP_BITS - size);
        found.value = ic_jpeg_extend(value, size);
    }
    return found;
}

/* A step, and the bits that it takes: see struct ic_jpeg_step_table. */
struct entry {
    uint8_t bits;
    struct ic_jpeg_step step;
};

static const struct entry not_in_table = {.step = {.advance = IC_STEP_RARE}};

static struct entry one_value(int bits, int covered, int value) {
    return (struct entry){(uint8_t)bits,
                          {.advance = (uint8_t)covered,
                           .first = (uint8_t)(covered - 1),
                           .last = (uint8_t)(covered - 1),
                           .value = (uint16_t)value}};
}

static struct entry end_of_block(int bits) {
    return (struct entry){.bits = (uint8_t)((unsigned)bits | IC_STEP_END)};
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
static struct entry make_following(int bits, int covered, int size, bool negative, int most_quant) {
    const int most_value = (1 << size) - 1;
    if (bits > IC_JPEG_STEP_BITS || most_value * most_quant > INT16_MAX) {
        return not_in_table;
    }
    struct entry entry = one_value(bits, covered, negative ? -most_value : 0);
    entry.step.following = (uint16_t)(size << 8 | (64 - bits));
    return entry;
}

/* A symbol that is not whole; `known` bits of the lookup are. */
static struct entry make_long_value(const struct symbol *symbol, uint32_t lookup, int covered,
                                    int known, int most_quant) {
    if (symbol->code_end == 0 || symbol->code_end >= known) {
        return not_in_table;
    }
    /* the first bit of a value is its sign */
    const bool negative = (lookup >> (IC_JPEG_LOOKUP_BITS - 1 - symbol->code_end) & 1) == 0;
    return make_following(symbol->end, covered, symbol->size, negative, most_quant);
}

/* Adds the end of the block, if it follows within the lookup. */
static struct entry with_end(struct entry entry, const struct short_code *codes, uint32_t lookup) {
    const struct symbol next = read_symbol(codes, lookup, entry.bits, false);
    return is_end(&next) ? (struct entry){end_of_block(next.end).bits, entry.step} : entry;
}

/* Two symbols with values, the first one whole. */
static struct entry make_two_values(const struct short_code *codes, uint32_t lookup,
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
    entry.step.first = (uint8_t)one->run;
    entry.step.first_value = (int8_t)one->value;
    return entry;
}

static bool is_rare(const struct entry *entry) {
    return entry->step.advance == IC_STEP_RARE;
}

static struct entry make_ac_step(const struct short_code *codes, uint32_t lookup, int most_quant) {
    const struct symbol one = read_symbol(codes, lookup, 0, false);
    if (!one.whole) {
        return make_long_value(&one, lookup, one.run + 1, IC_JPEG_LOOKUP_BITS, most_quant);
    }
    if (!is_usual(&one, most_quant)) {
        return not_in_table;
    }
    if (is_end(&one)) {
        return end_of_block(one.end);
    }
    const struct symbol two = read_symbol(codes, lookup, one.end, false);
    const struct entry both =
        is_end(&two) ? not_in_table : make_two_values(codes, lookup, &one, &two, most_quant);
    return is_rare(&both) ? with_end(one_value(one.end, one.run + 1, one.value), codes, lookup)
                          : both;
}

/* A code of AC that begins with the prefix; `lookup` has the bits behind that. */
static struct entry make_second_step(const struct ic_jpeg_code_list *list, uint32_t lookup,
                                     int most_quant) {
    const uint32_t next17 = ((1u << IC_JPEG_PREFIX_BITS) - 1) << IC_JPEG_LOOKUP_BITS | lookup;
    struct symbol one = {.whole = true};
    const int code_bits = ic_jpeg_code_find(list, next17 >> 1, &one.symbol);
    const int covered = (one.symbol >> 4) + 1;
    one.size = one.symbol & 15;
    one.end = code_bits - IC_JPEG_PREFIX_BITS + one.size;
    if (code_bits <= IC_JPEG_PREFIX_BITS || !is_usual(&one, most_quant)) {
        return not_in_table;
    }
    if (is_end(&one)) {
        return end_of_block(one.end);
    }
    const bool negative = (next17 >> (16 - code_bits) & 1) == 0;
    return one.size == 0 ? one_value(one.end, covered, 0)
                         : make_following(one.end, covered, one.size, negative, most_quant);
}

/* The bits of `lookup` behind its first IC_JPEG_DC_LOOKUP_BITS are zeros, and are not known. */
static struct entry make_dc_step(const struct short_code *codes, uint32_t lookup) {
    const struct symbol one = read_symbol(codes, lookup, 0, true);
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

/* Writes the codes of `bits` bits to all numbers of IC_JPEG_LOOKUP_BITS that begin with one. */
static void list_short_codes(const struct ic_jpeg_codes *codes, int bits, struct short_code *list) {
    const int shift = IC_JPEG_LOOKUP_BITS - bits;
    const uint32_t first = codes->list.end[bits - 1] >> (16 - bits),
                   end = codes->list.end[bits] >> (16 - bits);
    for (uint32_t code = first; code < end; code++) {
        const uint8_t symbol = codes->list.symbols[codes->list.symbol_at[bits] + (int32_t)code];
        for (uint32_t i = 0; i < 1u << shift; i++) {
            list[(code << shift) + i] = (struct short_code){(uint8_t)bits, symbol};
        }
    }
}

static void set_step(struct ic_jpeg_step_table *table, uint32_t i, struct entry entry) {
    table->bits[i] = entry.bits;
    table->step[i] = entry.step;
}

static void make_dc_table(struct ic_jpeg_codes *codes, const struct short_code *list) {
    for (uint32_t i = 0; i < IC_JPEG_STEPS >> DC_SHIFT; i++) {
        set_step(&codes->table[0], i, make_dc_step(list, i << DC_SHIFT));
    }
}

static void make_ac_tables(struct ic_jpeg_codes *codes, const struct short_code *list,
                           int most_quant) {
    const uint32_t prefix = IC_JPEG_STEPS - (IC_JPEG_STEPS >> IC_JPEG_PREFIX_BITS);
    for (uint32_t i = 0; i < IC_JPEG_STEPS; i++) {
        struct entry entry = make_ac_step(list, i, most_quant);
        if (i >= prefix && is_rare(&entry)) {
            entry = (struct entry){.bits = IC_JPEG_PREFIX_BITS | IC_STEP_PREFIX};
        }
        set_step(&codes->table[0], i, entry);
        set_step(&codes->table[1], i, make_second_step(&codes->list, i, most_quant));
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
    struct short_code list[IC_JPEG_STEPS];
    memset(list, 0, sizeof(list));
    for (int bits = 1; bits <= IC_JPEG_LOOKUP_BITS; bits++) {
        list_short_codes(codes, bits, list);
    }
    if (dc) {
        make_dc_table(codes, list);
    } else {
        make_ac_tables(codes, list, most_quant);
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
