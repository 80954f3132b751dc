/* What each kind of crafted file costs the whole transform, in a process of its own: time and
 * memory against a limit. `test_hostile_costs --table` prints what was measured (make
 * hostile-table). */
#include "png_support.h"

#include <stdio.h>

#include "imgcore/imgcore.h"
#include "tests/support/child_cost.h"
#include "tests/support/pictures.h"
#include "tests/support/sanitized.h"
#include "tests/support/slowly.h"

/* The address space that a claim of any size has to do with. */
#define ADDRESS_SPACE_BYTES ((size_t)256 << 20)
#define CLAIM_MS            50
#define CLAIM_KIB           (100L * 1024)
#define DATA_MS             1000
#define DATA_KIB            (64L * 1024)
static bool prints_table;

static enum imgcore_status transform(const void *user) {
    const struct bytes *file = user;
    const struct imgcore_source source = {.bytes = file->data, .size_bytes = file->size};
    struct imgcore_context *context = NULL;
    struct imgcore_output output;
    imgcore_output_default(&output);
    output.width_px = output.height_px = 800;
    const enum imgcore_status status = imgcore_context_create(NULL, &context);
    return status ? status : imgcore_transform(context, &source, NULL, &output, 1, NULL);
}

static struct child_cost cost_of(const struct bytes *file) {
    return child_cost_of(transform, file, CHILD_CPU_TIME, IS_SANITIZED ? 0 : ADDRESS_SPACE_BYTES);
}

static bool is_too_long(const struct child_cost *cost, long most_ms) {
    return !test_is_slow() && cost->time_ms > most_ms;
}

/* Checks and frees the file. What takes too long is measured again: on a loaded machine processor
 * time grows as well. */
static void check(const char *kind, struct bytes *file, enum imgcore_status status, long most_ms,
                  long most_kib) {
    struct child_cost cost = cost_of(file);
    for (int again = 0; again < 3 && is_too_long(&cost, most_ms); again++) {
        cost = cost_of(file);
    }
    if (prints_table) {
        printf("| %s | %zu | %s | %ld of %ld | %ld of %ld |\n", kind, file->size,
               imgcore_status_name(cost.status), cost.time_ms, most_ms, cost.growth_kib, most_kib);
    }
    if (cost.status != status) {
        fail_msg("%s: %s", kind, imgcore_status_name(cost.status));
    }
    if (!IS_SANITIZED && (is_too_long(&cost, most_ms) || cost.growth_kib > most_kib)) {
        fail_msg("%s: %ld ms, %ld KiB", kind, cost.time_ms, cost.growth_kib);
    }
    bytes_clear(file);
    *file = (struct bytes){0};
}

/* ---- JPEG ----------------------------------------------------------------------------------- */

static void put_jpeg(struct bytes *file, const struct jpeg_spec *spec) {
    size_t size;
    uint8_t *made = jpeg_make(spec, &size);
    put(file, made, size);
    free(made);
}

/* Sets the sides that the frame header claims. */
static void claim(struct bytes *file, unsigned width, unsigned height) {
    for (size_t i = 0; i + 9 < file->size; i++) {
        if (file->data[i] == 0xff && (file->data[i + 1] == 0xc0 || file->data[i + 1] == 0xc2)) {
            ic_put_u32be(file->data + i + 5, (uint32_t)(height << 16 | width));
            return;
        }
    }
    fail_msg("no frame");
}

static void put_segments(struct bytes *file, uint8_t marker, const void *data, size_t size,
                         int count) {
    const uint8_t head[4] = {0xff, marker, (uint8_t)((size + 2) >> 8), (uint8_t)(size + 2)};
    struct bytes rest = {0};
    put(&rest, file->data + 2, file->size - 2);
    file->size = 2;
    for (int i = 0; i < count; i++) {
        put(file, head, sizeof(head));
        put(file, data, size);
    }
    put(file, rest.data, rest.size);
    bytes_clear(&rest);
}

