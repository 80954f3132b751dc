/* Where credentials, regions and endpoints come from. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "services/aws/client.h"
#include "services/aws/credentials.h"
#include "services/aws/endpoint.h"
#include "tests/services/support.h"

static struct test_environment environment;
static struct test_clock test_time;
static struct svc_transport *transport;

static int begin(void **state) {
    (void)state;
    const struct svc_http_options options = {0};
    test_environment_init(&environment);
    test_clock_init(&test_time, 0);
    test_time.real = true;
    return svc_http_create(&options, &transport, NULL) == SVC_OK ? 0 : -1;
}

static int end(void **state) {
    (void)state;
    svc_http_destroy(transport);
    return 0;
}

/* What a new provider finds; `id` and `secret` NULL if it finds none. */
static void finds(const char *id, const char *secret, const char *token) {
    struct awsc_provider *provider;
    const struct awsc_credentials *credentials = NULL;
    struct svc_error error = {0};
    assert_int_equal(
        awsc_provider_create(&environment.environment, &test_time.clock, transport, &provider),
        SVC_OK);
    enum svc_status status =
        awsc_provider_get(provider, svc_deadline_in(&test_time.clock, 1000), &credentials, &error);
    if (id == NULL) {
        assert_int_equal(status, SVC_NO_CREDENTIALS);
        assert_true(error.detail[0] != '\0');
    } else {
        assert_int_equal(status, SVC_OK);
        assert_string_equal(credentials->access_key_id, id);
        assert_string_equal(credentials->secret_access_key, secret);
        assert_string_equal(credentials->session_token, token);
    }
    awsc_provider_destroy(provider);
}

/* A new provider finds none, and says so with these words. */
static void refuses(const char *words) {
    struct awsc_provider *provider;
    const struct awsc_credentials *credentials = NULL;
    struct svc_error error = {0};
    assert_int_equal(
        awsc_provider_create(&environment.environment, &test_time.clock, transport, &provider),
        SVC_OK);
    assert_int_equal(awsc_provider_get(provider, SVC_NO_DEADLINE, &credentials, &error),
                     SVC_NO_CREDENTIALS);
    if (strstr(error.detail, words) == NULL) {
        fail_msg("not \"%s\": %s", words, error.detail);
    }
    awsc_provider_destroy(provider);
}

