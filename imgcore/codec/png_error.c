/* Maps libspng's errors: see png_error.h. */
#include <errno.h>
#include <spng.h>

#include "imgcore/codec/png_error.h"

/* The meaning of libspng's errors. Errors that are not listed can come only from chunks that it
 * never gets, or from wrong calls. */
static const struct {
    int code;
    enum imgcore_status status;
    const char *detail;
} spng_meanings[] = {
    {SPNG_EMEM, IMGCORE_NO_MEMORY, "the PNG decoder got no memory"},
    {SPNG_EZLIB_INIT, IMGCORE_NO_MEMORY, "the PNG decoder got no memory"},
    {SPNG_EOVERFLOW, IMGCORE_TOO_LARGE, "the PNG's rows are longer than the decoder allows"},
    {SPNG_ESIGNATURE, IMGCORE_CORRUPT, "the PNG signature is damaged"},
    {SPNG_EWIDTH, IMGCORE_CORRUPT, "the PNG's width is 0 or over 2^31 - 1"},
    {SPNG_EHEIGHT, IMGCORE_CORRUPT, "the PNG's height is 0 or over 2^31 - 1"},
    {SPNG_EBIT_DEPTH, IMGCORE_CORRUPT, "the PNG's bit depth is none its colour type has"},
    {SPNG_ECOLOR_TYPE, IMGCORE_CORRUPT, "the PNG's colour type does not exist"},
    {SPNG_ECOMPRESSION_METHOD, IMGCORE_UNSUPPORTED, "the PNG's compression method is unknown"},
    {SPNG_EFILTER_METHOD, IMGCORE_UNSUPPORTED, "the PNG's filter method is unknown"},
    {SPNG_EINTERLACE_METHOD, IMGCORE_UNSUPPORTED, "the PNG's interlace method is unknown"},
    {SPNG_EIHDR_SIZE, IMGCORE_CORRUPT, "the PNG's header has the wrong length"},
    {SPNG_ENOIHDR, IMGCORE_CORRUPT, "the first chunk is not IHDR"},
    {SPNG_ECHUNK_POS, IMGCORE_CORRUPT, "a PNG chunk is out of place"},
    {SPNG_ECHUNK_SIZE, IMGCORE_CORRUPT, "a PNG chunk has the wrong length"},
    {SPNG_ECHUNK_CRC, IMGCORE_CORRUPT, "the checksum of a PNG chunk is wrong"},
    {SPNG_ECHUNK_UNKNOWN_CRITICAL, IMGCORE_UNSUPPORTED, "the PNG needs an unknown chunk"},
    {SPNG_ENOPLTE, IMGCORE_CORRUPT, "the PNG's palette is missing"},
    {SPNG_EIDAT_TOO_SHORT, IMGCORE_CORRUPT, "the compressed data ends before the picture does"},
    {SPNG_EIDAT_STREAM, IMGCORE_CORRUPT, "the compressed data is damaged"},
    {SPNG_EFILTER, IMGCORE_CORRUPT, "a row has a filter that does not exist"},
};

enum imgcore_status ic_png_explain(const struct ic_png_chunks *chunks, int code,
                                   const char **detail) {
    if (chunks->status != IMGCORE_OK) {
        *detail = chunks->detail;
        return chunks->status;
    }
    if (code == SPNG_EIDAT_STREAM && errno == ENOMEM) {
        code = SPNG_EMEM;
    }
    for (size_t i = 0; i < sizeof(spng_meanings) / sizeof(spng_meanings[0]); i++) {
        if (spng_meanings[i].code == code) {
            *detail = spng_meanings[i].detail;
            return spng_meanings[i].status;
        }
    }
    *detail = spng_strerror(code);
    return IMGCORE_INTERNAL;
}
