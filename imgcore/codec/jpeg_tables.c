/* The tables of a scan, from those that libjpeg has read: see jpeg_scan.h. */
#include <string.h>

#include "imgcore/codec/jpeg_scan.h"

static bool is_sequential(const struct jpeg_decompress_struct *picture) {
    return !picture->progressive_mode && !picture->arith_code && picture->data_precision == 8 &&
           (picture->num_components == 1 || picture->num_components == 3) &&
           picture->comps_in_scan == picture->num_components && picture->unread_marker == 0;
}

bool ic_jpeg_component_take(const jpeg_component_info *component, const JQUANT_TBL *quant,
                            struct ic_jpeg_component *out) {
    const int size = IC_DCT_H(component);
    if (quant == NULL || IC_DCT_V(component) != size ||
        (size != 8 && size != 4 && size != 2 && size != 1)) {
        return false;
    }
    out->h = component->h_samp_factor;
    out->v = component->v_samp_factor;
    out->size = size;
    for (int i = 0; i < 64; i++) {
        const int place = IC_JPEG_ZIGZAG[i];
        if (quant->quantval[place] > INT16_MAX) {
            return false;
        }
        out->quant[place] = (int16_t)quant->quantval[place];
        out->zigzag[i] = quant->quantval[place];
    }
    return true;
}

static bool take_component(const struct jpeg_decompress_struct *picture, int index,
                           struct ic_jpeg_component *out) {
    const jpeg_component_info *component = &picture->comp_info[index];
    if (picture->cur_comp_info[index] != component ||
        !ic_jpeg_component_take(component, component->quant_table, out)) {
        return false;
    }
    if (picture->num_components == 1) {
        /* with a single component an MCU is one block, for any sampling factors */
        out->h = out->v = 1;
        return component->v_samp_factor == 1;
    }
    return true;
}

static int most_quant(const struct ic_jpeg_tables *tables) {
    int most = 1;
    for (int p = 0; p < tables->planes; p++) {
        for (int i = 0; i < 64; i++) {
            most = tables->component[p].quant[i] > most ? tables->component[p].quant[i] : most;
        }
    }
    return most;
}

static bool take_codes(struct ic_mem *mem, const JHUFF_TBL *table, bool dc, int quant,
                       struct ic_jpeg_codes **codes) {
    if (*codes != NULL) {
        return true;
    }
    if (table == NULL) {
        return false;
    }
    *codes = ic_alloc(mem, sizeof(**codes));
    return *codes != NULL && ic_jpeg_codes_make(*codes, table->bits, table->huffval, dc, quant);
}

static bool add_kinds(struct ic_mem *mem, const struct jpeg_decompress_struct *picture, int index,
                      int quant, struct ic_jpeg_tables *tables) {
    const jpeg_component_info *component = &picture->comp_info[index];
    const int dc = component->dc_tbl_no, ac = component->ac_tbl_no;
    if (dc < 0 || dc >= NUM_HUFF_TBLS || ac < 0 || ac >= NUM_HUFF_TBLS ||
        !take_codes(mem, picture->dc_huff_tbl_ptrs[dc], true, quant, &tables->codes[0][dc]) ||
        !take_codes(mem, picture->ac_huff_tbl_ptrs[ac], false, quant, &tables->codes[1][ac])) {
        return false;
    }
    const struct ic_jpeg_component *own = &tables->component[index];
    for (int i = 0; i < own->h * own->v; i++) {
        if (tables->blocks == IC_MAX_MCU_BLOCKS) {
            return false;
        }
        struct ic_jpeg_kind *kind = &tables->kind[tables->blocks++];
        kind->dc = tables->codes[0][dc];
        kind->ac = tables->codes[1][ac];
        kind->quant = own->zigzag;
    }
    return true;
}

static void chain_kinds(struct ic_jpeg_tables *tables) {
    for (int i = 0; i < tables->blocks; i++) {
        ic_jpeg_kind_link(&tables->kind[i], &tables->kind[(i + 1) % tables->blocks]);
    }
}

bool ic_jpeg_tables_open(struct ic_mem *mem, const struct jpeg_decompress_struct *picture,
                         struct ic_jpeg_tables *tables) {
    memset(tables, 0, sizeof(*tables));
    if (!is_sequential(picture)) {
        return false;
    }
    tables->planes = picture->num_components;
    tables->mcus_per_row = picture->MCUs_per_row;
    tables->mcu_rows = picture->MCU_rows_in_scan;
    tables->restart_interval = picture->restart_interval;
    for (int p = 0; p < tables->planes; p++) {
        if (!take_component(picture, p, &tables->component[p])) {
            return false;
        }
    }
    const int quant = most_quant(tables);
    for (int p = 0; p < tables->planes; p++) {
        if (!add_kinds(mem, picture, p, quant, tables)) {
            ic_jpeg_tables_clear(mem, tables);
            return false;
        }
    }
    chain_kinds(tables);
    return true;
}

void ic_jpeg_tables_clear(struct ic_mem *mem, struct ic_jpeg_tables *tables) {
    for (int i = 0; i < NUM_HUFF_TBLS; i++) {
        ic_free(mem, tables->codes[0][i]);
        ic_free(mem, tables->codes[1][i]);
        tables->codes[0][i] = NULL;
        tables->codes[1][i] = NULL;
    }
}
