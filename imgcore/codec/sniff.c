/* Recognises files by their first bytes: the two supported formats, and the names of others for
 * error messages. Looks at 16 bytes and consumes none of them. */
#include <string.h>

#include "imgcore/base/text.h"
#include "imgcore/codec/sniff.h"

#define SNIFF_BYTES 16u

/* A sequence of bytes that identifies a format; longer or more specific ones precede shorter ones.
 */
struct signature {
    const char *name;
    uint8_t offset, size_bytes;
    const char *bytes;
};

#define SIGNATURE(name, offset, bytes)                                                             \
    { name, offset, sizeof(bytes) - 1, bytes }

static const struct signature jpeg_signature = SIGNATURE("JPEG", 0, "\xff\xd8\xff");
static const struct signature png_signature = SIGNATURE("PNG", 0, "\x89PNG\r\n\x1a\n");

static const struct signature others[] = {
    SIGNATURE("GIF", 0, "GIF87a"),
    SIGNATURE("GIF", 0, "GIF89a"),
    SIGNATURE("WebP", 8, "WEBP"),
    SIGNATURE("AVIF", 4, "ftypavif"),
    SIGNATURE("AVIF", 4, "ftypavis"),
    SIGNATURE("HEIC", 4, "ftyphei"),
    SIGNATURE("HEIC", 4, "ftyphev"),
    SIGNATURE("HEIF", 4, "ftypmif1"),
    SIGNATURE("HEIF", 4, "ftypmsf1"),
    SIGNATURE("Canon raw (CR3)", 4, "ftypcrx "),
    SIGNATURE("a video (MP4 or QuickTime)", 4, "ftyp"),
    SIGNATURE("JPEG XL", 0, "\0\0\0\x0cJXL \r\n\x87\n"),
    SIGNATURE("JPEG XL", 0, "\xff\x0a"),
    SIGNATURE("JPEG 2000", 0, "\0\0\0\x0cjP  \r\n\x87\n"),
    SIGNATURE("JPEG 2000", 0, "\xff\x4f\xff\x51"),
    SIGNATURE("TIFF", 0, "II*\0"),
    SIGNATURE("TIFF", 0, "MM\0*"),
    SIGNATURE("TIFF", 0, "II+\0"),
    SIGNATURE("TIFF", 0, "MM\0+"),
    SIGNATURE("PDF", 0, "%PDF"),
    SIGNATURE("PostScript", 0, "%!PS"),
    SIGNATURE("Photoshop (PSD)", 0, "8BPS"),
    SIGNATURE("MNG", 0, "\x8aMNG"),
    SIGNATURE("a ZIP archive", 0, "PK\x03\x04"),
    SIGNATURE("a gzip file", 0, "\x1f\x8b"),
    SIGNATURE("an icon (ICO)", 0, "\0\0\x01\0"),
    SIGNATURE("BMP", 0, "BM"),
};

static bool matches(const struct ic_input *input, const struct signature *s) {
    return input->window_bytes >= (size_t)s->offset + s->size_bytes &&
           memcmp(input->window + s->offset, s->bytes, s->size_bytes) == 0;
}

enum imgcore_format ic_sniff(struct ic_input *input) {
    ic_input_fill(input, SNIFF_BYTES);
    if (matches(input, &jpeg_signature)) {
        return IMGCORE_FORMAT_JPEG;
    }
    if (matches(input, &png_signature)) {
        return IMGCORE_FORMAT_PNG;
    }
    return IMGCORE_FORMAT_AUTO;
}

/* Markup starts with '<', possibly after a byte order mark or white space. */
static bool looks_like_markup(const uint8_t *bytes, size_t size_bytes) {
    size_t at = size_bytes >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
    while (at < size_bytes &&
           (bytes[at] == ' ' || bytes[at] == '\t' || bytes[at] == '\r' || bytes[at] == '\n')) {
        at++;
    }
    return at < size_bytes && bytes[at] == '<';
}

static bool looks_like_text(const uint8_t *bytes, size_t size_bytes) {
    for (size_t i = 0; i < size_bytes; i++) {
        bool space = bytes[i] == '\t' || bytes[i] == '\r' || bytes[i] == '\n';
        if ((ic_is_control(bytes[i]) && !space) || bytes[i] >= 0x80) {
            return false;
        }
    }
    return true;
}

const char *ic_sniff_name(struct ic_input *input) {
    size_t have = ic_input_fill(input, SNIFF_BYTES);
    if (have == 0) {
        return "an empty file";
    }
    if (matches(input, &jpeg_signature)) {
        return jpeg_signature.name;
    }
    if (matches(input, &png_signature)) {
        return png_signature.name;
    }
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        if (matches(input, &others[i])) {
            return others[i].name;
        }
    }
    have = have < SNIFF_BYTES ? have : SNIFF_BYTES;
    if (looks_like_markup(input->window, have)) {
        return "SVG, HTML or other markup";
    }
    return looks_like_text(input->window, have) ? "text" : "nothing known";
}
