/* What states the colours of a file, and the profile of them. Used by the pipeline and by api/. */
#ifndef IC_FILE_COLORS_H
#define IC_FILE_COLORS_H

#include "imgcore/codec/reader.h"
#include "imgcore/color/icc.h"

struct ic_file_colors {
    enum imgcore_color_source source;
    enum ic_icc_kind kind;  /* of the profile; UNUSABLE: nothing is to be converted or kept */
    const uint8_t *profile; /* that of the file, one given for CMYK, or `made` */
    size_t profile_bytes;
    struct ic_buf made; /* equivalent to the chunks of a PNG */
};

/* Finds what states the colours, in the order of the PNG specification: cICP, the embedded profile,
 * sRGB, gAMA with cHRM. Each counts only if it can be used, else the next does. A profile that is
 * not UNUSABLE is classified last. `colors->made` takes its memory from `mem`. Clear it also after
 * a failure. Errors: NO_MEMORY, BUDGET. */
enum imgcore_status ic_find_file_colors(struct ic_icc *icc, struct ic_mem *mem,
                                        const struct ic_header *header,
                                        struct ic_file_colors *colors);
void ic_file_colors_clear(struct ic_file_colors *colors);

/* Writes what states the colours for a person ("gAMA 0.55556, cHRM"), and what is there but not
 * used; "" for a profile, and if nothing does. */
void ic_describe_file_colors(const struct ic_header *header, const struct ic_file_colors *colors,
                             char *out, size_t out_bytes);

#endif
