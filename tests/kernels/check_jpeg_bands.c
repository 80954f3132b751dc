/* Checks of jpeg_band_first and jpeg_band_refine: random codes, bands and coefficients, and data
 * that is random. */
#include "check.h"

#include <string.h>

#include "imgcore/kernels/jpeg_blocks.h"

enum { MAX_BLOCKS = 40 };

/* Counts of codes: all that there are but the one of ones alone, so that nearly all data is valid.
 * Returns their number. */
static int choose_counts(struct check *check, uint8_t counts[17]) {
    memset(counts, 0, 17);
    counts[1] = 2;
    int codes = 2;
    for (int wanted = check_range(check, 2, 120); codes < wanted; codes++) {
        int bits = check_range(check, 1, 15);
        while (counts[bits] == 0) {
            bits = bits % 15 + 1;
        }
        counts[bits]--;
        counts[bits + 1] = (uint8_t)(counts[bits + 1] + 2);
    }
    int longest = 16;
    while (counts[longest] == 0) {
        longest--;
    }
    counts[longest]--;
    return codes - 1;
}

static void choose_symbols(struct check *check, uint8_t symbols[256], int count, int most_size) {
    bool seen[256] = {false};
    for (int i = 0; i < count; i++) {
        int symbol = check_range(check, 0, 15) << 4 | check_range(check, 0, most_size);
        for (int tries = 0; seen[symbol] && tries < 256; tries++) {
            symbol = (symbol + 1) % 256;
        }
        seen[symbol] = true;
        symbols[i] = (uint8_t)symbol;
    }
}

struct request {
    struct ic_jpeg_band band;
    const uint8_t *data;
    size_t size_bytes, blocks;
    uint32_t ended_blocks;
};

struct result {
    bool good;
    struct ic_jpeg_cursor cursor;
};

/* Coefficients, and the masks behind them. */
static void fill_blocks(struct check *check, uint8_t *out, size_t blocks, bool any) {
    int16_t *coefs = (int16_t *)(void *)out;
    memset(out, 0, blocks * (128 + sizeof(uint64_t)));
    for (size_t i = 0; i < blocks && any; i++) {
        uint64_t nonzero = 0;
        for (int n = check_range(check, 0, 30); n > 0; n--) {
            const int k = check_range(check, 1, 63);
            nonzero |= UINT64_C(1) << k;
            coefs[64 * i + IC_JPEG_ZIGZAG[k]] =
                (int16_t)(check_range(check, 1, 900) * (check_range(check, 0, 1) * 2 - 1));
        }
        memcpy(out + 128 * blocks + i * sizeof(nonzero), &nonzero, sizeof(nonzero));
    }
}

static struct result decode(const struct ic_kernels *kernels, bool refine,
                            const struct request *request, uint8_t *out) {
    uint64_t nonzero[MAX_BLOCKS];
    uint8_t *masks = out + 128 * request->blocks;
    const size_t masks_bytes = request->blocks * sizeof(*nonzero);
    memcpy(nonzero, masks, masks_bytes);
    struct result result = {.cursor = {.at = request->data, .ended_blocks = request->ended_blocks}};
    result.good = (refine ? kernels->jpeg_band_refine : kernels->jpeg_band_first)(
        &request->band, &result.cursor, request->data + request->size_bytes, (int16_t *)(void *)out,
        nonzero, request->blocks);
    if (result.good) {
        memcpy(masks, nonzero, masks_bytes);
    } else {
        memset(out, 0, 128 * request->blocks + masks_bytes); /* undefined after a doubt */
    }
    return result;
}

static long long used_bits(const struct result *result, const uint8_t *data) {
    return (long long)(result->cursor.at - data) * 8 - (long long)result->cursor.bit_count;
}

