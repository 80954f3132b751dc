/* Decodes single rows with libspng, and maps its errors: see png_internal.h. */
#include <errno.h>

#include "imgcore/codec/png_error.h"
#include "imgcore/codec/png_internal.h"

enum imgcore_status ic_png_fail(const struct png_reader *png, int code,
                                struct imgcore_error *error) {
    const char *detail;
    enum imgcore_status status = ic_png_explain(&png->chunks, code, &detail);
    return ic_fail(error, status, "%s", detail);
}

/* Whether decoding continues with rows missing: after damage, not after a failure of the source. */
bool ic_png_forgives(const struct png_reader *png, int code) {
    const char *detail;
    enum imgcore_status status = ic_png_explain(&png->chunks, code, &detail);
    return png->tolerant && (status == IMGCORE_TRUNCATED || status == IMGCORE_CORRUPT);
}

enum imgcore_status ic_png_decode_row(struct png_reader *png, uint8_t *raw, bool *ended,
                                      struct imgcore_error *error) {
    errno = 0;
    int code = spng_decode_row(png->spng, raw, png->expand.raw_bytes);
    *ended = code == SPNG_EOI;
    if (code == 0 || code == SPNG_EOI) {
        return IMGCORE_OK;
    }
    if (!ic_png_forgives(png, code)) {
        return ic_png_fail(png, code, error);
    }
    png->damaged = true;
    return IMGCORE_OK;
}
