/* Maps libjpeg's messages to a status and a sentence: its fatal errors by a table, its warnings by
 * another one that states a reason for each. The only setjmp of the JPEG codec is here. Used by
 * jpeg_read.c, jpeg_write.c and their helpers. */
#include <stdarg.h>
#include <string.h>

#include "imgcore/base/checked.h"
#include "imgcore/codec/jpeg_internal.h"

struct mapping {
    int code;
    enum imgcore_status status;
    const char *sentence;
};

/* Warnings. OK: the image is complete, and the warning is only a remark about the file. Any other
 * status means damage, which is rejected unless the caller is tolerant. A code that is not listed
 * counts as damage. */
static const struct mapping warnings[] = {
    /* Bytes between segments that belong to none, such as padding by cameras and editors. All
       segments are still read. */
    {JWRN_EXTRANEOUS_DATA, IMGCORE_OK, NULL},
    /* A baseline scan with the spectral numbers of another kind: Samsung's phones wrote zeros. They
       have no meaning in a baseline file. */
    {JWRN_NOT_SEQUENTIAL, IMGCORE_OK, NULL},
    /* An Adobe marker with an unknown transform: libjpeg uses the number of components, as without
       the marker. */
    {JWRN_ADOBE_XFORM, IMGCORE_OK, NULL},
    /* A newer version of JFIF: only the version number differs from a known file. */
    {JWRN_JFIF_MAJOR, IMGCORE_OK, NULL},
    /* A profile whose parts do not fit together: it counts as missing. (Only libjpeg's own profile
       reader warns of it, which is not used.) */
    {JWRN_BOGUS_ICC, IMGCORE_OK, NULL},
    /* A refining scan for bits that no earlier scan announced: a scan is missing or repeated, and
       coefficients are wrong. For AC before DC see is_harmless. */
    {JWRN_BOGUS_PROGRESSION, IMGCORE_CORRUPT, "its scans do not fit together"},
    /* A marker where coded blocks are expected: the rest of the segment is lost. */
    {JWRN_HIT_MARKER, IMGCORE_CORRUPT, "a scan ends early"},
    /* Bits that are no code: the data up to the next restart is noise. */
    {JWRN_HUFF_BAD_CODE, IMGCORE_CORRUPT, "the picture data holds a code that does not exist"},
    {JWRN_ARITH_BAD_CODE, IMGCORE_CORRUPT, "the picture data holds a code that does not exist"},
    /* A restart marker out of order: some blocks are missing or misplaced. */
    {JWRN_MUST_RESYNC, IMGCORE_CORRUPT, "a stretch of the picture data is missing"},
    /* libjpeg's own sources warn so at the end of the data; the source of this codec raises itself.
     */
    {JWRN_JPEG_EOF, IMGCORE_TRUNCATED, "the picture data ends early"},
    /* More rows requested than exist: a bug of the reader. */
    {JWRN_TOO_MUCH_DATA, IMGCORE_INTERNAL, "too many rows were asked for"},
};

/* Fatal errors other than damage. */
static const struct mapping fatals[] = {
    {JERR_OUT_OF_MEMORY, IMGCORE_NO_MEMORY, "the JPEG library got no memory"},
    {JERR_NO_BACKING_STORE, IMGCORE_NO_MEMORY, "the JPEG library got no memory"},
    {JERR_IMAGE_TOO_BIG, IMGCORE_TOO_LARGE, "a side is longer than JPEG libraries take"},
    {JERR_WIDTH_OVERFLOW, IMGCORE_TOO_LARGE, "the picture is too wide"},
#if JPEG_LIB_VERSION < 70
    {JERR_ARITH_NOTIMPL, IMGCORE_UNSUPPORTED, "arithmetic coding is not in this JPEG library"},
#endif
    {JERR_BAD_PRECISION, IMGCORE_UNSUPPORTED, "only 8 bits per sample are supported"},
    {JERR_BAD_DCTSIZE, IMGCORE_UNSUPPORTED, "a kind of JPEG that is not supported"},
    {JERR_CCIR601_NOTIMPL, IMGCORE_UNSUPPORTED, "a kind of JPEG that is not supported"},
    {JERR_COMPONENT_COUNT, IMGCORE_UNSUPPORTED, "its number of components is not supported"},
    {JERR_CONVERSION_NOTIMPL, IMGCORE_UNSUPPORTED, "its colours are not supported"},
    {JERR_FRACT_SAMPLE_NOTIMPL, IMGCORE_UNSUPPORTED, "its subsampling is not supported here"},
    {JERR_NOTIMPL, IMGCORE_UNSUPPORTED, "a kind of JPEG that is not supported"},
    {JERR_NOT_COMPILED, IMGCORE_UNSUPPORTED, "a kind of JPEG that is not supported"},
    {JERR_BAD_LIB_VERSION, IMGCORE_INTERNAL, "built with headers of another JPEG library"},
    {JERR_BAD_STRUCT_SIZE, IMGCORE_INTERNAL, "built with headers of another JPEG library"},
    {JERR_BAD_STATE, IMGCORE_INTERNAL, "the JPEG library was called out of turn"},
    {JERR_BUFFER_SIZE, IMGCORE_INTERNAL, "the JPEG library was given too few rows"},
    {JERR_TOO_LITTLE_DATA, IMGCORE_INTERNAL, "the JPEG library was given too few rows"},
    {JERR_BAD_POOL_ID, IMGCORE_INTERNAL, "the JPEG library lost its memory"},
    {JERR_BAD_VIRTUAL_ACCESS, IMGCORE_INTERNAL, "the JPEG library lost its memory"},
    {JERR_VIRTUAL_BUG, IMGCORE_INTERNAL, "the JPEG library lost its memory"},
};