static void run_band(struct check *check, bool refine) {
    static struct ic_jpeg_runs runs;
    uint8_t counts[17], symbols[256];
    const int count = choose_counts(check, counts);
    choose_symbols(check, symbols, count, refine ? 1 : check_range(check, 1, 10));
    if (!ic_jpeg_runs_make(&runs, counts, symbols)) {
        check_describe(check, "codes");
        check_fail(check, "are refused");
        return;
    }
    struct request request = {.blocks = (size_t)check_range(check, 1, MAX_BLOCKS)};
    /* enough for any block: where the limit stops them depends on what is loaded ahead */
    request.size_bytes = request.blocks * IC_JPEG_BAND_SLACK_BYTES;
    request.band.runs = &runs;
    request.band.first = (unsigned)check_range(check, 1, 63);
    request.band.last = (unsigned)check_range(check, (int)request.band.first, 63);
    request.band.shift = (unsigned)check_range(check, 0, 4);
    request.ended_blocks = check_range(check, 0, 3) == 0 ? (uint32_t)check_range(check, 1, 50) : 0;
    const int most = 32767 >> request.band.shift;
    const bool any = check_range(check, 0, 3) != 0;
    for (int k = 0; k < 64; k++) {
        request.band.most[k] = (uint16_t)(any ? most : check_range(check, 0, 40));
    }
    const size_t n = request.size_bytes + IC_JPEG_BAND_SLACK_BYTES;
    uint8_t *data = check_source(check, 0, n, 1);
    check_fill(check, data, n);
    request.data = data;
    struct check_out out =
        check_output(check, request.blocks * (128 + sizeof(uint64_t)), sizeof(int16_t));
    fill_blocks(check, out.tested, request.blocks, refine);
    memcpy(out.ref, out.tested, request.blocks * (128 + sizeof(uint64_t)));
    check_describe(check, "%zu blocks, band %u to %u, %d codes", request.blocks, request.band.first,
                   request.band.last, count);
    const struct result ref = decode(check->ref, refine, &request, out.ref);
    const struct result tested = decode(check->tested, refine, &request, out.tested);
    if (ref.good != tested.good) {
        check_fail(check, "doubt %d, reference %d", !tested.good, !ref.good);
    } else if (ref.good && (used_bits(&ref, data) != used_bits(&tested, data) ||
                            ref.cursor.ended_blocks != tested.cursor.ended_blocks)) {
        check_fail(check, "%lld bits used, reference %lld", used_bits(&tested, data),
                   used_bits(&ref, data));
    }
    check_compare(check, &out);
}

static void run_first(struct check *check, int channels) {
    (void)channels;
    run_band(check, false);
}

static void run_refine(struct check *check, int channels) {
    (void)channels;
    run_band(check, true);
}

/* ---- timing -------------------------------------------------------------------------------- */

enum { BENCH_BYTES = 3000 };

struct bench {
    const struct ic_kernels *kernels;
    struct request request;
    uint8_t *out;
    const uint8_t *coefs; /* as they are before */
    bool refine;
};

static void call_band(void *arg) {
    struct bench *b = arg;
    memcpy(b->out, b->coefs, b->request.blocks * (128 + sizeof(uint64_t)));
    decode(b->kernels, b->refine, &b->request, b->out);
}

/* Runs of up to seven zeros before a value of one bit, and ends of blocks; all data is valid. */
static void bench_band(struct check *check, bool refine) {
    static const uint8_t counts[17] = {0, 0, 2, 2, 2, 1, 1, 1};
    static const uint8_t symbols[9] = {0x01, 0x00, 0x11, 0x21, 0x31, 0x41, 0x51, 0x61, 0x71};
    static struct ic_jpeg_runs runs;
    ic_jpeg_runs_make(&runs, counts, symbols);
    struct bench b = {.kernels = check->tested, .refine = refine};
    b.request.band = (struct ic_jpeg_band){.runs = &runs, .first = 1, .last = 63, .shift = 1};
    memset(b.request.band.most, 0x3f, sizeof(b.request.band.most));
    b.request.size_bytes = BENCH_BYTES;
    b.request.blocks = MAX_BLOCKS;
    uint8_t *data = check_source(check, 0, BENCH_BYTES + IC_JPEG_BAND_SLACK_BYTES, 1);
    for (size_t i = 0; i < BENCH_BYTES + IC_JPEG_BAND_SLACK_BYTES; i++) {
        data[i] = (uint8_t)(check_random(check) & 0xdb); /* no long row of ones: no code */
    }
    b.request.data = data;
    const struct check_out out =
        check_output(check, MAX_BLOCKS * (128 + sizeof(uint64_t)), sizeof(int16_t));
    fill_blocks(check, out.ref, MAX_BLOCKS, refine);
    b.coefs = out.ref;
    b.out = out.tested;
    check_time(check, "blocks", MAX_BLOCKS, call_band, &b);
}

static void bench_first(struct check *check, int channels) {
    (void)channels;
    bench_band(check, false);
}

static void bench_refine(struct check *check, int channels) {
    (void)channels;
    bench_band(check, true);
}

static check_slot slot_first(const struct ic_kernels *kernels) {
    return (check_slot)kernels->jpeg_band_first;
}

static check_slot slot_refine(const struct ic_kernels *kernels) {
    return (check_slot)kernels->jpeg_band_refine;
}

const struct check_kernel check_jpeg_bands_kernels[] = {
    {"jpeg_band_first", slot_first, run_first, bench_first, 0},
    {"jpeg_band_refine", slot_refine, run_refine, bench_refine, 0},
    {NULL, NULL, NULL, NULL, 0},
};
