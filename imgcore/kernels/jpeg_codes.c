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

/* A code and its value at the beginning of some bits. */
struct symbol {
    bool whole; /* both lie within these bits */
    int code_bits, bits;
    int symbol;
    int run, value; /* of an AC symbol; of a DC symbol, the value alone */
};

/* Reads a symbol after the first `used` of the IC_JPEG_LOOKUP_BITS bits of `lookup`. */
static struct symbol read_symbol(const struct short_code *codes, uint32_t lookup, int used,
                                 bool dc) {
    const int room = IC_JPEG_LOOKUP_BITS - used;
    const uint32_t next = (lookup << used) & (IC_JPEG_STEPS - 1);
    const struct short_code code = codes[next];
    if (code.bits == 0 || code.bits > room) {
        return (struct symbol){.whole = false};
    }
    const int size = dc ? code.symbol : code.symbol & 15;
    struct symbol found = {.code_bits = code.bits, .bits = code.bits + size, .symbol = code.symbol};
    found.run = dc ? 0 : code.symbol >> 4;
    found.whole = found.bits <= room;
    if (found.whole && size > 0) {
        const uint32_t value =
            (next << code.bits & (IC_JPEG_STEPS - 1)) >> (IC_JPEG_LOOKUP_BITS - size);
        found.value = ic_jpeg_extend(value, size);
    }
    return found;
}

/* Without second value. */
static struct ic_jpeg_step one_value(int bits, int covered, int value) {
    return (struct ic_jpeg_step){.bits = (uint8_t)bits,
                                 .advance = (uint8_t)covered,
                                 .first = (uint8_t)(covered - 1),
                                 .second = (uint8_t)(covered - 1),
                                 .value = (uint16_t)value};
}

static struct ic_jpeg_step not_in_table(const struct symbol *symbol) {
    return (struct ic_jpeg_step){.advance = IC_STEP_RARE,
                                 .first = (uint8_t)symbol->code_bits,
                                 .second = (uint8_t)symbol->symbol};
}

static bool is_end(const struct symbol *symbol) {
    return symbol->symbol == 0;
}

/* Runs without a value are no symbols of a sequential JPEG, but for these two. */
static bool is_usual(const struct symbol *symbol, int most_quant) {
    return (symbol->symbol & 15) == 0 ? is_end(symbol) || symbol->symbol == ZEROS_16
                                      : abs(symbol->value) * most_quant <= INT16_MAX;
}

/* A code in the table whose value is not, but for its first bit, which tells the sign. */
static struct ic_jpeg_step make_following(const struct symbol *one, uint32_t lookup, int size,
                                          int most_quant) {
    const int most_value = (1 << size) - 1;
    if (one->code_bits == 0 || one->code_bits == IC_JPEG_LOOKUP_BITS ||
        one->bits > IC_JPEG_STEP_BITS || most_value * most_quant > INT16_MAX) {
        return not_in_table(one);
    }
    const bool negative = (lookup >> (IC_JPEG_LOOKUP_BITS - 1 - one->code_bits) & 1) == 0;
    struct ic_jpeg_step step = one_value(one->bits, one->run + 1, negative ? -most_value : 0);
    step.following = (uint16_t)(size << 8 | (64 - one->bits));
    return step;
}

static struct ic_jpeg_step make_ac_step(const struct short_code *codes, uint32_t lookup,
                                        int most_quant) {
    const struct symbol one = read_symbol(codes, lookup, 0, false);
    if (!one.whole) {
        return make_following(&one, lookup, one.symbol & 15, most_quant);
    }
    if (!is_usual(&one, most_quant)) {
        return not_in_table(&one);
    }
    if (is_end(&one)) {
        return (struct ic_jpeg_step){.bits = (uint8_t)((unsigned)one.bits | IC_STEP_END)};
    }
    struct ic_jpeg_step step = one_value(one.bits, one.run + 1, one.value);
    const struct symbol two = read_symbol(codes, lookup, one.bits, false);
    if (!two.whole || !is_usual(&two, most_quant) || abs(two.value) > INT8_MAX) {
        return step;
    }
    step.bits = (uint8_t)(one.bits + two.bits);
    if (is_end(&two)) {
        step.bits |= IC_STEP_END;
        return step;
    }
    step.advance = (uint8_t)(step.advance + two.run + 1);
    step.second = (uint8_t)(step.advance - 1);
    step.following = (uint8_t)two.value;
    return step;
}

/* The bits of `lookup` behind its first IC_JPEG_DC_LOOKUP_BITS are zeros, and are not known. */
static struct ic_jpeg_step make_dc_step(const struct short_code *codes, uint32_t lookup) {
    const struct symbol one = read_symbol(codes, lookup, 0, true);
    if (one.whole && one.bits <= IC_JPEG_DC_LOOKUP_BITS) {
        return one_value(one.bits, 1, one.value);
    }
    return one.code_bits < IC_JPEG_DC_LOOKUP_BITS ? make_following(&one, lookup, one.symbol, 1)
                                                  : not_in_table(&one);
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

/* Writes the longer ones, too, to all numbers of 16 bits. */
static void list_long_codes(struct ic_jpeg_codes *codes) {
    memset(codes->longer, 0, sizeof(codes->longer));
    uint32_t i = 0;
    for (int bits = IC_JPEG_LOOKUP_BITS + 1; bits <= 16; bits++) {
        for (; i < codes->list.end[bits] - codes->list.end[IC_JPEG_LOOKUP_BITS]; i++) {
            const uint32_t code = (codes->list.end[IC_JPEG_LOOKUP_BITS] + i) >> (16 - bits);
            const uint8_t symbol = codes->list.symbols[codes->list.symbol_at[bits] + (int32_t)code];
            codes->longer[i] = (uint16_t)(bits << 8 | symbol);
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
    struct short_code list[IC_JPEG_STEPS];
    memset(list, 0, sizeof(list));
    for (int bits = 1; bits <= IC_JPEG_LOOKUP_BITS; bits++) {
        list_short_codes(codes, bits, list);
    }
    list_long_codes(codes);
    for (uint32_t i = 0; i < IC_JPEG_STEPS; i++) {
        if (dc) {
            codes->step[i >> DC_SHIFT] = make_dc_step(list, i >> DC_SHIFT << DC_SHIFT);
        } else {
            codes->step[i] = make_ac_step(list, i, most_quant);
        }
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
