/* What stays of a secret in the memory of the process: the value of Secrets Manager stands in the
 * cache of the client, and nowhere once the client has gone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "services/aws/secrets.h"
#include "services/base/crypto.h"
#include "tests/services/aws_support.h"

#define HIDDEN        0x55
#define REQUEST_BYTES 4096
#define MOST_MAPPED   (1ul << 28) /* larger ones are a sanitizer's shadow */

/* Hidden before the first test, so that it is no copy itself. Its second half is looked for: a
 * freed block's first bytes are overwritten by the heap. */
static char canary[] = "canary-4711-of-a-value-that-is-longer-than-what-the-heap-overwrites\"}";
#define SOUGHT       24
#define SOUGHT_BYTES (sizeof(canary) - 1 - SOUGHT)

static struct aws_fixture f;

static int copies_in(const char *bytes, size_t size_bytes) {
    int copies = 0;
    for (size_t i = 0; i + SOUGHT_BYTES <= size_bytes; i++) {
        size_t k = 0;
        while (k < SOUGHT_BYTES && bytes[i + k] == (char)(canary[SOUGHT + k] ^ HIDDEN)) {
            k++;
        }
        copies += k == SOUGHT_BYTES;
    }
    return copies;
}

/* Copies in the memory of this process that can be written. */
static int count_copies(void) {
    static char chunk[1 << 16];
    char line[512];
    int copies = 0;
    FILE *maps = fopen("/proc/self/maps", "r");
    FILE *memory = fopen("/proc/self/mem", "r");
    assert_non_null(maps);
    assert_non_null(memory);
    setvbuf(memory, NULL, _IONBF, 0);
    while (fgets(line, sizeof(line), maps) != NULL) {
        unsigned long from, to;
        char access[8];
        if (sscanf(line, "%lx-%lx %7s", &from, &to, access) != 3 || access[1] != 'w' ||
            to - from > MOST_MAPPED) {
            continue;
        }
        for (unsigned long at = from; at < to; at += sizeof(chunk) - SOUGHT_BYTES) {
            const size_t wanted = to - at < sizeof(chunk) ? to - at : sizeof(chunk);
            if (fseeko(memory, (off_t)at, SEEK_SET) != 0) {
                break;
            }
            const size_t got = fread(chunk, 1, wanted, memory);
            /* The chunk holds what it was read from, and is no copy of its own. */
            const bool is_itself =
                at < (unsigned long)(chunk + sizeof(chunk)) && (unsigned long)chunk < at + wanted;
            copies += is_itself ? 0 : copies_in(chunk, got);
        }
    }
    svc_wipe(chunk, sizeof(chunk));
    fclose(memory);
    fclose(maps);
    return copies;
}

static void set_secret(void) {
    char line[REQUEST_BYTES];
    int size = snprintf(line, sizeof(line), "{\"secret\":\"");
    for (size_t i = 0; i < sizeof(canary) - sizeof("\"}"); i++) {
        line[size++] = (char)(canary[i] ^ HIDDEN);
    }
    memcpy(line + size, "\"}", 3);
    aws_set(&f, line);
    /* What the connection to the server keeps of it is overwritten. */
    memset(line, ' ', sizeof(line));
    memcpy(line + sizeof(line) - 3, "{}", 3);
    aws_set(&f, line);
}

static void test_no_secret_of_a_client_stays_in_memory(void **state) {
    (void)state;
    const struct awsc_secret_get get = {.name = "db"};
    struct awsc_error error;
    struct svc_buf value;
    set_secret();
    assert_int_equal(count_copies(), 0);
    svc_buf_init(&value, AWSC_MAX_SECRET_VALUE_BYTES);
    assert_int_equal(awsc_secret_get(f.client, &get, &value, &error), SVC_OK);
    assert_int_equal(copies_in(svc_buf_text(&value), value.size_bytes), 1);
    /* This one and the cache's: a copy is found. */
    assert_int_equal(count_copies(), 2);
    svc_buf_wipe(&value);
    assert_int_equal(count_copies(), 1);
    awsc_client_destroy(f.client);
    f.client = NULL;
    assert_int_equal(count_copies(), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {AWS_TEST(test_no_secret_of_a_client_stays_in_memory)};
    for (size_t i = 0; i < sizeof(canary) - 1; i++) {
        canary[i] ^= HIDDEN;
    }
    return AWS_RUN(tests);
}
