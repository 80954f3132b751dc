/* The properties of a file, from its header alone. */
#ifndef IMGCORE_PROBE_H
#define IMGCORE_PROBE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "imgcore/api.h"
#include "imgcore/context.h"
#include "imgcore/source.h"
#include "imgcore/vocabulary.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The chroma of a JPEG of three or four components. */
enum imgcore_chroma {
    IMGCORE_CHROMA_NONE, /* no JPEG, or a grey one */
    IMGCORE_CHROMA_444,
    IMGCORE_CHROMA_422,
    IMGCORE_CHROMA_420,
    IMGCORE_CHROMA_440,
    IMGCORE_CHROMA_411,
    IMGCORE_CHROMA_410,
    IMGCORE_CHROMA_OTHER /* other factors, which `subsampling` states */
};

/* What states the colours of a file. Of several the first of this order counts that can be used, as
 * the PNG specification has it: cICP, the embedded profile, sRGB, gAMA with cHRM. In a PNG a chunk
 * counts as absent that is damaged, has a wrong length, stands behind the palette or the image
 * data, or follows another of its type.
 *   cICP  counts with the matrix 0 in full range, the primaries 1, 4 to 9, 11, 12 and 22 of ITU-T
 *         H.273, and the transfers 1, 4 to 8 and 13 to 15. HDR (16, PQ, and 18, HLG) does not
 *         count: how its highlights are mapped is a matter of taste, and of the display it was made
 *         for. Such files carry a profile or another chunk for programs without HDR; if not, their
 *         samples are taken for sRGB, and look pale
 *   gAMA  counts from 0.1 to 10. Within 0.005 of 0.45455, and with the primaries of sRGB, it stands
 *         for sRGB, and nothing is converted; with other primaries it is a power like any other
 *   cHRM  counts beside gAMA, if its primaries enclose its white; without it the primaries are
 *         those of sRGB */
enum imgcore_color_source {
    IMGCORE_COLOR_SOURCE_NONE,    /* nothing: the samples are taken for sRGB, or mixed as inks */
    IMGCORE_COLOR_SOURCE_PROFILE, /* the embedded ICC profile */
    IMGCORE_COLOR_SOURCE_SRGB,    /* an sRGB chunk */
    IMGCORE_COLOR_SOURCE_GAMA,
    IMGCORE_COLOR_SOURCE_GAMA_CHRM,
    IMGCORE_COLOR_SOURCE_CICP
};

struct imgcore_info {
    size_t struct_size_bytes;
    enum imgcore_format format;
    uint32_t width_px, height_px;                   /* as stored */
    uint32_t oriented_width_px, oriented_height_px; /* as displayed, orientation applied */
    int orientation;                                /* EXIF, 1 to 8; 1 if there is none */
    int bits;                                       /* per sample in the file: 1, 2, 4, 8 or 16 */
    bool has_alpha;                                 /* an alpha channel or a tRNS chunk */
    bool progressive;                               /* a progressive JPEG or an interlaced PNG */
    bool arithmetic;                                /* an arithmetic-coded JPEG */
    char color[16]; /* "grey", "grey+alpha", "palette", "rgb", "rgba", "ycbcr", "cmyk", "ycck" */

    char subsampling[24];     /* JPEG: "4:2:0", "4:2:2", "4:4:4", ... or the factors; else "" */
    size_t icc_bytes;         /* 0: no embedded profile */
    char icc_description[64]; /* the description in the profile, ASCII, "" if none */
    bool icc_is_srgb;         /* the colours need no conversion, whatever states them */
    enum imgcore_color_model color_model; /* what `color` names */
    enum imgcore_chroma chroma;           /* what `subsampling` names */
    enum imgcore_color_source color_source;
    char color_detail[64]; /* the chunk that counts, and a cICP that does not: "gAMA 0.55556, cHRM",
                              "cICP 9/16/0/1 not used"; "" if there is neither */
};

/* Clears all fields and sets struct_size_bytes. */
IMGCORE_API void imgcore_info_default_sized(struct imgcore_info *info, size_t struct_size_bytes);
#define imgcore_info_default(info) imgcore_info_default_sized((info), sizeof(*(info)))

struct imgcore_options;

/* Fills `info` from the header of a file: reads as little as possible and decodes no pixels.
 * Errors: as imgcore_transform, as far as the header shows them. If a limit is exceeded, `info`
 * still holds what was read. */
IMGCORE_API enum imgcore_status imgcore_probe(struct imgcore_context *context,
                                              const struct imgcore_source *source,
                                              const struct imgcore_options *options,
                                              struct imgcore_info *info,
                                              struct imgcore_error *error);

#ifdef __cplusplus
}
#endif

#endif