static void write_file(const char *path, const char *text) {
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void test_the_environment_comes_first(void **state) {
    (void)state;
    finds(NULL, NULL, NULL);
    test_environment_set(&environment, "AWS_ACCESS_KEY_ID", "id");
    finds(NULL, NULL, NULL);
    test_environment_set(&environment, "AWS_SECRET_ACCESS_KEY", "secret");
    finds("id", "secret", "");
    test_environment_set(&environment, "AWS_SESSION_TOKEN", "token");
    finds("id", "secret", "token");
    char large[AWSC_MAX_SECRET_BYTES + 2];
    memset(large, 's', sizeof(large));
    large[AWSC_MAX_SECRET_BYTES + 1] = '\0';
    test_environment_set(&environment, "AWS_SECRET_ACCESS_KEY", large);
    finds(NULL, NULL, NULL);
}

static void test_profiles_are_read_as_the_sdks_do(void **state) {
    (void)state;
    char folder[] = "/tmp/test_settings_XXXXXX";
    char path[64], config[64];
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/credentials", folder);
    snprintf(config, sizeof(config), "%s/config", folder);
    test_environment_set(&environment, "AWS_SHARED_CREDENTIALS_FILE", path);
    test_environment_set(&environment, "AWS_CONFIG_FILE", config);
    finds(NULL, NULL, NULL);
    write_file(path, "# comment\n[other]\naws_access_key_id=other-id\r\n"
                     "aws_secret_access_key = other/secret+=\r\naws_session_token=other-token\r\n"
                     "\n[default]\naws_access_key_id = default-id\n; aws_access_key_id = no\n"
                     "  aws_access_key_id = nested\naws_secret_access_key=default=secret\n"
                     "[default2]\naws_access_key_id=x\n");
    finds("default-id", "default=secret", "");
    test_environment_set(&environment, "AWS_PROFILE", "other");
    finds("other-id", "other/secret+=", "other-token");
    test_environment_set(&environment, "AWS_PROFILE", "absent");
    finds(NULL, NULL, NULL);
    write_file(config, "[absent]\naws_access_key_id=no\naws_secret_access_key=no\n"
                       "[profile absent]\naws_access_key_id=a\naws_secret_access_key=b\n");
    finds("a", "b", "");
    /* The environment goes before. */
    test_environment_set(&environment, "AWS_ACCESS_KEY_ID", "id");
    test_environment_set(&environment, "AWS_SECRET_ACCESS_KEY", "secret");
    finds("id", "secret", "");
    assert_int_equal(unlink(path), 0);
    assert_int_equal(unlink(config), 0);
    assert_int_equal(rmdir(folder), 0);
}

/* As in the environment: without its token a request would be refused by AWS, with no reason. */
static void test_a_part_of_a_profile_that_is_too_long_is_refused(void **state) {
    (void)state;
    static const struct {
        const char *key;
        size_t most_bytes;
    } parts[] = {{"aws_access_key_id", AWSC_MAX_KEY_ID_BYTES},
                 {"aws_secret_access_key", AWSC_MAX_SECRET_BYTES},
                 {"aws_session_token", AWSC_MAX_SESSION_TOKEN_BYTES}};
    static char text[AWSC_MAX_SESSION_TOKEN_BYTES + 200], value[AWSC_MAX_SESSION_TOKEN_BYTES + 2];
    char path[] = "/tmp/test_settings_XXXXXX";
    const int descriptor = mkstemp(path);
    assert_true(descriptor >= 0);
    assert_int_equal(close(descriptor), 0);
    test_environment_set(&environment, "AWS_SHARED_CREDENTIALS_FILE", path);
    char words[80];
    for (size_t i = 0; i < 3; i++) {
        memset(value, 'v', parts[i].most_bytes);
        value[parts[i].most_bytes] = '\0';
        /* The last value of a key counts. */
        snprintf(text, sizeof(text),
                 "[default]\naws_access_key_id=id\naws_secret_access_key=secret\n%s=%s",
                 parts[i].key, value);
        write_file(path, text);
        finds(i == 0 ? value : "id", i == 1 ? value : "secret", i == 2 ? value : "");
        strcat(text, "v");
        write_file(path, text);
        snprintf(words, sizeof(words), "%s of the profile is too long", parts[i].key);
        refuses(words);
    }
    assert_int_equal(unlink(path), 0);
}

/* The agent's address gets our token: only where no one listens in. */
static void test_the_container_is_asked_only_where_it_is_safe(void **state) {
    (void)state;
    static const char *const refused[] = {
        "http://example.com/",
        "http://169.254.169.254/",
        "http://127.0.0.1.example.com/",
        "http://127.0.0.1@example.com/",
        "http://example.com@127.0.0.1/",
        "http://127.0.0.1:80@example.com/",
        "http://localhost.example.com/",
        "http://127.1/",
        "http://127.0.0.256/",
        "http://0x7f.0.0.1/",
        "http://[::2]/",
        "http://",
        "ftp://127.0.0.1/",
        "//127.0.0.1/",
        "http://localhost\\@example.com/",
    };
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        test_environment_set(&environment, "AWS_CONTAINER_CREDENTIALS_FULL_URI", refused[i]);
        refuses("neither https nor");
    }
    static const char *const allowed[] = {"http://127.0.0.1:1/", "http://localhost:1/x",
                                          "http://127.8.9.10:1/", "http://[::1]:1/"};
    for (size_t i = 0; i < sizeof(allowed) / sizeof(allowed[0]); i++) {
        struct awsc_provider *provider;
        const struct awsc_credentials *credentials = NULL;
        test_environment_set(&environment, "AWS_CONTAINER_CREDENTIALS_FULL_URI", allowed[i]);
        assert_int_equal(
            awsc_provider_create(&environment.environment, &test_time.clock, transport, &provider),
            SVC_OK);
        /* No server listens there, but it was tried. */
        assert_int_equal(awsc_provider_get(provider, SVC_NO_DEADLINE, &credentials, NULL),
                         SVC_CONNECT_FAILED);
        awsc_provider_destroy(provider);
    }
}

