/* Reads orientation and copyright from a TIFF structure, and writes one with only a copyright. The
 * bytes are hostile, so every position is compared with the size before it is used; positions have
 * 64 bits, in which no sum of two of them overflows. Used by both codecs. */
#include <string.h>

#include "imgcore/base/bytes.h"
#include "imgcore/base/limits.h"
#include "imgcore/base/text.h"
#include "imgcore/codec/exif.h"

#define TIFF_HEAD_BYTES  8u
#define TIFF_ENTRY_BYTES 12u

#define TAG_ORIENTATION 0x0112u
#define TAG_COPYRIGHT   0x8298u

#define TYPE_ASCII 2u

struct tiff {
    const uint8_t *bytes;
    size_t size_bytes;
    bool big_endian;
};

struct tiff_entry {
    uint32_t type, count;
    const uint8_t *field; /* the four bytes that hold the value or its position */
};

static uint32_t read_u16(const struct tiff *tiff, const uint8_t *at) {
    return tiff->big_endian ? ic_u16be(at) : ic_u16le(at);
}

static uint32_t read_u32(const struct tiff *tiff, const uint8_t *at) {
    return tiff->big_endian ? ic_u32be(at) : ic_u32le(at);
}

static bool tiff_open(struct tiff *tiff, const uint8_t *bytes, size_t size_bytes) {
    if (size_bytes < TIFF_HEAD_BYTES) {
        return false;
    }
    if (memcmp(bytes, "II*\0", 4) != 0 && memcmp(bytes, "MM\0*", 4) != 0) {
        return false;
    }
    tiff->bytes = bytes;
    tiff->size_bytes = size_bytes;
    tiff->big_endian = bytes[0] == 'M';
    return true;
}

/* Finds the first entry of IFD0 with this tag. An IFD that claims more entries than there are bytes
 * is searched up to the end of the bytes. */
static bool tiff_find(const struct tiff *tiff, uint32_t tag, struct tiff_entry *entry) {
    uint64_t ifd = read_u32(tiff, tiff->bytes + 4);
    if (ifd < TIFF_HEAD_BYTES || ifd + 2 > tiff->size_bytes) {
        return false;
    }
    uint32_t entries = read_u16(tiff, tiff->bytes + ifd);
    if (entries > IC_MAX_EXIF_ENTRIES) {
        entries = IC_MAX_EXIF_ENTRIES;
    }
    for (uint32_t i = 0; i < entries; i++) {
        uint64_t at = ifd + 2 + (uint64_t)i * TIFF_ENTRY_BYTES;
        if (at + TIFF_ENTRY_BYTES > tiff->size_bytes) {
            return false;
        }
        const uint8_t *bytes = tiff->bytes + at;
        if (read_u16(tiff, bytes) == tag) {
            entry->type = read_u16(tiff, bytes + 2);
            entry->count = read_u32(tiff, bytes + 4);
            entry->field = bytes + 8;
            return true;
        }
    }
    return false;
}

/* Returns the size of one value of an integer type; 0 for any other type. */
static uint32_t integer_bytes(uint32_t type) {
    switch (type) {
    case 1: /* BYTE */
    case 6: /* SBYTE */
        return 1;
    case 3: /* SHORT */
    case 8: /* SSHORT */
        return 2;
    case 4: /* LONG */
    case 9: /* SLONG */
        return 4;
    default:
        return 0;
    }
}

/* Returns the first value of an integer entry; 0 if there is none. A negative one becomes a number
 * far above every valid value. */
static uint32_t first_integer(const struct tiff *tiff, const struct tiff_entry *entry) {
    uint32_t value_bytes = integer_bytes(entry->type);
    if (value_bytes == 0 || entry->count == 0) {
        return 0;
    }
    const uint8_t *value = entry->field;
    if ((uint64_t)entry->count * value_bytes > 4) {
        uint64_t at = read_u32(tiff, entry->field);
        if (at + value_bytes > tiff->size_bytes) {
            return 0;
        }
        value = tiff->bytes + at;
    }
    return value_bytes == 1   ? value[0]
           : value_bytes == 2 ? read_u16(tiff, value)
                              : read_u32(tiff, value);
}

