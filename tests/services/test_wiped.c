/* What stays of a secret in the memory of the process: the value of Secrets Manager stands in the
 * cache of the client, a session token in its credentials, and neither anywhere else, nor anywhere
 * once the client has gone. libcurl and OpenSSL have had both in their buffers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "services/aws/secrets.h"
#include "services/base/wiped_memory.h"
#include "tests/services/aws_support.h"
#include "tests/support/memory_copies.h"

#define REQUEST_BYTES 4096

/* Hidden before the first test, so that it is no copy itself. The end of it is looked for: a freed
 * block's first bytes are overwritten by the heap. */
static char canary[] = "canary-4711-of-a-value-that-is-longer-than-what-the-heap-overwrites";
#define SOUGHT       24
#define SOUGHT_BYTES (sizeof(canary) - 1 - SOUGHT)

static char folder[] = "/tmp/test_wiped_XXXXXX";
static struct aws_fixture plain, tls;

static int count_copies(void) {
    return memory_copies_count(canary + SOUGHT, SOUGHT_BYTES);
}

/* Makes the canary a member of the server's world. */
static void set_world(struct aws_fixture *f, const char *name) {
    char line[REQUEST_BYTES];
    const int size = snprintf(line, sizeof(line), "{\"%s\":\"", name);
    char *end = line + size + sizeof(canary) - 1;
    memcpy(line + size, canary, sizeof(canary) - 1);
    memory_copies_hide(line + size, sizeof(canary) - 1);
    memcpy(end, "\"}", 3);
    aws_set(f, line);
    /* What the connection to the server keeps of it is overwritten. */
    memset(line, ' ', sizeof(line));
    memcpy(line + sizeof(line) - 3, "{}", 3);
    aws_set(f, line);
}

static enum svc_status get_secret(struct aws_fixture *f, struct svc_buf *value) {
    const struct awsc_secret_get get = {.name = "db"};
    struct awsc_error error;
    svc_buf_init(value, AWSC_MAX_SECRET_VALUE_BYTES);
    return awsc_secret_get(f->client, &get, value, &error);
}

static void destroy_client(struct aws_fixture *f) {
    awsc_client_destroy(f->client);
    f->client = NULL;
}

static void test_no_secret_of_a_client_stays_in_memory(void **state) {
    struct aws_fixture *f = *state;
    struct svc_buf value;
    set_world(f, "secret");
    assert_int_equal(count_copies(), 0);
    assert_int_equal(get_secret(f, &value), SVC_OK);
    /* This one and the cache's: a copy is found. */
    assert_int_equal(count_copies(), 2);
    svc_buf_wipe(&value);
    assert_int_equal(count_copies(), 1);
    destroy_client(f);
    assert_int_equal(count_copies(), 0);
}

/* It comes in a response, and is in the head of each request. */
static void test_no_session_token_of_a_client_stays_in_memory(void **state) {
    struct aws_fixture *f = *state;
    struct svc_buf value;
    char url[64];
    snprintf(url, sizeof(url), "%s:%d/credentials",
             f->ca_file[0] != '\0' ? "https://localhost" : "http://127.0.0.1", f->server.port);
    test_environment_set(&f->environment, "AWS_ACCESS_KEY_ID", NULL);
    test_environment_set(&f->environment, "AWS_SECRET_ACCESS_KEY", NULL);
    test_environment_set(&f->environment, "AWS_CONTAINER_CREDENTIALS_FULL_URI", url);
    test_environment_set(&f->environment, "AWS_CONTAINER_AUTHORIZATION_TOKEN",
                         "canary-agent-token");
    aws_new_client(f);
    set_world(f, "token");
    assert_int_equal(count_copies(), 0);
    assert_int_equal(get_secret(f, &value), SVC_OK);
    svc_buf_wipe(&value);
    assert_int_equal(count_copies(), 1);
    destroy_client(f);
    assert_int_equal(count_copies(), 0);
}

static void test_a_block_is_wiped_when_it_is_freed_or_moved(void **state) {
    (void)state;
    char *block = svc_wiped_calloc(2, sizeof(canary));
    assert_non_null(block);
    assert_int_equal((uintptr_t)block % _Alignof(max_align_t), 0);
    assert_true(block[0] == 0 && memcmp(block, block + 1, 2 * sizeof(canary) - 1) == 0);
    memcpy(block, canary, sizeof(canary));
    memory_copies_hide(block, sizeof(canary) - 1);
    char *copy = svc_wiped_strdup(block);
    assert_string_equal(copy, block);
    assert_int_equal(count_copies(), 2);
    svc_wiped_free(copy);
    assert_int_equal(count_copies(), 1);
    block = svc_wiped_realloc(block, 1 << 20);
    assert_non_null(block);
    assert_int_equal(count_copies(), 1);
    assert_null(svc_wiped_realloc(block, SIZE_MAX - 1));
    assert_int_equal(count_copies(), 1);
    block = svc_wiped_realloc(block, SOUGHT);
    assert_non_null(block);
    assert_int_equal(count_copies(), 0);
    svc_wiped_free(block);
    svc_wiped_free(NULL);
    block = svc_wiped_realloc(NULL, 0);
    assert_non_null(block);
    svc_wiped_free(block);
    assert_null(svc_wiped_calloc(SIZE_MAX / 2, 3));
    assert_null(svc_wiped_malloc(SIZE_MAX));
}

static void test_a_buffer_that_grows_leaves_nothing_behind(void **state) {
    (void)state;
    struct svc_buf buf;
    svc_buf_init(&buf, 1 << 20);
    svc_buf_append(&buf, canary, sizeof(canary) - 1);
    memory_copies_hide((char *)buf.bytes, sizeof(canary) - 1);
    assert_int_equal(count_copies(), 1);
    svc_buf_reset(&buf);
    assert_true(svc_buf_reserve(&buf, 1 << 16));
    assert_int_equal(count_copies(), 0);
    svc_buf_clear(&buf);
}

static int start(void) {
    char command[128];
    if (mkdtemp(folder) == NULL) {
        return -1;
    }
    snprintf(command, sizeof(command), "sh " TEST_FILE("make_certificates.sh") " %s", folder);
    return system(command) != 0 || aws_start(&plain) != 0 || aws_start_tls(&tls, folder) != 0;
}

static int stop(void) {
    char command[128];
    aws_stop(&plain);
    aws_stop(&tls);
    snprintf(command, sizeof(command), "rm -r %s", folder);
    return system(command);
}

#define TEST(name, fixture)                                                                        \
    { #name " " #fixture, name, aws_setup, aws_teardown, &(fixture) }

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_block_is_wiped_when_it_is_freed_or_moved),
        cmocka_unit_test(test_a_buffer_that_grows_leaves_nothing_behind),
        TEST(test_no_secret_of_a_client_stays_in_memory, plain),
        TEST(test_no_secret_of_a_client_stays_in_memory, tls),
        TEST(test_no_session_token_of_a_client_stays_in_memory, plain),
        TEST(test_no_session_token_of_a_client_stays_in_memory, tls),
    };
    memory_copies_hide(canary, sizeof(canary) - 1);
    int failed = start() == 0 ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
    return stop() == 0 ? failed : 1;
}
