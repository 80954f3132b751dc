/* The two things wanted from an EXIF block (a TIFF structure, CIPA DC-008): orientation and
 * copyright. Every offset and count is checked; IFD0 only, no other directory is entered. */
#ifndef IC_EXIF_H
#define IC_EXIF_H

#include "imgcore/base/mem.h"

/* The orientation in a TIFF structure (without the "Exif\0\0" of JPEG), 1 to 8; 1 if there is
 * none, if it is out of range, or if the block is damaged. The standard has one SHORT; cameras also
 * write BYTE, LONG and the signed types, and more values than one: the first value of any of those
 * counts, and the first tag of several. */
int ic_exif_orientation(const uint8_t *tiff, size_t size_bytes);

/* The text of IFD0's Copyright tag (0x8298) as a NUL-terminated string of mem: the
 * photographer's part, bytes below 0x20 left out, cut at IC_MAX_COPYRIGHT_BYTES. NULL if there is
 * none or it is empty, or if memory is short (mem->status). Free with ic_free. */
char *ic_exif_copyright(struct ic_mem *mem, const uint8_t *tiff, size_t size_bytes);

/* Appends a minimal TIFF structure that holds only the Copyright tag (little-endian, IFD0 with
 * one entry). False if memory is short. */
bool ic_exif_write_copyright(struct ic_buf *out, const char *copyright);

#endif
