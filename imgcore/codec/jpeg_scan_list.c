/* The scans of a progressive JPEG: see jpeg_scan_list.h. */
#include "imgcore/codec/jpeg_scan_list.h"

#include <string.h>

#include "imgcore/base/bytes.h"
#include "imgcore/base/checked.h"
#include "imgcore/codec/jpeg_scan.h"

/* Data between two checks for cancellation. */
#define PIECE_BYTES ((size_t)32 * 1024)
/* A segment between scans: eight tables and more. */
#define SEGMENT_BYTES 4096u
/* Behind the last interval. */
#define SLACK_BYTES ((size_t)IC_JPEG_AHEAD_BYTES + IC_JPEG_BAND_SLACK_BYTES)

struct ic_jpeg_made_table {
    struct ic_jpeg_made_table *next;
    struct ic_jpeg_runs runs;
};

/* The latest table of a number. */
struct slot {
    bool is_set;
    uint8_t counts[17], symbols[256];
    const struct ic_jpeg_runs *runs; /* NULL: not made yet */
};

struct state {
    struct ic_jpeg_scan_list *list;
    const struct ic_kernels *kernels;
    const struct jpeg_decompress_struct *picture;
    struct ic_input *input;
    struct ic_cancel *cancel;
    const struct ic_jpeg_scan_limits *limits;
    struct slot slot[2][NUM_HUFF_TBLS]; /* DC, AC */
    struct ic_jpeg_progress progress;
    uint32_t restart_interval;
    uint8_t segment[SEGMENT_BYTES];
};

static bool doubt(struct state *state, const char *name) {
    state->list->doubt = state->list->doubt == NULL ? name : state->list->doubt;
    return false;
}

/* ---- tables ---------------------------------------------------------------------------------- */

static void take_tables(struct state *state) {
    for (int i = 0; i < NUM_HUFF_TBLS; i++) {
        const JHUFF_TBL *tables[2] = {state->picture->dc_huff_tbl_ptrs[i],
                                      state->picture->ac_huff_tbl_ptrs[i]};
        for (int k = 0; k < 2; k++) {
            if (tables[k] != NULL) {
                struct slot *slot = &state->slot[k][i];
                slot->is_set = true;
                memcpy(slot->counts, tables[k]->bits, sizeof(slot->counts));
                memcpy(slot->symbols, tables[k]->huffval, sizeof(slot->symbols));
            }
        }
    }
}

/* Takes the tables of a DHT segment (T.81, B.2.4.2). */
static bool parse_tables(struct state *state, size_t size_bytes) {
    const uint8_t *at = state->segment, *const end = at + size_bytes;
    while (at != end) {
        if (end - at < 17 || at[0] >> 4 > 1 || (at[0] & 15) >= NUM_HUFF_TBLS) {
            return false;
        }
        struct slot *slot = &state->slot[at[0] >> 4][at[0] & 15];
        size_t symbols = 0;
        memset(slot, 0, sizeof(*slot));
        for (int i = 1; i <= 16; i++) {
            slot->counts[i] = at[i];
            symbols += at[i];
        }
        at += 17;
        if (symbols > sizeof(slot->symbols) || symbols > (size_t)(end - at)) {
            return false;
        }
        memcpy(slot->symbols, at, symbols);
        slot->is_set = true;
        at += symbols;
    }
    return true;
}

static const struct ic_jpeg_runs *make_table(struct state *state, bool dc, uint8_t number) {
    struct slot *slot = &state->slot[dc ? 0 : 1][number];
    if (slot->runs == NULL && slot->is_set) {
        struct ic_jpeg_made_table *made = ic_alloc(state->list->mem, sizeof(*made));
        if (made == NULL) {
            doubt(state, IC_DOUBT_MEMORY);
            return NULL;
        }
        made->next = state->list->made;
        state->list->made = made;
        if (ic_jpeg_runs_make(&made->runs, slot->counts, slot->symbols)) {
            slot->runs = &made->runs;
        }
    }
    return slot->runs != NULL && (!dc || slot->runs->fits_dc) ? slot->runs : NULL;
}

/* ---- data ------------------------------------------------------------------------------------ */

/* The number of MCUs of a scan (T.81, A.2). */
static uint64_t count_mcus(const struct jpeg_decompress_struct *picture,
                           const struct ic_jpeg_scan_header *header) {
    if (header->components == 1) {
        const jpeg_component_info *component = &picture->comp_info[header->index[0]];
        return (uint64_t)component->width_in_blocks * component->height_in_blocks;
    }
    return (uint64_t)ic_ceil_div_u32(picture->image_width,
                                     (uint32_t)picture->max_h_samp_factor * DCTSIZE) *
           ic_ceil_div_u32(picture->image_height, (uint32_t)picture->max_v_samp_factor * DCTSIZE);
}