int ic_exif_orientation(const uint8_t *bytes, size_t size_bytes) {
    struct tiff tiff;
    struct tiff_entry entry;
    if (!tiff_open(&tiff, bytes, size_bytes) || !tiff_find(&tiff, TAG_ORIENTATION, &entry)) {
        return 1;
    }
    uint32_t value = first_integer(&tiff, &entry);
    return value >= 1 && value <= 8 ? (int)value : 1;
}

/* Returns the length of the text without a UTF-8 character that the limit would cut. */
static size_t cut_text(const uint8_t *text, size_t size_bytes) {
    if (size_bytes <= IC_MAX_COPYRIGHT_BYTES) {
        return size_bytes;
    }
    size_t cut = IC_MAX_COPYRIGHT_BYTES;
    size_t back = 0;
    while (back < 3 && (text[cut - back] & 0xc0) == 0x80) {
        back++;
    }
    return cut - back;
}

char *ic_exif_copyright(struct ic_mem *mem, const uint8_t *bytes, size_t size_bytes) {
    struct tiff tiff;
    struct tiff_entry entry;
    mem->status = IMGCORE_OK;
    if (!tiff_open(&tiff, bytes, size_bytes) || !tiff_find(&tiff, TAG_COPYRIGHT, &entry) ||
        entry.type != TYPE_ASCII) {
        return NULL;
    }
    const uint8_t *text = entry.field;
    if (entry.count > 4) {
        uint64_t at = read_u32(&tiff, entry.field);
        if (at + entry.count > size_bytes) {
            return NULL;
        }
        text = bytes + at;
    }
    /* the editor's part, if there is one, follows the first NUL */
    const uint8_t *end = entry.count > 0 ? memchr(text, '\0', entry.count) : NULL;
    size_t length = cut_text(text, end != NULL ? (size_t)(end - text) : entry.count);
    char *copy = ic_alloc(mem, length + 1);
    if (copy == NULL) {
        return NULL;
    }
    size_t used = 0;
    bool visible = false;
    for (size_t i = 0; i < length; i++) {
        if (!ic_is_control(text[i])) {
            copy[used++] = (char)text[i];
            visible = visible || text[i] != ' ';
        }
    }
    copy[used] = '\0';
    if (!visible) { /* a single space means "no photographer, only an editor" */
        ic_free(mem, copy);
        return NULL;
    }
    return copy;
}

bool ic_exif_write_copyright(struct ic_buf *out, const char *copyright) {
    /* head, count of entries, one entry, position of the next IFD (none) */
    uint8_t tiff[TIFF_HEAD_BYTES + 2 + TIFF_ENTRY_BYTES + 4] = "II*\0\x08\0\0\0\x01";
    uint8_t *entry = tiff + TIFF_HEAD_BYTES + 2;
    const uint8_t *text = (const uint8_t *)copyright;
    size_t length = cut_text(text, strlen(copyright));
    uint32_t count = (uint32_t)length + 1; /* TIFF counts the NUL */
    ic_put_u16le(entry, TAG_COPYRIGHT);
    ic_put_u16le(entry + 2, TYPE_ASCII);
    ic_put_u32le(entry + 4, count);
    if (count <= 4) {
        memcpy(entry + 8, text, length);
        return ic_buf_append(out, tiff, sizeof(tiff));
    }
    ic_put_u32le(entry + 8, (uint32_t)sizeof(tiff));
    return ic_buf_reserve(out, sizeof(tiff) + count) && ic_buf_append(out, tiff, sizeof(tiff)) &&
           ic_buf_append(out, text, length) && ic_buf_append(out, "", 1);
}
