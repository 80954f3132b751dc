/* Orientation and copyright from an EXIF block (a TIFF structure, CIPA DC-008). Every offset and
 * count is checked; only IFD0 is read, no other directory. */
#ifndef IC_EXIF_H
#define IC_EXIF_H

#include "imgcore/base/mem.h"

/* Returns the orientation in a TIFF structure (without the "Exif\0\0" of JPEG), 1 to 8; 1 if it is
 * missing or out of range, or if the block is damaged. The standard specifies one SHORT; cameras
 * also write BYTE, LONG and the signed types, and several values: the first value of any of these
 * types counts, and the first of several tags. */
int ic_exif_orientation(const uint8_t *tiff, size_t size_bytes);

/* Returns the text of IFD0's Copyright tag (0x8298) as a NUL-terminated string allocated from mem:
 * the photographer's part without control characters, cut at IC_MAX_COPYRIGHT_BYTES. NULL if there
 * is none or it is empty, or if memory is short (mem->status). Free with ic_free. */
char *ic_exif_copyright(struct ic_mem *mem, const uint8_t *tiff, size_t size_bytes);

/* Appends a minimal TIFF structure with only the Copyright tag (little-endian, IFD0 with one
 * entry). False if memory is short. */
bool ic_exif_write_copyright(struct ic_buf *out, const char *copyright);

#endif