/* Copies data up to the next marker. */
static bool read_interval(struct state *state) {
    struct ic_input *input = state->input;
    struct ic_buf *data = &state->list->data;
    for (;;) {
        const size_t have = ic_input_fill(input, 2);
        const size_t n = have < PIECE_BYTES ? have : PIECE_BYTES;
        if (have < 2) {
            return doubt(state, IC_DOUBT_DATA_SHORT);
        }
        if (ic_is_cancelled(state->cancel)) {
            return false;
        }
        if (data->size_bytes > state->limits->data_bytes) {
            return doubt(state, IC_DOUBT_DATA_LEFT);
        }
        if (!ic_buf_reserve(data, n)) {
            return doubt(state, IC_DOUBT_MEMORY);
        }
        size_t used;
        data->size_bytes +=
            state->kernels->jpeg_unstuff(input->window, n, data->bytes + data->size_bytes, &used);
        ic_input_use(input, used);
        /* what is left of the n bytes is 0xff and, unless it is the last one, what follows */
        if (used < n && input->window_bytes >= 2 && input->window[1] != 0) {
            return ic_buf_append(&state->list->ends, &data->size_bytes, sizeof(data->size_bytes)) ||
                   doubt(state, IC_DOUBT_MEMORY);
        }
    }
}

/* Reads the intervals of a scan; returns the marker behind it, 0 after a doubt. */
static uint8_t read_data(struct state *state, const struct ic_jpeg_listed_scan *scan) {
    const uint32_t interval = scan->restart_interval;
    const uint64_t mcus = count_mcus(state->picture, &scan->header);
    const uint64_t intervals = interval == 0 ? 1 : (mcus + interval - 1) / interval;
    for (uint64_t i = 0;; i++) {
        if (!read_interval(state)) {
            return 0;
        }
        const uint8_t code = ic_jpeg_take_marker(state->input);
        const bool is_last = i + 1 == intervals;
        if (is_last ? code >= JPEG_RST0 && code <= JPEG_RST0 + 7 : code != JPEG_RST0 + i % 8) {
            doubt(state, IC_DOUBT_MARKER);
            return 0;
        }
        if (is_last) {
            return code;
        }
    }
}

/* ---- scans ----------------------------------------------------------------------------------- */

/* False: some of the products with the quantisers could be over 16 bits (see jpeg_idct). */
static bool set_band(const struct state *state, struct ic_jpeg_listed_scan *scan) {
    const struct ic_jpeg_scan_header *header = &scan->header;
    struct ic_jpeg_band *band = &scan->band;
    band->runs = scan->runs[0];
    band->first = header->first;
    band->last = header->last;
    band->shift = header->low;
    const jpeg_component_info *component = &state->picture->comp_info[header->index[0]];
    const JQUANT_TBL *quant = state->picture->quant_tbl_ptrs[component->quant_tbl_no];
    for (unsigned k = header->first; k <= header->last && header->first > 0; k++) {
        const uint32_t most = INT16_MAX / quant->quantval[IC_JPEG_ZIGZAG[k]];
        const uint32_t units = (most + 1) >> header->low;
        if (units < 2) {
            return false;
        }
        band->most[k] = (uint16_t)(units - 1);
    }
    return true;
}

/* Reads the scan with this header; returns the marker behind it, 0 after a doubt. */
static uint8_t read_scan(struct state *state, const struct ic_jpeg_scan_header *header) {
    struct ic_jpeg_scan_list *list = state->list;
    struct ic_jpeg_listed_scan scan = {.header = *header,
                                       .restart_interval = state->restart_interval,
                                       .interval = list->ends.size_bytes / sizeof(size_t)};
    const bool dc = header->first == 0;
    if (list->count == state->limits->scans || !ic_jpeg_progress_add(&state->progress, header)) {
        doubt(state, IC_DOUBT_MARKER);
        return 0;
    }
    for (int i = 0; i < header->components && !(dc && header->high != 0); i++) {
        scan.runs[i] = make_table(state, dc, dc ? header->dc_table[i] : header->ac_table[i]);
        if (scan.runs[i] == NULL) {
            doubt(state, IC_DOUBT_CODE);
            return 0;
        }
    }
    if (!set_band(state, &scan)) {
        doubt(state, IC_DOUBT_RANGE);
        return 0;
    }
    if (!ic_buf_append(&list->scans, &scan, sizeof(scan))) {
        doubt(state, IC_DOUBT_MEMORY);
        return 0;
    }
    list->count++;
    return read_data(state, &scan);
}

/* Reads the segment behind a marker to state->segment. */
static bool read_segment(struct state *state, size_t *size_bytes) {
    uint8_t length[2];
    if (!ic_input_copy(state->input, length, sizeof(length))) {
        return false;
    }
    const size_t with_length = ic_u16be(length);
    if (with_length < 2 || with_length - 2 > SEGMENT_BYTES) {
        return false;
    }
    *size_bytes = with_length - 2;
    return ic_input_copy(state->input, state->segment, *size_bytes);
}