/* A quantisation table of ones, a frame of 65500x65500, a scan of zeros: 156 bytes. */
static void put_tiny_jpeg(struct bytes *file) {
    uint8_t ones[64], zeros[60] = {0};
    memset(ones, 1, sizeof(ones));
    put(file, "\xff\xd8\xff\xdb\0\x43\0", 7);
    put(file, ones, sizeof(ones));
    put(file, "\xff\xc0\0\x0b\x08\xff\xdc\xff\xdc\x01\x01\x11\0", 13);
    put(file, "\xff\xda\0\x08\x01\x01\0\0\x3f\0", 10);
    put(file, zeros, sizeof(zeros));
    put(file, "\xff\xd9", 2);
    assert_int_equal(file->size, 156);
}

/* Repeats the last scan of a progressive picture. */
static void repeat_scan(struct bytes *file, int count) {
    size_t from = file->size - 2;
    while (!(file->data[from] == 0xff && file->data[from + 1] == 0xda)) {
        from--;
    }
    struct bytes scan = {0};
    put(&scan, file->data + from, file->size - 2 - from);
    file->size -= 2;
    for (int i = 0; i < count; i++) {
        put(file, scan.data, scan.size);
    }
    put(file, "\xff\xd9", 2);
    bytes_clear(&scan);
}

static const struct jpeg_spec baseline = {.width = 64, .height = 48, .channels = 3};
static const struct jpeg_spec progressive = {
    .width = 64, .height = 48, .channels = 3, .progressive = true};

/* ---- PNG ------------------------------------------------------------------------------------ */

static const uint8_t rows[] = {0, 1, 2, 3, 0, 4, 5, 6};

static void begin(struct bytes *file) {
    put_signature(file);
    put_ihdr(file, 3, 2, 8, PNG_COLOR_TYPE_GRAY, 0);
}

static void end(struct bytes *file) {
    put_idat(file, rows, sizeof(rows));
    put_iend(file);
}

static void put_bombs(struct bytes *file, const char *type, const void *head, size_t size,
                      int megabytes, int count) {
    struct bytes chunk = {0};
    put(&chunk, head, size);
    put_bomb(&chunk, 'a', megabytes);
    for (int i = 0; i < count; i++) {
        put_chunk(file, type, chunk.data, chunk.size);
    }
    bytes_clear(&chunk);
}

static void put_flood(struct bytes *file, const char *type, const void *data, size_t size,
                      int count) {
    for (int i = 0; i < count; i++) {
        put_chunk(file, type, data, size);
    }
}

/* ---- the kinds ------------------------------------------------------------------------------ */

static void claims_are_refused_at_once(void **state) {
    (void)state;
    struct bytes file = {0};
    put_tiny_jpeg(&file);
    check("JPEG of 156 bytes, 65500x65500", &file, IMGCORE_TOO_LARGE, CLAIM_MS, CLAIM_KIB);
    put_jpeg(&file, &progressive);
    claim(&file, 16000, 16000);
    check("progressive JPEG, 16000x16000", &file, IMGCORE_BUDGET, CLAIM_MS, CLAIM_KIB);
    static const struct {
        const char *kind;
        uint32_t width, height;
        int depth, color_type, interlaced;
        enum imgcore_status status;
    } claims[] = {
        {"PNG, 2^31-1 wide", 0x7fffffff, 1, 16, 6, 0, IMGCORE_TOO_LARGE},
        {"PNG, 2^31 wide", 0x80000000u, 1, 8, 2, 0, IMGCORE_CORRUPT},
        {"PNG, 2^32-1 wide and high", 0xffffffffu, 0xffffffffu, 8, 6, 0, IMGCORE_CORRUPT},
        {"PNG, sides whose product wraps", 0x40000000u, 4, 8, 6, 0, IMGCORE_TOO_LARGE},
        {"PNG, 16383x16383, 16 bits", 16383, 16383, 16, 6, 0, IMGCORE_CORRUPT},
        {"the same, interlaced", 16383, 16383, 16, 6, 1, IMGCORE_BUDGET},
    };
    for (size_t i = 0; i < sizeof(claims) / sizeof(claims[0]); i++) {
        put_signature(&file);
        put_ihdr(&file, claims[i].width, claims[i].height, claims[i].depth, claims[i].color_type,
                 claims[i].interlaced);
        put_idat(&file, rows, sizeof(rows));
        check(claims[i].kind, &file, claims[i].status, CLAIM_MS, CLAIM_KIB);
    }
    begin(&file);
    put(&file, "\x7f\xff\xff\xfftEXtabc", 11);
    check("PNG, a chunk of 2^31-1 bytes", &file, IMGCORE_TRUNCATED, CLAIM_MS, CLAIM_KIB);
}

