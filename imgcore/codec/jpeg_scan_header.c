/* Headers of scans: see jpeg_scan_header.h. */
#include "imgcore/codec/jpeg_scan_header.h"

#include <string.h>

/* Blocks of an MCU (T.81, B.2.3). */
#define MAX_MCU_BLOCKS 10
/* The most bits that can be left to later scans (T.81, table B.3). */
#define MAX_SHIFT 13u

static bool is_accepted(const struct jpeg_decompress_struct *picture,
                        const struct ic_jpeg_scan_header *header) {
    const bool dc = header->first == 0;
    int blocks = 0;
    for (int i = 0; i < header->components; i++) {
        const jpeg_component_info *component = &picture->comp_info[header->index[i]];
        blocks += component->h_samp_factor * component->v_samp_factor;
        if (header->dc_table[i] >= NUM_HUFF_TBLS || header->ac_table[i] >= NUM_HUFF_TBLS ||
            (i > 0 && header->index[i] <= header->index[i - 1])) {
            return false;
        }
    }
    return (dc ? header->last == 0 : header->components == 1) && header->last < DCTSIZE2 &&
           header->first <= header->last && header->low <= MAX_SHIFT &&
           (header->high == 0 || header->high == header->low + 1) &&
           (header->components == 1 || blocks <= MAX_MCU_BLOCKS);
}

bool ic_jpeg_scan_header_take(const struct jpeg_decompress_struct *picture,
                              struct ic_jpeg_scan_header *header) {
    memset(header, 0, sizeof(*header));
    if (picture->comps_in_scan < 1 || picture->comps_in_scan > IC_MAX_PLANES || picture->Ss < 0 ||
        picture->Se < 0 || picture->Ah < 0 || picture->Al < 0) {
        return false;
    }
    header->components = picture->comps_in_scan;
    for (int i = 0; i < header->components; i++) {
        const jpeg_component_info *component = picture->cur_comp_info[i];
        header->index[i] = component->component_index;
        header->dc_table[i] = (uint8_t)component->dc_tbl_no;
        header->ac_table[i] = (uint8_t)component->ac_tbl_no;
    }
    header->first = (unsigned)picture->Ss;
    header->last = (unsigned)picture->Se;
    header->high = (unsigned)picture->Ah;
    header->low = (unsigned)picture->Al;
    return is_accepted(picture, header);
}

static int find_component(const struct jpeg_decompress_struct *picture, uint8_t id) {
    for (int i = 0; i < picture->num_components; i++) {
        if (picture->comp_info[i].component_id == id) {
            return i;
        }
    }
    return -1;
}

bool ic_jpeg_scan_header_parse(const struct jpeg_decompress_struct *picture, const uint8_t *bytes,
                               size_t size_bytes, struct ic_jpeg_scan_header *header) {
    memset(header, 0, sizeof(*header));
    if (size_bytes < 1 || bytes[0] < 1 || bytes[0] > IC_MAX_PLANES ||
        size_bytes != 4u + 2u * bytes[0]) {
        return false;
    }
    header->components = bytes[0];
    for (int i = 0; i < header->components; i++) {
        const uint8_t *component = bytes + 1 + 2 * i;
        header->index[i] = find_component(picture, component[0]);
        if (header->index[i] < 0) {
            return false;
        }
        header->dc_table[i] = component[1] >> 4;
        header->ac_table[i] = component[1] & 15;
    }
    const uint8_t *band = bytes + size_bytes - 3;
    header->first = band[0];
    header->last = band[1];
    header->high = band[2] >> 4;
    header->low = band[2] & 15;
    return is_accepted(picture, header);
}

void ic_jpeg_progress_init(struct ic_jpeg_progress *progress) {
    memset(progress, -1, sizeof(*progress));
}

bool ic_jpeg_progress_add(struct ic_jpeg_progress *progress,
                          const struct ic_jpeg_scan_header *header) {
    for (int i = 0; i < header->components; i++) {
        int8_t *unknown = progress->unknown[header->index[i]];
        if (header->first > 0 && unknown[0] < 0) {
            return false; /* DC comes first (T.81, G.1.1.1.1) */
        }
        for (unsigned k = header->first; k <= header->last; k++) {
            if (unknown[k] != (header->high == 0 ? -1 : (int)header->high)) {
                return false;
            }
            unknown[k] = (int8_t)header->low;
        }
    }
    return true;
}

bool ic_jpeg_progress_is_complete(const struct ic_jpeg_progress *progress, int components) {
    for (int i = 0; i < components; i++) {
        for (int k = 0; k < DCTSIZE2; k++) {
            if (progress->unknown[i][k] != 0) {
                return false;
            }
        }
    }
    return true;
}