/* Returns the sentence about a frame that is not read, by its marker, which can also be that of a
 * hierarchical file's parts; NULL for the frames that are read. */
static const char *unsupported_frame(int marker) {
    switch (marker) {
    case 0xc3:
    case 0xcb:
        return "lossless JPEG is not supported";
    case 0xc5:
    case 0xc6:
    case 0xc7:
    case 0xcd:
    case 0xce:
    case 0xcf:
    case 0xde: /* DHP, before the frames */
    case 0xdf: /* EXP */
        return "hierarchical JPEG is not supported";
    case 0xc8:
        return "a kind of JPEG that is not supported";
    default:
        return NULL;
    }
}

static const struct mapping *find_mapping(const struct mapping *table, size_t count, int code) {
    for (size_t i = 0; i < count; i++) {
        if (table[i].code == code) {
            return &table[i];
        }
    }
    return NULL;
}

_Noreturn static void leave(struct ic_jpeg_errors *errors, enum imgcore_status status) {
    errors->status = status;
    longjmp(errors->jump, 1);
}

_Noreturn void ic_jpeg_raise(struct jpeg_error_mgr *manager, enum imgcore_status status,
                             const char *format, ...) {
    struct ic_jpeg_errors *errors = (struct ic_jpeg_errors *)manager;
    va_list args;
    va_start(args, format);
    vsnprintf(errors->detail, sizeof(errors->detail), format, args);
    va_end(args);
    leave(errors, status);
}

/* Raises a sentence with libjpeg's message appended. */
_Noreturn static void raise_message(j_common_ptr cinfo, enum imgcore_status status,
                                    const char *sentence) {
    char message[JMSG_LENGTH_MAX];
    (*cinfo->err->format_message)(cinfo, message);
    ic_jpeg_raise(cinfo->err, status, "%s (%s)", sentence, message);
}

/* Maps a fatal error. The meaning of three errors depends on more than the code. */
static struct mapping map_fatal(j_common_ptr cinfo) {
    int code = cinfo->err->msg_code;
    const struct mapping *known = find_mapping(fatals, sizeof(fatals) / sizeof(fatals[0]), code);
    if (known != NULL) {
        return *known;
    }
    if (code == JERR_EMPTY_IMAGE && cinfo->is_decompressor) {
        const struct jpeg_decompress_struct *d = (const struct jpeg_decompress_struct *)cinfo;
        if (d->image_height == 0 && d->image_width != 0 && d->num_components > 0) {
            return (struct mapping){code, IMGCORE_UNSUPPORTED,
                                    "its height is given only after the picture (DNL)"};
        }
    }
    if (code == JERR_SOF_UNSUPPORTED || code == JERR_UNKNOWN_MARKER) {
        const char *sentence = unsupported_frame(cinfo->err->msg_parm.i[0]);
        if (sentence != NULL || code == JERR_SOF_UNSUPPORTED) {
            return (struct mapping){code, IMGCORE_UNSUPPORTED,
                                    sentence != NULL ? sentence
                                                     : "a kind of JPEG that is not supported"};
        }
    }
    return (struct mapping){code, IMGCORE_CORRUPT, "its structure is damaged"};
}

static void error_exit(j_common_ptr cinfo) {
    const struct ic_jpeg_errors *errors = (const struct ic_jpeg_errors *)cinfo->err;
    struct mapping mapping = map_fatal(cinfo);
    if (errors->ended && mapping.status == IMGCORE_CORRUPT) {
        raise_message(cinfo, IMGCORE_TRUNCATED, "the file ends too early to show anything");
    }
    raise_message(cinfo, mapping.status, mapping.sentence);
}

