/* EXIF: any block gives an orientation from 1 to 8 and a copyright text within its limit; what the
 * writer makes of a text is read back as the same text. */
#include "fuzz/support/fuzz.h"
#include "imgcore/base/limits.h"
#include "imgcore/codec/exif.h"

#include <string.h>

static void check_written(struct ic_mem *mem, const char *copyright) {
    struct ic_buf written = {.mem = mem};
    FUZZ_CHECK(ic_exif_write_copyright(&written, copyright), "the writer failed");
    FUZZ_CHECK(ic_exif_orientation(written.bytes, written.size_bytes) == 1,
               "an orientation appeared");
    char *read = ic_exif_copyright(mem, written.bytes, written.size_bytes);
    FUZZ_CHECK(read && !strcmp(read, copyright), "\"%s\" became \"%s\"", copyright,
               read ? read : "(none)");
    ic_free(mem, read);
    ic_buf_clear(&written);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes) {
    struct ic_mem mem;
    ic_mem_init(&mem, NULL);
    ic_mem_set_budget(&mem, (size_t)1 << 20);
    const int orientation = ic_exif_orientation(data, size_bytes);
    FUZZ_CHECK(orientation >= 1 && orientation <= 8, "orientation %d", orientation);
    char *copyright = ic_exif_copyright(&mem, data, size_bytes);
    if (copyright) {
        const size_t length_bytes = strlen(copyright);
        FUZZ_CHECK(length_bytes > 0 && length_bytes <= IC_MAX_COPYRIGHT_BYTES,
                   "%zu bytes of copyright", length_bytes);
        for (size_t i = 0; i < length_bytes; i++)
            FUZZ_CHECK((unsigned char)copyright[i] >= ' ' && copyright[i] != 0x7f,
                       "a control character");
        check_written(&mem, copyright);
        ic_free(&mem, copyright);
    }
    ic_mem_clear(&mem);
    return 0;
}
