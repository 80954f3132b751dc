/* Checks of jpeg_blocks: random codes, and data that was written with them or is random. */
#include "check.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_BLOCKS = 40, MAX_DATA_BYTES = 6000, MAX_KINDS = 10, AHEAD_BYTES = 8, FEW_CODES = 6 };

/* ---- codes -------------------------------------------------------------------------------------
 */

struct codes {
    uint8_t counts[17], symbols[256];
    int count;
    struct {
        uint32_t code;
        int bits; /* 0: the symbol has none */
    } of[256];
    struct ic_jpeg_codes table;
};

/* Numbers of codes for `count` symbols, as short as the space allows or up to 16 bits. */
static void choose_counts(struct check *check, struct codes *codes, int count) {
    const int shortest = check_range(check, 0, 2) == 0 ? check_range(check, 1, 12) : 1;
    uint32_t space = 1;
    int left = count;
    memset(codes->counts, 0, sizeof(codes->counts));
    for (int bits = 1; bits <= 16 && left > 0; bits++) {
        space *= 2;
        const int most = left < (int)space - 1 ? left : (int)space - 1;
        const int n = bits == 16        ? most
                      : bits < shortest ? 0
                                        : check_range(check, 0, most > 3 ? most / 2 : most);
        codes->counts[bits] = (uint8_t)n;
        space -= (uint32_t)n;
        left -= n;
    }
    codes->count = count - left;
}

static void choose_symbols(struct check *check, struct codes *codes, bool dc) {
    const bool is_few = codes->count <= FEW_CODES;
    const int most_size = check_range(check, 1, 15);
    const int least_size = is_few && check_range(check, 0, 1) == 0 ? most_size : 0;
    const int most_run = check_range(check, 0, is_few ? 2 : 15);
    uint8_t seen[256] = {0};
    for (int i = 0; i < codes->count; i++) {
        int symbol =
            dc ? i % 16
               : check_range(check, 0, most_run) << 4 | check_range(check, least_size, most_size);
        symbol = !dc && i < 3 && check_range(check, 0, 1) == 0 ? 0 : symbol; /* often a short end */
        while (seen[symbol] && !dc) {
            symbol = (symbol + 1) % 256;
        }
        seen[symbol] = 1;
        codes->symbols[i] = (uint8_t)symbol;
    }
}

static bool make_codes(struct check *check, struct codes *codes, bool dc, int most_quant) {
    /* few codes are short: then a lookup has two of them, with long values */
    const int most = dc ? 16 : check_range(check, 0, 2) == 0 ? FEW_CODES : 200;
    choose_counts(check, codes, check_range(check, 1, most));
    choose_symbols(check, codes, dc);
    memset(codes->of, 0, sizeof(codes->of));
    uint32_t code = 0;
    for (int bits = 1, i = 0; bits <= 16; bits++, code <<= 1) {
        for (int n = 0; n < codes->counts[bits]; n++, code++, i++) {
            codes->of[codes->symbols[i]].code = code;
            codes->of[codes->symbols[i]].bits = bits;
        }
    }
    return ic_jpeg_codes_make(&codes->table, codes->counts, codes->symbols, dc, most_quant);
}

/* Two steps and a lookup must fit into what is loaded at once. */
static bool are_steps_short(const struct ic_jpeg_codes *codes) {
    bool good = true;
    for (int t = 0; t < 2; t++) {
        for (size_t i = 0; i < IC_JPEG_STEPS; i++) {
            good &= (codes->table[t].bits[i] & (IC_STEP_PREFIX - 1)) <= IC_JPEG_STEP_BITS;
        }
    }
    return good;
}

/* ---- data --------------------------------------------------------------------------------------
 */

struct writer {
    uint8_t *bytes;
    size_t size_bits, most_bits;
};

static void put(struct writer *writer, uint32_t value, int bits) {
    for (int i = bits - 1; i >= 0 && writer->size_bits < writer->most_bits; i--) {
        const uint8_t bit = (uint8_t)(0x80 >> writer->size_bits % 8);
        uint8_t *byte = &writer->bytes[writer->size_bits++ / 8];
        *byte = (uint8_t)((value >> i & 1) != 0 ? *byte | bit : *byte & ~bit);
    }
}

static void put_symbol(struct check *check, struct writer *writer, const struct codes *codes,
                       int symbol) {
    put(writer, codes->of[symbol].code, codes->of[symbol].bits);
    const int size = symbol & 15;
    put(writer, check_random(check) & ((1u << size) - 1), size);
}

static int any_symbol(struct check *check, const struct codes *codes) {
    return codes->symbols[check_range(check, 0, codes->count - 1)];
}

/* A block that ends where it must, if the codes have an end or a coefficient for the last place;
 * now and then with a symbol that is none of a sequential JPEG. */