static void floods_cost_little(void **state) {
    (void)state;
    static const uint8_t splt[] = {'n', 0, 8, 1, 2, 3, 4, 0, 1};
    struct bytes file = {0};
    put_jpeg(&file, &progressive);
    repeat_scan(&file, 1000);
    check("JPEG, 1,000 scans", &file, IMGCORE_TOO_LARGE, DATA_MS, DATA_KIB);
    put_jpeg(&file, &progressive);
    repeat_scan(&file, 10000);
    check("JPEG, 10,000 scans", &file, IMGCORE_TOO_LARGE, DATA_MS, DATA_KIB);
    put_jpeg(&file, &baseline);
    put_segments(&file, 0xfe, "", 0, 2000000);
    check("JPEG, 2,000,000 comments", &file, IMGCORE_OK, DATA_MS, DATA_KIB);
    put_jpeg(&file, &baseline);
    put_segments(&file, 0xe1, "Exif\0\0II*\0\x08\0\0\0", 14, 200000);
    check("JPEG, 200,000 EXIF blocks", &file, IMGCORE_OK, DATA_MS, DATA_KIB);
    begin(&file);
    put_flood(&file, "IDAT", "", 0, 300000);
    end(&file);
    check("PNG, 300,000 empty IDATs", &file, IMGCORE_OK, DATA_MS, DATA_KIB);
    begin(&file);
    put_flood(&file, "tEXt", "Title\0text", 10, 200000);
    end(&file);
    check("PNG, 200,000 texts", &file, IMGCORE_OK, DATA_MS, DATA_KIB);
    begin(&file);
    put_flood(&file, "sPLT", splt, sizeof(splt), 50000);
    end(&file);
    check("PNG, 50,000 palettes", &file, IMGCORE_OK, DATA_MS, DATA_KIB);
}

static void expanding_data_costs_little(void **state) {
    (void)state;
    struct bytes file = {0}, packed = {0};
    begin(&file);
    put_bombs(&file, "iCCP", "icc\0", 5, 1024, 1);
    end(&file);
    check("PNG, iCCP of 1 GB", &file, IMGCORE_TOO_LARGE, DATA_MS, DATA_KIB);
    begin(&file);
    put_bombs(&file, "zTXt", "Comment\0", 9, 1024, 1);
    end(&file);
    check("PNG, zTXt of 1 GB", &file, IMGCORE_OK, DATA_MS, DATA_KIB);
    begin(&file);
    put_bombs(&file, "iTXt", "Comment\0\1\0\0", 12, 1024, 1);
    end(&file);
    check("PNG, iTXt of 1 GB", &file, IMGCORE_OK, DATA_MS, DATA_KIB);
    begin(&file);
    put_bombs(&file, "zTXt", "Comment\0", 9, 64, 50);
    end(&file);
    check("PNG, 50 zTXt of 64 MB", &file, IMGCORE_OK, DATA_MS, DATA_KIB);
    put_bomb(&packed, 0, 1024);
    put_signature(&file);
    put_ihdr(&file, 100, 100, 8, PNG_COLOR_TYPE_RGB, 0);
    put_chunk(&file, "IDAT", packed.data, packed.size);
    put_iend(&file);
    bytes_clear(&packed);
    check("PNG, pixel data of 1 GB too much", &file, IMGCORE_OK, DATA_MS, DATA_KIB);
}

