/* Tables of Huffman codes: see jpeg_codes.h. */
#include "imgcore/kernels/jpeg_codes.h"

#include <stdlib.h>
#include <string.h>

#define ZEROS_16 0xf0 /* the symbol of sixteen zeros */

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

/* Reads a symbol after the first `used` bits of `lookup`. */
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

/* A step whose fields are those of jpeg_codes.h, without second value. */
static uint64_t pack(unsigned bits, unsigned advance, unsigned first, unsigned second, int value) {
    return bits | (uint64_t)advance << 8 | (uint64_t)first << 16 | (uint64_t)second << 24 |
           (uint64_t)(uint16_t)value << 32 | UINT64_C(63) << 56;
}

static uint64_t pack_following(unsigned bits, unsigned advance, int size) {
    return pack(bits, advance, advance - 1, advance, 0) - ((uint64_t)size << 56);
}

static uint64_t not_in_table(const struct symbol *symbol) {
    return pack(0, IC_STEP_RARE, (unsigned)symbol->code_bits, (unsigned)symbol->symbol, 0);
}

static bool is_end(const struct symbol *symbol) {
    return symbol->symbol == 0;
}

/* Runs without a value are no symbols of a sequential JPEG, but for these two. */
static bool is_usual(const struct symbol *symbol, int most_quant) {
    return (symbol->symbol & 15) == 0 ? is_end(symbol) || symbol->symbol == ZEROS_16
                                      : abs(symbol->value) * most_quant <= INT16_MAX;
}

/* A code in the table whose value is not. */
static uint64_t make_following(const struct symbol *one, int size, int most_quant) {
    const bool fits = one->code_bits != 0 && one->bits <= IC_JPEG_STEP_BITS &&
                      ((1 << size) - 1) * most_quant <= INT16_MAX;
    return fits ? pack_following((unsigned)one->bits, (unsigned)one->run + 1, size)
                : not_in_table(one);
}

static uint64_t make_ac_step(const struct short_code *codes, uint32_t lookup, int most_quant) {
    const struct symbol one = read_symbol(codes, lookup, 0, false);
    if (!one.whole) {
        return make_following(&one, one.symbol & 15, most_quant);
    }
    if (!is_usual(&one, most_quant)) {
        return not_in_table(&one);
    }
    if (is_end(&one)) {
        return pack((unsigned)one.bits | IC_STEP_END, 0, 0, 0, 0);
    }
    const unsigned covered = (unsigned)one.run + 1;
    const struct symbol two = read_symbol(codes, lookup, one.bits, false);
    if (!two.whole || !is_usual(&two, most_quant) || abs(two.value) > INT8_MAX) {
        return pack((unsigned)one.bits, covered, covered - 1, covered, one.value);
    }
    const unsigned bits = (unsigned)(one.bits + two.bits);
    if (is_end(&two)) {
        return pack(bits | IC_STEP_END, covered, covered - 1, covered, one.value);
    }
    const unsigned all = covered + (unsigned)two.run + 1;
    return pack(bits, all, covered - 1, all - 1, one.value) | (uint64_t)(uint8_t)two.value << 48;
}

static uint64_t make_dc_step(const struct short_code *codes, uint32_t lookup) {
    const struct symbol one = read_symbol(codes, lookup, 0, true);
    return one.whole ? pack((unsigned)one.bits, 1, 0, 1, one.value)
                     : make_following(&one, one.symbol, 1);
}

/* Sets end, symbol_at and symbols. */
static bool order_codes(struct ic_jpeg_codes *codes, const uint8_t counts[17],
                        const uint8_t *symbols) {
    uint32_t code = 0;
    int32_t at = 0;
    codes->end[0] = 0;
    codes->symbol_at[0] = 0;
    for (int bits = 1; bits <= 16; bits++) {
        code <<= 1;
        codes->symbol_at[bits] = at - (int32_t)code;
        code += counts[bits];
        at += counts[bits];
        if (at > 256 || code > 1u << bits) {
            return false;
        }
        codes->end[bits] = code << (16 - bits);
    }
    memset(codes->symbols, 0, sizeof(codes->symbols));
    memcpy(codes->symbols, symbols, (size_t)at);
    return true;
}

/* Writes the codes of `bits` bits to all numbers of IC_JPEG_LOOKUP_BITS that begin with one. */
static void list_short_codes(const struct ic_jpeg_codes *codes, int bits, struct short_code *list) {
    const int shift = IC_JPEG_LOOKUP_BITS - bits;
    const uint32_t first = codes->end[bits - 1] >> (16 - bits),
                   end = codes->end[bits] >> (16 - bits);
    for (uint32_t code = first; code < end; code++) {
        const uint8_t symbol = codes->symbols[codes->symbol_at[bits] + (int32_t)code];
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
        for (; i < codes->end[bits] - codes->end[IC_JPEG_LOOKUP_BITS]; i++) {
            const uint32_t code = (codes->end[IC_JPEG_LOOKUP_BITS] + i) >> (16 - bits);
            const uint8_t symbol = codes->symbols[codes->symbol_at[bits] + (int32_t)code];
            codes->longer[i] = (uint16_t)(bits << 8 | symbol);
        }
    }
}

bool ic_jpeg_codes_make(struct ic_jpeg_codes *codes, const uint8_t counts[17],
                        const uint8_t *symbols, bool dc, int most_quant) {
    if (!order_codes(codes, counts, symbols)) {
        return false;
    }
    for (int i = 0; dc && i < 256; i++) {
        if (codes->symbols[i] > 15) {
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
        codes->step[i] = dc ? make_dc_step(list, i) : make_ac_step(list, i, most_quant);
    }
    return true;
}

int ic_jpeg_codes_find(const struct ic_jpeg_codes *codes, uint32_t next16, int *symbol) {
    for (int bits = 1; bits <= 16; bits++) {
        if (next16 < codes->end[bits]) {
            *symbol = codes->symbols[codes->symbol_at[bits] + (int32_t)(next16 >> (16 - bits))];
            return bits;
        }
    }
    *symbol = 0;
    return 0;
}