static void put_block(struct check *check, struct writer *writer, const struct codes *dc,
                      const struct codes *ac) {
    put_symbol(check, writer, dc, any_symbol(check, dc));
    const int ends_at = check_range(check, 0, 3) == 0 ? 64 : check_range(check, 1, 64);
    for (int covered = 1, tries = 0; covered < 64 && tries < 300; tries++) {
        if (covered >= ends_at && ac->of[0].bits != 0) {
            put_symbol(check, writer, ac, 0);
            return;
        }
        const int symbol = any_symbol(check, ac);
        const int after = covered + (symbol >> 4) + 1;
        const bool usual = (symbol & 15) != 0 || (symbol == 0xf0 && after < 64);
        if ((usual || check_range(check, 0, 99) == 0) && after <= 64) {
            put_symbol(check, writer, ac, symbol);
            covered = after;
        }
    }
}

static void fill_data(struct check *check, uint8_t *data, size_t n, const struct codes *codes,
                      int kinds) {
    check_fill(check, data, n);
    if (check_range(check, 0, 3) == 0) {
        return;
    }
    struct writer writer = {data, 0, n * 8};
    for (int i = 0; writer.size_bits < writer.most_bits; i++) {
        put_block(check, &writer, &codes[i % kinds % 2], &codes[2 + i % kinds % 2]);
    }
    if (n > 0 && check_range(check, 0, 3) == 0) {
        data[check_range(check, 0, (int)n - 1)] ^= (uint8_t)(1 << check_range(check, 0, 7));
    }
}

/* ---- the comparison -----------------------------------------------------------------------------
 */

static void chain(struct ic_jpeg_kind *kind, int kinds, struct codes *codes,
                  const uint16_t *quant) {
    for (int i = 0; i < kinds; i++) {
        kind[i].dc = &codes[i % 2].table;
        kind[i].ac = &codes[2 + i % 2].table;
        kind[i].quant = quant;
    }
    for (int i = 0; i < kinds; i++) {
        ic_jpeg_kind_link(&kind[i], &kind[(i + 1) % kinds]);
    }
}

struct result {
    bool good;
    size_t done;
    struct ic_jpeg_position position;
};

static struct result decode(const struct ic_kernels *kernels, const struct ic_jpeg_kind *kind,
                            const uint8_t *data, size_t n, uint8_t *out, size_t blocks,
                            size_t count) {
    struct result result = {.position = {.at = data, .kind = kind}};
    int16_t *coefs = (int16_t *)(void *)out;
    memset(coefs, 0, blocks * 64 * sizeof(*coefs));
    result.good = kernels->jpeg_blocks(&result.position, data + n, coefs, out + 128 * blocks, count,
                                       &result.done);
    if (result.done < blocks) { /* undefined after a doubt */
        memset(coefs + 64 * result.done, 0, (blocks - result.done) * 64 * sizeof(*coefs));
        memset(out + 128 * blocks + result.done, 0, blocks - result.done);
    }
    return result;
}

static long long used_bits(const struct result *result, const uint8_t *data) {
    return (long long)(result->position.at - data) * 8 - (long long)result->position.bit_count;
}

static void run_blocks(struct check *check, int channels) {
    (void)channels;
    static struct codes codes[4]; /* two for DC, two for AC */
    const int kinds = check_range(check, 1, MAX_KINDS);
    const int most_quants[] = {1, 3, 255, check_range(check, 1, 255), 32767};
    const int most_quant = most_quants[check_range(check, 0, 4)];
    for (int i = 0; i < 4; i++) {
        if (!make_codes(check, &codes[i], i < 2, most_quant)) {
            check_describe(check, "codes");
            check_fail(check, "are refused");
            return;
        }
        if (i >= 2 && !are_steps_short(&codes[i].table)) {
            check_describe(check, "codes");
            check_fail(check, "have a step of too many bits");
        }
    }
    uint16_t *quant = check_source(check, 1, 64 * sizeof(*quant), sizeof(*quant));
    for (int i = 0; i < 64; i++) {
        quant[i] = (uint16_t)check_range(check, 0, most_quant);
    }
    struct ic_jpeg_kind kind[MAX_KINDS];
    chain(kind, kinds, codes, quant);
    const size_t n = check_size(check, MAX_DATA_BYTES);
    uint8_t *data = check_source(check, 0, n + AHEAD_BYTES + IC_JPEG_SLACK_BYTES, 1);
    fill_data(check, data, n + AHEAD_BYTES + IC_JPEG_SLACK_BYTES, codes, kinds);
    const size_t blocks = (size_t)check_range(check, 1, MAX_BLOCKS);
    struct check_out out = check_output(check, blocks * 129, sizeof(int16_t));
    check_describe(check, "%zu bytes, %zu blocks of %d kinds, quantisers up to %d", n, blocks,
                   kinds, most_quant);
    const struct result tested = decode(check->tested, kind, data, n, out.tested, blocks, blocks);
    /* The reference loads bytes earlier or later, so it is told where to stop. */
    const size_t begun = tested.done + !tested.good;
    const struct result ref =
        decode(check->ref, kind, data, n + AHEAD_BYTES, out.ref, blocks, begun);
    if (tested.good && tested.done < blocks && tested.position.at <= data + n) {
        check_fail(check, "%zu blocks before the limit", tested.done);
    }
    if (ref.good != tested.good || ref.done != tested.done) {
        check_fail(check, "%zu blocks, doubt %d; reference %zu, %d", tested.done, !tested.good,
                   ref.done, !ref.good);
    } else if (ref.good && (used_bits(&ref, data) != used_bits(&tested, data) ||
                            ref.position.kind != tested.position.kind)) {
        check_fail(check, "%lld bits used, reference %lld", used_bits(&tested, data),
                   used_bits(&ref, data));
    }
    check_compare(check, &out);
}