static void profiles_cost_little(void **state) {
    (void)state;
    struct bytes file = {0};
    uint8_t *icc = calloc(1, (size_t)8 << 20);
    assert_non_null(icc);
    struct jpeg_spec spec = baseline;
    memcpy(icc, "broken", 6);
    spec.icc = icc;
    spec.icc_bytes = 200;
    put_jpeg(&file, &spec);
    check("JPEG, a broken profile", &file, IMGCORE_OK, DATA_MS, DATA_KIB);
    spec.icc_bytes = (size_t)8 << 20;
    put_jpeg(&file, &spec);
    check("JPEG, a profile of 8 MiB", &file, IMGCORE_TOO_LARGE, DATA_MS, DATA_KIB);
    free(icc);
    const struct jpeg_spec cmyk = {.width = 64, .height = 48, .channels = 4};
    put_jpeg(&file, &cmyk);
    check("JPEG, CMYK", &file, IMGCORE_OK, DATA_MS, DATA_KIB);
    const struct jpeg_spec ycck = {.width = 64, .height = 48, .channels = 4, .ycck = true};
    put_jpeg(&file, &ycck);
    check("JPEG, YCCK", &file, IMGCORE_OK, DATA_MS, DATA_KIB);
}

/* An IFD whose next one is itself, with an entry that claims 2^32-1 values. */
static void exif_costs_little(void **state) {
    (void)state;
    static const uint8_t loop[] = "Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\xff\xff\xff\xff"
                                  "\x08\0\0\0\x08\0\0\0";
    struct bytes file = {0};
    put_jpeg(&file, &baseline);
    put_segments(&file, 0xe1, loop, sizeof(loop) - 1, 1);
    check("JPEG, EXIF that names itself", &file, IMGCORE_OK, CLAIM_MS, CLAIM_KIB);
}

/* The cost of the worst of all cuts. */
static void cuts_cost_little(void **state) {
    (void)state;
    for (int png = 0; png < 2; png++) {
        struct bytes file = {0};
        if (png) {
            const struct png_spec spec = {.width = 20, .height = 15, .channels = 3};
            size_t size;
            uint8_t *made = png_make(&spec, &size);
            put(&file, made, size);
            free(made);
        } else {
            put_jpeg(&file, &progressive);
        }
        struct child_cost worst = {.status = IMGCORE_TRUNCATED};
        const size_t step = IS_SANITIZED ? 97 : 11;
        for (size_t cut = png ? 0 : 1; cut < file.size; cut += step) {
            const struct bytes part = {.data = file.data, .size = cut};
            const struct child_cost cost = cost_of(&part);
            assert_int_equal(imgcore_status_group(cost.status), IMGCORE_GROUP_INPUT);
            worst.time_ms = cost.time_ms > worst.time_ms ? cost.time_ms : worst.time_ms;
            worst.growth_kib =
                cost.growth_kib > worst.growth_kib ? cost.growth_kib : worst.growth_kib;
        }
        if (prints_table) {
            printf("| %s, cut (the worst) | %zu | refused | %ld of %d | %ld of %ld |\n",
                   png ? "PNG" : "JPEG", file.size, worst.time_ms, CLAIM_MS, worst.growth_kib,
                   CLAIM_KIB);
        }
        if (!IS_SANITIZED) {
            assert_true(!is_too_long(&worst, CLAIM_MS) && worst.growth_kib <= CLAIM_KIB);
        }
        bytes_clear(&file);
    }
}

int main(int argc, char **argv) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(claims_are_refused_at_once),  cmocka_unit_test(floods_cost_little),
        cmocka_unit_test(expanding_data_costs_little), cmocka_unit_test(profiles_cost_little),
        cmocka_unit_test(exif_costs_little),           cmocka_unit_test(cuts_cost_little),
    };
    prints_table = argc > 1 && strcmp(argv[1], "--table") == 0;
    if (prints_table) {
        puts("| kind | bytes | status | CPU ms | KiB |\n|---|---:|---|---:|---:|");
        fflush(stdout);
    }
    return cmocka_run_group_tests_name("hostile costs", tests, NULL, NULL);
}
