/* Names of objects: see object_key.h. */
#include "services/settlement/object_key.h"

#include <stdio.h>
#include <string.h>

#include "services/base/text.h"
#include "services/settlement/request.h"

/* Of a business name in a file name: file systems allow 255 bytes, 40 Korean characters are 120. */
#define MAX_NAME_CHARACTERS 40

static const struct {
    const char *extension, *content_type;
} formats[SETTLE_FORMATS] = {
    {"csv", "text/csv; charset=utf-8"},
    {"html", "text/html; charset=utf-8"},
    {"json", "application/json"},
};

const char *settle_format_extension(enum settle_format format) {
    return formats[format].extension;
}

const char *settle_format_content_type(enum settle_format format) {
    return formats[format].content_type;
}

bool settle_object_key(const struct settle_period *period, const char *seller_id,
                       enum settle_format format, uint32_t version,
                       char out[SETTLE_OBJECT_KEY_BYTES]) {
    char first[SETTLE_DAY_BYTES], last[SETTLE_DAY_BYTES], suffix[32] = "";
    out[0] = '\0';
    if (!settle_seller_id_valid(seller_id)) {
        return false;
    }
    settle_day_write(period->first_day, first);
    settle_day_write(period->last_day, last);
    if (version > 0) {
        bool is_custom = period->type == SETTLE_CUSTOM;
        snprintf(suffix, sizeof(suffix), "%s%s.v%u", is_custom ? "." : "", is_custom ? last : "",
                 (unsigned)version);
    }
    int size = snprintf(out, SETTLE_OBJECT_KEY_BYTES, "settlements/%s/%s/seller-%s%s.%s",
                        settle_period_type_name(period->type), first, seller_id, suffix,
                        settle_format_extension(format));
    return size > 0 && size < SETTLE_OBJECT_KEY_BYTES;
}

/* Controls, separators of paths and what Windows forbids; also marks that change the direction of
 * text, which can hide an extension. */
static bool is_allowed_in_file_name(const uint8_t *character, size_t size_bytes) {
    static const char *const forbidden[] = {
        "\u200e", "\u200f", "\u202a", "\u202b", "\u202c", "\u202d", "\u202e",
        "\u2066", "\u2067", "\u2068", "\u2069", "\u2028", "\u2029", "\ufeff",
    };
    if (size_bytes == 1) {
        return !svc_is_control((char)*character) && strchr("/\\:*?\"<>|%", *character) == NULL;
    }
    if (size_bytes == 2 && character[0] == 0xc2 && character[1] < 0xa0) { /* C1 controls */
        return false;
    }
    for (size_t i = 0; i < sizeof(forbidden) / sizeof(forbidden[0]); i++) {
        if (strlen(forbidden[i]) == size_bytes &&
            memcmp(character, forbidden[i], size_bytes) == 0) {
            return false;
        }
    }
    return true;
}

static void put_name(const char *name, struct svc_buf *out) {
    size_t left = strlen(name), size = 0;
    int characters = 0;
    for (const uint8_t *at = (const uint8_t *)name; left > 0 && characters < MAX_NAME_CHARACTERS;
         at += size, left -= size) {
        size = svc_utf8_length(at, left);
        if (size == 0) { /* not UTF-8 */
            size = 1;
        } else if (is_allowed_in_file_name(at, size)) {
            svc_buf_append(out, at, size);
            characters++;
        }
    }
}

bool settle_put_file_name(const struct settle_period *period, const char *business_name,
                          enum settle_format format, struct svc_buf *out) {
    char name[SETTLE_PERIOD_NAME_BYTES];
    settle_period_name(period, name);
    svc_buf_printf(out, "정산_%s", name);
    if (business_name[0] != '\0') {
        svc_buf_append_char(out, '_');
        put_name(business_name, out);
    }
    return svc_buf_printf(out, ".%s", settle_format_extension(format));
}