/* ---------------------------------------------------------------------- endpoints */

static void resolves(enum awsc_service service, const char *region, const char *host,
                     const char *path, bool is_https) {
    struct awsc_endpoint endpoint;
    struct svc_error error = {0};
    enum svc_status status =
        awsc_endpoint_resolve(&environment.environment, service, region, &endpoint, &error);
    if (host == NULL) {
        assert_int_equal(status, SVC_CONFIGURATION);
        return;
    }
    assert_int_equal(status, SVC_OK);
    assert_string_equal(endpoint.host, host);
    assert_string_equal(endpoint.path, path);
    assert_int_equal(endpoint.is_https, is_https);
}

static void test_endpoints_are_aws_s_or_those_set(void **state) {
    (void)state;
    resolves(AWSC_S3, "ap-northeast-2", "s3.ap-northeast-2.amazonaws.com", "", true);
    resolves(AWSC_SES, "us-east-1", "email.us-east-1.amazonaws.com", "", true);
    resolves(AWSC_SQS, "cn-north-1", "sqs.cn-north-1.amazonaws.com.cn", "", true);
    resolves(AWSC_SECRETS_MANAGER, "eu-west-1", "secretsmanager.eu-west-1.amazonaws.com", "", true);
    resolves(AWSC_LAMBDA, "ap-northeast-2", "lambda.ap-northeast-2.amazonaws.com", "", true);
    resolves(AWSC_CODEDEPLOY, "ap-northeast-2", "codedeploy.ap-northeast-2.amazonaws.com", "",
             true);
    test_environment_set(&environment, "AWS_ENDPOINT_URL", "http://127.0.0.1:4566/all/");
    test_environment_set(&environment, "AWS_ENDPOINT_URL_SESV2", "https://mail.example:443");
    resolves(AWSC_S3, "r", "127.0.0.1:4566", "/all", false);
    test_environment_set(&environment, "AWS_ENDPOINT_URL_LAMBDA", "https://lambda.example");
    test_environment_set(&environment, "AWS_ENDPOINT_URL_CODEDEPLOY", "https://deploy.example");
    resolves(AWSC_SES, "r", "mail.example", "", true);
    resolves(AWSC_LAMBDA, "r", "lambda.example", "", true);
    resolves(AWSC_CODEDEPLOY, "r", "deploy.example", "", true);
    test_environment_set(&environment, "AWS_ENDPOINT_URL_S3", "http://[::1]:80");
    resolves(AWSC_S3, "r", "[::1]", "", false);
    test_environment_set(&environment, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true");
    resolves(AWSC_S3, "r-1", "s3.r-1.amazonaws.com", "", true);
    test_environment_set(&environment, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", NULL);
    static const char *const bad[] = {
        "127.0.0.1:80",        "ftp://127.0.0.1",   "http://",         "http://a b",
        "http://host:",        "http://host:99999", "http://host:x",   "http://user@host",
        "http://host/a?b",     "http://host/a#b",   "http://host/a b", "http://[::1",
        "http://[::1]x",       "http://[zz]",       "https:/host",     "http://host:80:80",
        "http://host/%2e%2e/",
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        test_environment_set(&environment, "AWS_ENDPOINT_URL_S3", bad[i]);
        resolves(AWSC_S3, "r", NULL, NULL, false);
    }
}

/* As botocore 1.43's endpoint rules have them. */
static void test_fips_and_dualstack_hosts_are_aws_s(void **state) {
    (void)state;
    static const struct {
        enum awsc_service service;
        const char *region, *dualstack, *fips, *both;
    } cases[] = {
        {AWSC_S3, "ap-northeast-2", "s3.dualstack.ap-northeast-2.amazonaws.com",
         "s3-fips.ap-northeast-2.amazonaws.com", "s3-fips.dualstack.ap-northeast-2.amazonaws.com"},
        {AWSC_SQS, "ap-northeast-2", "sqs.ap-northeast-2.api.aws",
         "sqs-fips.ap-northeast-2.amazonaws.com", "sqs-fips.ap-northeast-2.api.aws"},
        {AWSC_SES, "ap-northeast-2", "email.ap-northeast-2.api.aws",
         "email-fips.ap-northeast-2.amazonaws.com", "email-fips.ap-northeast-2.api.aws"},
        {AWSC_SECRETS_MANAGER, "ap-northeast-2", "secretsmanager.ap-northeast-2.amazonaws.com",
         "secretsmanager-fips.ap-northeast-2.amazonaws.com",
         "secretsmanager-fips.ap-northeast-2.amazonaws.com"},
        {AWSC_DYNAMODB, "ap-northeast-2", "dynamodb.ap-northeast-2.api.aws",
         "dynamodb-fips.ap-northeast-2.amazonaws.com", "dynamodb-fips.ap-northeast-2.api.aws"},
        {AWSC_LAMBDA, "ap-northeast-2", "lambda.ap-northeast-2.api.aws",
         "lambda-fips.ap-northeast-2.amazonaws.com", "lambda-fips.ap-northeast-2.api.aws"},
        {AWSC_CODEDEPLOY, "ap-northeast-2", "codedeploy.ap-northeast-2.api.aws",
         "codedeploy-fips.ap-northeast-2.amazonaws.com", "codedeploy-fips.ap-northeast-2.api.aws"},
        {AWSC_S3, "cn-north-1", "s3.dualstack.cn-north-1.amazonaws.com.cn", NULL, NULL},
        {AWSC_SQS, "cn-north-1", "sqs.cn-north-1.api.amazonwebservices.com.cn", NULL, NULL},
        {AWSC_SES, "eusc-de-east-1", "email.eusc-de-east-1.api.amazonwebservices.eu",
         "email-fips.eusc-de-east-1.amazonaws.eu",
         "email-fips.eusc-de-east-1.api.amazonwebservices.eu"},
        {AWSC_S3, "us-gov-west-1", "s3.dualstack.us-gov-west-1.amazonaws.com",
         "s3-fips.us-gov-west-1.amazonaws.com", "s3-fips.dualstack.us-gov-west-1.amazonaws.com"},
        {AWSC_SQS, "us-gov-west-1", "sqs.us-gov-west-1.api.aws", "sqs.us-gov-west-1.amazonaws.com",
         "sqs-fips.us-gov-west-1.api.aws"},
        {AWSC_DYNAMODB, "us-gov-west-1", "dynamodb.us-gov-west-1.api.aws",
         "dynamodb.us-gov-west-1.amazonaws.com", "dynamodb-fips.us-gov-west-1.api.aws"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        test_environment_set(&environment, "AWS_USE_DUALSTACK_ENDPOINT", "true");
        test_environment_set(&environment, "AWS_USE_FIPS_ENDPOINT", NULL);
        resolves(cases[i].service, cases[i].region, cases[i].dualstack, "", true);
        test_environment_set(&environment, "AWS_USE_FIPS_ENDPOINT", "True");
        resolves(cases[i].service, cases[i].region, cases[i].both, "", true);
        test_environment_set(&environment, "AWS_USE_DUALSTACK_ENDPOINT", "false");
        resolves(cases[i].service, cases[i].region, cases[i].fips, "", true);
    }
    /* What the SDKs refuse is refused, with a sentence that names the setting. */
    struct awsc_endpoint endpoint;
    struct svc_error error;
    test_environment_set(&environment, "AWS_ENDPOINT_URL_S3", "http://127.0.0.1:1");
    assert_int_equal(
        awsc_endpoint_resolve(&environment.environment, AWSC_S3, "eu-west-1", &endpoint, &error),
        SVC_CONFIGURATION);
    assert_string_equal(error.detail,
                        "AWS_ENDPOINT_URL_S3 and AWS_USE_FIPS_ENDPOINT exclude each other");
    test_environment_set(&environment, "AWS_ENDPOINT_URL_S3", NULL);
    test_environment_set(&environment, "AWS_USE_FIPS_ENDPOINT", "1");
    assert_int_equal(
        awsc_endpoint_resolve(&environment.environment, AWSC_S3, "eu-west-1", &endpoint, &error),
        SVC_CONFIGURATION);
    assert_string_equal(error.detail, "AWS_USE_FIPS_ENDPOINT is not true or false");
}

static void test_a_profile_s_region_comes_last(void **state) {
    (void)state;
    char folder[] = "/tmp/test_settings_XXXXXX", path[64];
    char region[AWSC_MAX_REGION_BYTES + 1];
    struct svc_error error;
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/config", folder);
    write_file(path, "[default]\nregion = eu-west-1\n[profile seoul]\nregion=ap-northeast-2\n"
                     "[profile odd]\nregion=a region\n"
                     "[profile long]\nregion=a-region-that-is-much-longer-than-any-region-is\n");
    test_environment_set(&environment, "AWS_CONFIG_FILE", path);
    assert_int_equal(awsc_region(&environment.environment, NULL, region, &error), SVC_OK);
    assert_string_equal(region, "eu-west-1");
    test_environment_set(&environment, "AWS_PROFILE", "seoul");
    assert_int_equal(awsc_region(&environment.environment, NULL, region, &error), SVC_OK);
    assert_string_equal(region, "ap-northeast-2");
    assert_int_equal(awsc_region(&environment.environment, "us-east-1", region, &error), SVC_OK);
    assert_string_equal(region, "us-east-1");
    static const char *const without[] = {"absent", "odd", "long"};
    for (size_t i = 0; i < 3; i++) {
        test_environment_set(&environment, "AWS_PROFILE", without[i]);
        assert_int_equal(awsc_region(&environment.environment, NULL, region, &error),
                         SVC_CONFIGURATION);
        assert_non_null(strstr(error.detail, "profile"));
        assert_string_equal(region, "");
    }
    test_environment_set(&environment, "AWS_DEFAULT_REGION", "eu-north-1");
    assert_int_equal(awsc_region(&environment.environment, NULL, region, &error), SVC_OK);
    assert_string_equal(region, "eu-north-1");
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(folder), 0);
}

/* Whether a client can be made, and if not that the sentence begins so. */
static void makes_a_client(const char *refusal) {
    struct awsc_client *client;
    struct awsc_error error;
    const struct awsc_client_options options = {.environment = &environment.environment,
                                                .transport = transport};
    enum svc_status status = awsc_client_create(&options, &client, &error);
    if (refusal == NULL) {
        assert_int_equal(status, SVC_OK);
    } else {
        assert_int_equal(status, SVC_CONFIGURATION);
        assert_ptr_equal(strstr(error.message, refusal), error.message);
        assert_null(client);
    }
    awsc_client_destroy(client);
}

static void test_retry_settings_are_checked(void **state) {
    (void)state;
    static const char *const good[] = {"1", "5", "100"};
    static const char *const bad[] = {"0", "-1", "101", "three", "3 ", "99999999999999999999"};
    test_environment_set(&environment, "AWS_REGION", "eu-west-1");
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        test_environment_set(&environment, "AWS_MAX_ATTEMPTS", good[i]);
        makes_a_client(NULL);
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        test_environment_set(&environment, "AWS_MAX_ATTEMPTS", bad[i]);
        makes_a_client("AWS_MAX_ATTEMPTS is not a number from 1 to 100");
    }
    test_environment_set(&environment, "AWS_MAX_ATTEMPTS", NULL);
    test_environment_set(&environment, "AWS_RETRY_MODE", "standard");
    makes_a_client(NULL);
    test_environment_set(&environment, "AWS_RETRY_MODE", "adaptive");
    makes_a_client("AWS_RETRY_MODE is not standard");
}

static void test_regions_are_names(void **state) {
    (void)state;
    char region[AWSC_MAX_REGION_BYTES + 1];
    struct svc_error error;
    assert_int_equal(awsc_region(&environment.environment, NULL, region, &error),
                     SVC_CONFIGURATION);
    test_environment_set(&environment, "AWS_DEFAULT_REGION", "eu-west-1");
    assert_int_equal(awsc_region(&environment.environment, NULL, region, &error), SVC_OK);
    assert_string_equal(region, "eu-west-1");
    test_environment_set(&environment, "AWS_REGION", "ap-northeast-2");
    assert_int_equal(awsc_region(&environment.environment, NULL, region, &error), SVC_OK);
    assert_string_equal(region, "ap-northeast-2");
    static const char *const bad[] = {
        "evil.com/", "a b", "A", "-a", "a@b", "a.b", "a-region-that-is-much-longer-than-any"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        test_environment_set(&environment, "AWS_REGION", bad[i]);
        assert_int_equal(awsc_region(&environment.environment, NULL, region, &error),
                         SVC_CONFIGURATION);
    }
}

static void test_objects_have_one_address(void **state) {
    (void)state;
    static const struct {
        const char *override, *bucket, *key, *host, *path;
    } cases[] = {
        {NULL, "bucket", "a/b c", "bucket.s3.eu-west-1.amazonaws.com", "/a/b%20c"},
        {NULL, "bucket", NULL, "bucket.s3.eu-west-1.amazonaws.com", "/"},
        {NULL, "with.dots", "a", "s3.eu-west-1.amazonaws.com", "/with.dots/a"},
        {"http://127.0.0.1:9", "bucket", "/a", "127.0.0.1:9", "/bucket//a"},
        {"http://127.0.0.1:9/x", "bucket", "%2e/../\xed\x95\x9c", "127.0.0.1:9",
         "/x/bucket/%252e/../%ED%95%9C"},
        {"http://127.0.0.1:9/x", "bucket", NULL, "127.0.0.1:9", "/x/bucket"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct awsc_endpoint endpoint;
        struct svc_error error;
        struct svc_buf host, path;
        svc_buf_init(&host, 1000);
        svc_buf_init(&path, 10000);
        test_environment_set(&environment, "AWS_ENDPOINT_URL_S3", cases[i].override);
        assert_int_equal(awsc_endpoint_resolve(&environment.environment, AWSC_S3, "eu-west-1",
                                               &endpoint, &error),
                         SVC_OK);
        assert_int_equal(
            awsc_s3_address(&endpoint, cases[i].bucket, cases[i].key, &host, &path, &error),
            SVC_OK);
        assert_string_equal(svc_buf_text(&host), cases[i].host);
        assert_string_equal(svc_buf_text(&path), cases[i].path);
        svc_buf_clear(&host);
        svc_buf_clear(&path);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_the_environment_comes_first),
        TEST(test_profiles_are_read_as_the_sdks_do),
        TEST(test_a_part_of_a_profile_that_is_too_long_is_refused),
        TEST(test_the_container_is_asked_only_where_it_is_safe),
        TEST(test_endpoints_are_aws_s_or_those_set),
        TEST(test_fips_and_dualstack_hosts_are_aws_s),
        TEST(test_a_profile_s_region_comes_last),
        TEST(test_retry_settings_are_checked),
        TEST(test_regions_are_names),
        TEST(test_objects_have_one_address),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
