/* EXIF: any block gives the orientation and the copyright that a second reader of TIFF gives; what
 * the writer makes of a text is read back as the same text. */
#include "fuzz/support/fuzz.h"
#include "imgcore/base/limits.h"
#include "imgcore/codec/exif.h"

#include <string.h>

/* ---- a second reader, by the TIFF 6.0 specification ----------------------------------------- */

struct block {
    const uint8_t *bytes;
    size_t size_bytes;
};

/* A number of the block; has_ended: past its end, and the number is 0. */
static uint64_t number_at(const struct block *block, uint64_t at, int count_bytes,
                          bool *has_ended) {
    uint64_t value = 0;
    if (at > block->size_bytes || block->size_bytes - at < (uint64_t)count_bytes) {
        *has_ended = true;
        return 0;
    }
    for (int i = 0; i < count_bytes; i++) {
        const int from = block->bytes[0] == 'M' ? i : count_bytes - 1 - i;
        value = value << 8 | block->bytes[at + (uint64_t)from];
    }
    return value;
}

/* Finds where the first entry of the first IFD with this tag begins; 0: there is none. */
static uint64_t find_entry(const struct block *block, uint64_t tag) {
    bool has_ended = block->size_bytes < 8 || (memcmp(block->bytes, "II*\0", 4) != 0 &&
                                               memcmp(block->bytes, "MM\0*", 4) != 0);
    const uint64_t ifd = has_ended ? 0 : number_at(block, 4, 4, &has_ended);
    const uint64_t count = has_ended ? 0 : number_at(block, ifd, 2, &has_ended);
    for (uint64_t i = 0; ifd >= 8 && i < count && i < IC_MAX_EXIF_ENTRIES; i++) {
        const uint64_t entry = ifd + 2 + 12 * i;
        const uint64_t found = number_at(block, entry, 2, &has_ended);
        number_at(block, entry + 11, 1, &has_ended);
        if (has_ended)
            return 0;
        if (found == tag)
            return entry;
    }
    return 0;
}

static int expected_orientation(const struct block *block) {
    static const int sizes[] = {0, 1, 0, 2, 4, 0, 1, 0, 2, 4}; /* of integers, by their type */
    const uint64_t entry = find_entry(block, 0x0112);
    bool has_ended = false;
    if (entry == 0)
        return 1;
    const uint64_t type = number_at(block, entry + 2, 2, &has_ended);
    const uint64_t count = number_at(block, entry + 4, 4, &has_ended);
    const int size = type < sizeof sizes / sizeof sizes[0] ? sizes[type] : 0;
    if (size == 0 || count == 0)
        return 1;
    const bool is_inside = count <= 4 / (unsigned)size;
    const uint64_t at = is_inside ? entry + 8 : number_at(block, entry + 8, 4, &has_ended);
    const uint64_t value = number_at(block, at, size, &has_ended);
    return !has_ended && value >= 1 && value <= 8 ? (int)value : 1;
}

/* The entry's bytes up to a NUL and to the limit, where no character is cut, without control
 * characters; "" where there are none, or blanks alone. */
static void expect_copyright(const struct block *block, char text[IC_MAX_COPYRIGHT_BYTES + 1]) {
    const uint64_t entry = find_entry(block, 0x8298);
    bool has_ended = entry == 0 || number_at(block, entry + 2, 2, &has_ended) != 2;
    const uint64_t count = has_ended ? 0 : number_at(block, entry + 4, 4, &has_ended);
    const uint64_t at = count <= 4 ? entry + 8 : number_at(block, entry + 8, 4, &has_ended);
    size_t size = 0, used = 0;
    number_at(block, at + count, 0, &has_ended);
    while (!has_ended && size < count && number_at(block, at + size, 1, &has_ended) != 0)
        size++;
    if (size > IC_MAX_COPYRIGHT_BYTES) {
        size = IC_MAX_COPYRIGHT_BYTES;
        for (int i = 0; i < 3 && (block->bytes[at + size] & 0xc0) == 0x80; i++)
            size--;
    }
    for (size_t i = 0; !has_ended && i < size; i++) {
        const uint8_t byte = block->bytes[at + i];
        if (byte >= ' ' && byte != 0x7f)
            text[used++] = (char)byte;
    }
    text[used] = '\0';
    if (text[strspn(text, " ")] == '\0')
        text[0] = '\0';
}

/* --------------------------------------------------------------------------------------------- */

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
    const struct block block = {data, size_bytes};
    FUZZ_CHECK(orientation == expected_orientation(&block), "orientation %d instead of %d",
               orientation, expected_orientation(&block));
    char *copyright = ic_exif_copyright(&mem, data, size_bytes);
    char expected[IC_MAX_COPYRIGHT_BYTES + 1];
    expect_copyright(&block, expected);
    FUZZ_CHECK(copyright ? expected[0] && !strcmp(copyright, expected) : !expected[0],
               "\"%s\", not \"%s\"", copyright ? copyright : "(none)", expected);
    if (copyright) {
        check_written(&mem, copyright);
        ic_free(&mem, copyright);
    }
    ic_mem_clear(&mem);
    return 0;
}