/* AC coefficients before the DC of their component: against the standard, but nothing is lost as
 * long as the DC follows, which the reader checks at the end. */
static bool is_harmless(j_common_ptr cinfo) {
    return cinfo->err->msg_code == JWRN_BOGUS_PROGRESSION && cinfo->is_decompressor &&
           cinfo->err->msg_parm.i[1] == 0 && ((j_decompress_ptr)cinfo)->Ss > 0;
}

/* libjpeg traces the marker of each frame before it uses the frame. From version 3 on libjpeg-turbo
 * reads lossless frames, at full size whatever scale it is asked for: they are refused by their
 * marker. */
static void check_frame(j_common_ptr cinfo) {
    const char *sentence = unsupported_frame(cinfo->err->msg_parm.i[0]);
    if (sentence != NULL) {
        ic_jpeg_raise(cinfo->err, IMGCORE_UNSUPPORTED, "%s", sentence);
    }
}

static void emit_message(j_common_ptr cinfo, int level) {
    struct ic_jpeg_errors *errors = (struct ic_jpeg_errors *)cinfo->err;
    if (level >= 0) { /* a trace message: one per segment, so it must cost nothing */
        if (errors->manager.msg_code == JTRC_SOF && cinfo->is_decompressor) {
            check_frame(cinfo);
        }
        return;
    }
    errors->manager.num_warnings++;
    if (errors->tolerant || is_harmless(cinfo)) {
        return;
    }
    const struct mapping *known =
        find_mapping(warnings, sizeof(warnings) / sizeof(warnings[0]), errors->manager.msg_code);
    if (known == NULL) {
        raise_message(cinfo, IMGCORE_CORRUPT, "the JPEG library warns of damage");
    }
    if (known->status != IMGCORE_OK) {
        raise_message(cinfo, known->status, known->sentence);
    }
}

static void output_nothing(j_common_ptr cinfo) {
    (void)cinfo; /* a library prints nothing */
}

struct jpeg_error_mgr *ic_jpeg_errors_init(struct ic_jpeg_errors *errors, bool tolerant) {
    memset(errors, 0, sizeof(*errors));
    jpeg_std_error(&errors->manager);
    errors->manager.error_exit = error_exit;
    errors->manager.emit_message = emit_message;
    errors->manager.output_message = output_nothing;
    errors->tolerant = tolerant;
    return &errors->manager;
}

enum imgcore_status ic_jpeg_guard(struct ic_jpeg_errors *errors, void (*step)(void *state),
                                  void *state, struct imgcore_error *error) {
    if (setjmp(errors->jump) != 0) {
        return ic_fail(error, errors->status, "%s", errors->detail);
    }
    step(state);
    return IMGCORE_OK;
}

void ic_jpeg_check_cancel(struct jpeg_error_mgr *manager, struct ic_cancel *cancel) {
    if (ic_is_cancelled(cancel)) {
        ic_jpeg_raise(manager, IMGCORE_CANCELLED, "%s", "");
    }
}

_Noreturn void ic_jpeg_raise_memory(struct jpeg_error_mgr *manager, const struct ic_mem *mem) {
    ic_jpeg_raise(manager, mem->status, "not enough memory for the JPEG");
}

void ic_jpeg_reserve(struct jpeg_error_mgr *manager, struct ic_mem *mem, uint64_t size_bytes,
                     const char *what, size_t *reserved_bytes) {
    if (!ic_mem_reserve(mem, size_bytes < SIZE_MAX ? (size_t)size_bytes : SIZE_MAX)) {
        ic_jpeg_raise(manager, IMGCORE_BUDGET, "%s need %s", what, ic_mem_explain(mem).text);
    }
    *reserved_bytes += (size_t)size_bytes;
}

uint64_t ic_jpeg_coefficient_bytes(uint32_t width_px, uint32_t height_px, int h_samp, int v_samp,
                                   int max_h_samp, int max_v_samp) {
    /* sides are at most 65535 and factors at most 4: nothing here overflows */
    uint64_t mcus_across = ic_ceil_div_u32(width_px, (uint32_t)max_h_samp * DCTSIZE);
    uint64_t mcus_down = ic_ceil_div_u32(height_px, (uint32_t)max_v_samp * DCTSIZE);
    return mcus_across * (uint64_t)h_samp * mcus_down * (uint64_t)v_samp * sizeof(JBLOCK);
}