/* ---- timing -------------------------------------------------------------------------------- */

enum { BENCH_BYTES = 8000, BENCH_BLOCKS = 96 };

struct bench {
    const struct ic_kernels *kernels;
    const struct ic_jpeg_kind *kind;
    const uint8_t *data;
    uint8_t *out;
};

static void call_blocks(void *arg) {
    struct bench *b = arg;
    decode(b->kernels, b->kind, b->data, BENCH_BYTES, b->out, BENCH_BLOCKS, BENCH_BLOCKS);
}

/* Codes of 2 to 13 bits for runs up to 3 and values of 1 to 6 bits, and an end of 3 bits. */
static void bench_codes(struct codes *codes, bool dc) {
    static const uint8_t counts[17] = {0, 0, 1, 2, 2, 2, 2, 3, 3, 3, 2, 2, 2, 1};
    static const uint8_t ac[25] = {0x01, 0x00, 0x02, 0x11, 0x03, 0x12, 0x21, 0x04, 0x31,
                                   0x13, 0x22, 0x05, 0x32, 0x14, 0x23, 0x06, 0x33, 0x15,
                                   0x24, 0x34, 0x25, 0x35, 0x16, 0x26, 0xf0};
    memcpy(codes->counts, counts, sizeof(counts));
    codes->count = 25;
    for (int i = 0; i < 25; i++) {
        codes->symbols[i] = dc ? (uint8_t)(i % 12) : ac[i];
    }
    uint32_t code = 0;
    for (int bits = 1, i = 0; bits <= 16; bits++, code <<= 1) {
        for (int n = 0; n < codes->counts[bits]; n++, code++, i++) {
            codes->of[codes->symbols[i]].code = code;
            codes->of[codes->symbols[i]].bits = bits;
        }
    }
    ic_jpeg_codes_make(&codes->table, codes->counts, codes->symbols, dc, 100);
}

static void bench_blocks(struct check *check, int channels) {
    (void)channels;
    static struct codes codes[4];
    static uint16_t quant[64];
    struct ic_jpeg_kind kind[1];
    for (int i = 0; i < 4; i++) {
        bench_codes(&codes[i], i < 2);
    }
    chain(kind, 1, codes, quant);
    uint8_t *data = check_source(check, 0, BENCH_BYTES + IC_JPEG_SLACK_BYTES, 1);
    memset(data, 0, BENCH_BYTES + IC_JPEG_SLACK_BYTES);
    struct writer writer = {data, 0, BENCH_BYTES * 8};
    for (int i = 0; i < BENCH_BLOCKS; i++) {
        put_symbol(check, &writer, &codes[0], check_range(check, 0, 6));
        for (int k = check_range(check, 0, 20); k > 0; k--) { /* rather short codes */
            put_symbol(check, &writer, &codes[2],
                       codes[2].symbols[2 + check_range(check, 0, check_range(check, 0, 20))]);
        }
        put_symbol(check, &writer, &codes[2], 0);
    }
    struct bench b = {check->tested, kind, data,
                      check_output(check, BENCH_BLOCKS * 129, sizeof(int16_t)).tested};
    check_time(check, "bytes", (double)writer.size_bits / 8, call_blocks, &b);
}

static check_slot slot_blocks(const struct ic_kernels *kernels) {
    return (check_slot)kernels->jpeg_blocks;
}

const struct check_kernel check_jpeg_blocks_kernels[] = {
    {"jpeg_blocks", slot_blocks, run_blocks, bench_blocks, 0},
    {NULL, NULL, NULL, NULL, 0},
};