/* Reads the segments behind a scan, the first marker of which was read. False: a doubt, or the end
 * marker. */
static bool read_header(struct state *state, uint8_t marker, struct ic_jpeg_scan_header *header) {
    for (; marker != 0 && marker != JPEG_EOI; marker = ic_jpeg_take_marker(state->input)) {
        size_t size_bytes;
        if (!read_segment(state, &size_bytes)) {
            return doubt(state, IC_DOUBT_MARKER);
        }
        bool good = false;
        if (marker == 0xc4) { /* DHT */
            good = parse_tables(state, size_bytes);
        } else if (marker == 0xdd && size_bytes == 2) { /* DRI */
            state->restart_interval = ic_u16be(state->segment);
            good = true;
        } else if (marker == 0xda) { /* SOS */
            return ic_jpeg_scan_header_parse(state->picture, state->segment, size_bytes, header) ||
                   doubt(state, IC_DOUBT_MARKER);
        }
        if (!good) {
            return doubt(state, IC_DOUBT_MARKER);
        }
    }
    return marker == 0 ? doubt(state, IC_DOUBT_MARKER) : false;
}

static bool read_all(struct state *state) {
    struct ic_jpeg_scan_header header;
    if (!ic_jpeg_scan_header_take(state->picture, &header)) {
        return doubt(state, IC_DOUBT_MARKER);
    }
    uint8_t marker;
    do {
        marker = read_scan(state, &header);
        if (marker == 0) {
            return doubt(state, IC_DOUBT_MARKER);
        }
    } while (read_header(state, marker, &header));
    if (state->list->doubt != NULL) {
        return false;
    }
    return ic_jpeg_progress_is_complete(&state->progress, state->picture->num_components) ||
           doubt(state, IC_DOUBT_DATA_SHORT);
}

void ic_jpeg_scan_list_init(struct ic_mem *mem, struct ic_jpeg_scan_list *list) {
    memset(list, 0, sizeof(*list));
    list->mem = list->scans.mem = list->data.mem = list->ends.mem = mem;
}

bool ic_jpeg_scan_list_read(struct ic_jpeg_scan_list *list, const struct ic_kernels *kernels,
                            const struct jpeg_decompress_struct *picture, struct ic_input *input,
                            struct ic_cancel *cancel, const struct ic_jpeg_scan_limits *limits) {
    struct state *state = ic_calloc(list->mem, 1, sizeof(*state));
    if (state == NULL) {
        list->doubt = IC_DOUBT_MEMORY;
        return false;
    }
    state->list = list;
    state->kernels = kernels;
    state->picture = picture;
    state->input = input;
    state->cancel = cancel;
    state->limits = limits;
    state->restart_interval = picture->restart_interval;
    take_tables(state);
    ic_jpeg_progress_init(&state->progress);
    /* of a source in memory, the size is known; pages that are not written take no memory */
    const uint64_t hint = input->window_bytes < limits->data_bytes ? input->window_bytes : 0;
    bool good =
        ic_buf_reserve(&list->data, (size_t)hint + SLACK_BYTES) || doubt(state, IC_DOUBT_MEMORY);
    good = good && read_all(state);
    if (good && !ic_buf_reserve(&list->data, SLACK_BYTES)) {
        good = doubt(state, IC_DOUBT_MEMORY);
    }
    if (good) {
        memset(list->data.bytes + list->data.size_bytes, 0, SLACK_BYTES);
    }
    ic_free(list->mem, state);
    return good;
}

struct ic_jpeg_listed_scan *ic_jpeg_scan_list_at(const struct ic_jpeg_scan_list *list,
                                                 size_t index) {
    return (struct ic_jpeg_listed_scan *)list->scans.bytes + index;
}

const uint8_t *ic_jpeg_interval_begin(const struct ic_jpeg_scan_list *list, size_t interval) {
    return interval == 0 ? list->data.bytes : ic_jpeg_interval_end(list, interval - 1);
}

const uint8_t *ic_jpeg_interval_end(const struct ic_jpeg_scan_list *list, size_t interval) {
    size_t end;
    memcpy(&end, list->ends.bytes + interval * sizeof(end), sizeof(end));
    return list->data.bytes + end;
}

void ic_jpeg_scan_list_clear(struct ic_jpeg_scan_list *list) {
    while (list->made != NULL) {
        struct ic_jpeg_made_table *next = list->made->next;
        ic_free(list->mem, list->made);
        list->made = next;
    }
    ic_buf_clear(&list->scans);
    ic_buf_clear(&list->data);
    ic_buf_clear(&list->ends);
}
