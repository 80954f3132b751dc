/* What goes to AWS: messages of SQS and values of DynamoDB are refused or written so that a reader
 * gets the same back; the MD5s of messages are OpenSSL's; numbers are those of the grammar;
 * regions, endpoints and addresses of S3 are one host and one path. */
#include <arpa/inet.h>
#include <openssl/evp.h>
#include <string.h>

#include "fuzz/support/fuzz.h"
#include "services/aws/dynamodb_value.h"
#include "services/aws/endpoint.h"
#include "services/aws/number.h"
#include "services/aws/sqs_message.h"
#include "services/base/crypto.h"
#include "services/base/text.h"

/* [-]digits[.digits][e[+-]digits], at most 38 digits after leading zeros, three of the exponent. */
static bool is_number(const char *text) {
    size_t significant = 0;
    bool has_begun = false;
    text += *text == '-';
    const size_t whole = strspn(text, "0123456789");
    const char *rest = text + whole;
    const size_t fraction = *rest == '.' ? strspn(rest + 1, "0123456789") : 0;
    if (whole == 0 || (*rest == '.' && fraction == 0))
        return false;
    rest += *rest == '.' ? fraction + 1 : 0;
    for (const char *c = text; c < rest; c++) {
        has_begun = has_begun || (*c >= '1' && *c <= '9');
        significant += has_begun && *c != '.';
    }
    if (*rest == 'e' || *rest == 'E') {
        rest++;
        rest += *rest == '+' || *rest == '-';
        const size_t digits = strspn(rest, "0123456789");
        if (digits == 0 || digits > 3)
            return false;
        rest += digits;
    }
    return *rest == '\0' && significant <= 38;
}

/* The characters that SQS documents: #x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | ... */
static bool is_sqs_text(const char *text) {
    if (!svc_utf8_valid((const uint8_t *)text, strlen(text)) || strstr(text, "\xef\xbf\xbe") ||
        strstr(text, "\xef\xbf\xbf"))
        return false;
    for (; *text; text++) {
        if ((unsigned char)*text < 0x20 && !strchr("\t\n\r", *text))
            return false;
    }
    return true;
}

static struct svc_json *read_back(struct svc_json_writer *writer, struct svc_buf *out) {
    struct svc_json *document = NULL;
    svc_json_end_object(writer);
    FUZZ_CHECK(svc_json_writer_status(writer) == SVC_OK &&
                   svc_json_parse(out->bytes, out->size_bytes, 0, &document, NULL) == SVC_OK,
               "what is sent is no document");
    return document;
}

static void begin(struct svc_json_writer *writer, struct svc_buf *out) {
    svc_buf_init(out, (size_t)1 << 20);
    svc_json_writer_init(writer, out);
    svc_json_begin_object(writer);
}

static void check_text(const struct svc_json *object, const char *name, const char *expected) {
    const char *text = svc_json_get_text(object, name);
    FUZZ_CHECK(text && !strcmp(text, expected), "%s is \"%s\"", name, text ? text : "(none)");
}

/* ---------------------------------------------------------------------- SQS */

static void check_message(const char *body, const char *name, const char *value, size_t value_bytes,
                          enum awsc_sqs_type type) {
    const struct awsc_sqs_attribute attributes[] = {{name, type, value, value_bytes},
                                                    {"other", AWSC_SQS_STRING, "x", 1}};
    const struct awsc_sqs_message message = {
        .body = body, .attributes = attributes, .attribute_count = 2, .group_id = "g"};
    struct awsc_error error = {0};
    const enum svc_status status = awsc_sqs_check(&message, &error);
    FUZZ_CHECK(status == error.status &&
                   (status == SVC_OK || status == SVC_INVALID_ARGUMENT || status == SVC_MALFORMED),
               "%s", svc_status_name(status));
    const bool is_value = type == AWSC_SQS_NUMBER   ? is_number(value)
                          : type == AWSC_SQS_STRING ? value[0] && is_sqs_text(value)
                                                    : value_bytes > 0;
    const bool is_name = name[0] && strlen(name) <= 256 && strcmp(name, "other") &&
                         strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                      "0123456789_-.") == strlen(name) &&
                         name[0] != '.' && name[strlen(name) - 1] != '.' && !strstr(name, "..") &&
                         strncasecmp(name, "aws.", 4) != 0 && strncasecmp(name, "amazon.", 7) != 0;
    FUZZ_CHECK((status == SVC_OK) == (body[0] && is_sqs_text(body) && is_name && is_value),
               "\"%s\": %s", name, svc_status_name(status));
    if (status != SVC_OK)
        return;
    struct svc_buf out, base64;
    struct svc_json_writer writer;
    begin(&writer, &out);
    awsc_sqs_write_message(&writer, &message);
    struct svc_json *document = read_back(&writer, &out);
    check_text(document, "MessageBody", body);
    check_text(document, "MessageGroupId", "g");
    const struct svc_json *sent = svc_json_get(svc_json_get(document, "MessageAttributes"), name);
    svc_buf_init(&base64, (size_t)1 << 20);
    if (type == AWSC_SQS_BINARY) {
        svc_base64((const uint8_t *)value, value_bytes, &base64);
        check_text(sent, "BinaryValue", svc_buf_text(&base64));
    } else {
        check_text(sent, "StringValue", value);
    }
    svc_buf_clear(&base64);
    svc_json_free(document);
    svc_buf_clear(&out);
}

static bool is_id(const char *id) {
    for (const char *at = id; *at; at++)
        if (*at <= ' ' || *at > '~')
            return false;
    return *id && strlen(id) <= 128;
}

/* Ids, delay, number of attributes, size: refused or written. */
static void check_limits(const char *id, const char *other_id, uint8_t choice, bool may_be_large) {
    static const int delays[] = {0, 1, 900, 901, -1};
    static char large[AWSC_MAX_SQS_BYTES + 2];
    struct awsc_sqs_attribute attributes[AWSC_MAX_SQS_ATTRIBUTES + 1];
    char names[AWSC_MAX_SQS_ATTRIBUTES + 1][8];
    const size_t count = choice & 1 ? AWSC_MAX_SQS_ATTRIBUTES + (choice >> 1 & 1) : 0;
    const size_t large_bytes = AWSC_MAX_SQS_BYTES - (choice >> 2 & 1) + (choice >> 3 & 1);
    const bool is_large = may_be_large && (choice & 0xf3) == 0x80;
    size_t size = 1;
    for (size_t i = 0; i < count; i++) {
        snprintf(names[i], sizeof(names[i]), "name%zu", i);
        attributes[i] = (struct awsc_sqs_attribute){names[i], AWSC_SQS_NUMBER, "1", 1};
        size += strlen(names[i]) + sizeof("Number");
    }
    if (is_large) {
        memset(large, 'x', large_bytes);
        large[large_bytes] = '\0';
        size = large_bytes;
    }
    const struct awsc_sqs_message message = {.body = is_large ? large : "b",
                                             .delay_s = delays[choice / 3 % 5],
                                             .group_id = choice & 32 ? id : NULL,
                                             .deduplication_id = choice & 64 ? other_id : NULL,
                                             .attributes = attributes,
                                             .attribute_count = count};
    const bool is_range = message.delay_s >= 0 && message.delay_s <= 900 &&
                          (!message.group_id || is_id(id)) &&
                          (!message.deduplication_id || is_id(other_id)) && count <= 10;
    const enum svc_status expected = !is_range                   ? SVC_INVALID_ARGUMENT
                                     : size > AWSC_MAX_SQS_BYTES ? SVC_TOO_LARGE
                                                                 : SVC_OK;
    const enum svc_status status = awsc_sqs_check(&message, NULL);
    FUZZ_CHECK(status == expected && (!is_range || awsc_sqs_size(&message) == size), "%s, not %s",
               svc_status_name(status), svc_status_name(expected));
    if (status != SVC_OK || is_large)
        return;
    struct svc_buf out;
    struct svc_json_writer writer;
    int64_t delay_s = 0;
    begin(&writer, &out);
    awsc_sqs_write_message(&writer, &message);
    struct svc_json *document = read_back(&writer, &out);
    FUZZ_CHECK(svc_json_get_int(document, "DelaySeconds", &delay_s) == (message.delay_s > 0) &&
                   delay_s == message.delay_s,
               "a delay of %lld", (long long)delay_s);
    if (message.group_id)
        check_text(document, "MessageGroupId", id);
    if (message.deduplication_id)
        check_text(document, "MessageDeduplicationId", other_id);
    FUZZ_CHECK((svc_json_get(document, "MessageGroupId") != NULL) == (message.group_id != NULL) &&
                   svc_json_count(svc_json_get(document, "MessageAttributes")) == count,
               "other members");
    svc_json_free(document);
    svc_buf_clear(&out);
}

static int by_name(const void *one, const void *other) {
    return strcmp(((const struct awsc_sqs_attribute *)one)->name,
                  ((const struct awsc_sqs_attribute *)other)->name);
}

static void add_counted(EVP_MD_CTX *md5, const char *bytes, size_t size_bytes) {
    const uint32_t count = htonl((uint32_t)size_bytes);
    EVP_DigestUpdate(md5, &count, sizeof(count));
    EVP_DigestUpdate(md5, bytes, size_bytes);
}

static void finish_md5(EVP_MD_CTX *md5, char hex[33]) {
    uint8_t bytes[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    FUZZ_CHECK(EVP_DigestFinal_ex(md5, bytes, &size) == 1 && size == 16, "no MD5");
    for (size_t i = 0; i < size; i++)
        snprintf(hex + 2 * i, 3, "%02x", bytes[i]);
    EVP_MD_CTX_free(md5);
}

static EVP_MD_CTX *begin_md5(void) {
    EVP_MD_CTX *md5 = EVP_MD_CTX_new();
    FUZZ_CHECK(md5 && EVP_DigestInit_ex(md5, EVP_md5(), NULL) == 1, "no MD5");
    return md5;
}

/* The MD5s that SQS returns, as its documentation has them: all are there and one is altered, or
 * some are not there. */
static void check_md5(const char *body, const char *name, const char *value, size_t value_bytes,
                      uint8_t choice) {
    struct awsc_sqs_attribute attributes[] = {{name, (enum awsc_sqs_type)(choice % 3), value,
                                               choice % 3 == AWSC_SQS_BINARY ? value_bytes : 0},
                                              {"kind", AWSC_SQS_STRING, "a", 0},
                                              {"Sum", AWSC_SQS_NUMBER, "-1.5", 0}};
    const size_t count = choice >> 2 & 3;
    if (strcmp(name, "kind") == 0 || strcmp(name, "Sum") == 0)
        return;
    const struct awsc_sqs_message message = {
        .body = body, .attributes = attributes, .attribute_count = count};
    struct awsc_sqs_attribute sorted[3];
    char of_body[33], of_attributes[33];
    struct svc_buf out;
    struct svc_json_writer writer;
    EVP_MD_CTX *md5 = begin_md5();
    EVP_DigestUpdate(md5, body, strlen(body));
    finish_md5(md5, of_body);
    md5 = begin_md5();
    memcpy(sorted, attributes, sizeof(sorted));
    qsort(sorted, count, sizeof(sorted[0]), by_name);
    for (size_t i = 0; i < count; i++) {
        const bool is_binary = sorted[i].type == AWSC_SQS_BINARY;
        const char *type = is_binary                           ? "Binary"
                           : sorted[i].type == AWSC_SQS_NUMBER ? "Number"
                                                               : "String";
        add_counted(md5, sorted[i].name, strlen(sorted[i].name));
        add_counted(md5, type, strlen(type));
        EVP_DigestUpdate(md5, is_binary ? "\2" : "\1", 1);
        add_counted(md5, sorted[i].value,
                    is_binary ? sorted[i].value_bytes : strlen(sorted[i].value));
    }
    finish_md5(md5, of_attributes);
    const bool has_body = choice & 16, has_attributes = choice & 32;
    const bool is_altered = choice & 64, is_of_body = choice & 128;
    char *altered = is_of_body ? of_body : of_attributes;
    if (is_altered)
        altered[value_bytes % 32] = altered[value_bytes % 32] == '0' ? '1' : '0';
    begin(&writer, &out);
    if (has_body)
        svc_json_add_text(&writer, "MD5OfMessageBody", of_body);
    if (has_attributes)
        svc_json_add_text(&writer, "MD5OfMessageAttributes", of_attributes);
    struct svc_json *reply = read_back(&writer, &out);
    const bool is_other = is_altered && (is_of_body ? has_body : has_attributes && count > 0);
    FUZZ_CHECK(awsc_sqs_md5_fits(reply, &message) == !is_other, "%s, %s", of_body, of_attributes);
    svc_json_free(reply);
    svc_buf_clear(&out);
}

/* ---------------------------------------------------------------------- DynamoDB */

static void check_values(const char *name, const char *text, size_t text_bytes, int64_t integer) {
    const struct awsc_dynamodb_attribute attributes[] = {
        {name, awsc_dynamodb_string(text)},
        {"n", awsc_dynamodb_number(is_number(text) ? text : "0")},
        {"i", awsc_dynamodb_int(integer)},
        {"b", awsc_dynamodb_binary(text, text_bytes)},
        {"t", awsc_dynamodb_bool(integer & 1)}};
    const size_t count = sizeof(attributes) / sizeof(attributes[0]);
    const bool is_name = name[0] && strlen(name) <= 255 &&
                         svc_utf8_valid((const uint8_t *)name, strlen(name)) &&
                         (name[1] || !strchr("nibt", name[0]));
    const bool is_text = svc_utf8_valid((const uint8_t *)text, strlen(text));
    const enum svc_status status = awsc_dynamodb_check(attributes, count, "attribute", NULL);
    FUZZ_CHECK((status == SVC_OK) == (is_name && is_text), "\"%s\": %s", name,
               svc_status_name(status));
    if (status != SVC_OK)
        return;
    struct svc_buf out, binary;
    struct svc_json_writer writer;
    struct awsc_dynamodb_item item = {0};
    int64_t back = 0;
    bool is_true = false;
    begin(&writer, &out);
    awsc_dynamodb_write(&writer, "Item", attributes, count);
    item.document = read_back(&writer, &out);
    item.attributes = svc_json_get(item.document, "Item");
    svc_buf_init(&binary, (size_t)1 << 20);
    FUZZ_CHECK(!strcmp(awsc_dynamodb_get_string(&item, name), text), "another text");
    FUZZ_CHECK(!strcmp(awsc_dynamodb_get_number(&item, "n"), is_number(text) ? text : "0"),
               "another number");
    FUZZ_CHECK(awsc_dynamodb_get_int(&item, "i", &back) && back == integer, "%lld became %lld",
               (long long)integer, (long long)back);
    FUZZ_CHECK(awsc_dynamodb_get_bool(&item, "t", &is_true) && is_true == (integer & 1), "truth");
    FUZZ_CHECK(awsc_dynamodb_get_binary(&item, "b", &binary) == SVC_OK &&
                   binary.size_bytes == text_bytes &&
                   !memcmp(svc_buf_text(&binary), text, text_bytes),
               "other bytes");
    svc_buf_clear(&binary);
    svc_buf_clear(&out);
    awsc_dynamodb_item_clear(&item);
}

/* ---------------------------------------------------------------------- endpoints */

/* Settings as lines "NAME=value". */
static const char *get_setting(void *user, const char *name) {
    const char *at = user;
    const size_t name_bytes = strlen(name);
    static char value[600];
    while (*at) {
        if (!strncmp(at, name, name_bytes) && at[name_bytes] == '=') {
            snprintf(value, sizeof(value), "%.*s", (int)strcspn(at + name_bytes + 1, "\n"),
                     at + name_bytes + 1);
            return value;
        }
        at += strcspn(at, "\n");
        at += *at == '\n';
    }
    return NULL;
}

static void check_address(const struct awsc_endpoint *endpoint, const char *bucket,
                          const char *key) {
    struct svc_buf host, path, decoded;
    svc_buf_init(&host, 2048);
    svc_buf_init(&path, 8192);
    svc_buf_init(&decoded, 8192);
    const enum svc_status status = awsc_s3_address(endpoint, bucket, key, &host, &path, NULL);
    if (status == SVC_OK) {
        const bool is_virtual = !endpoint->is_overridden && !strchr(bucket, '.');
        const char *text = svc_buf_text(&path);
        const size_t front_bytes = is_virtual ? 1 : strlen(endpoint->path) + strlen(bucket) + 2;
        FUZZ_CHECK(text[0] == '/' && front_bytes <= path.size_bytes && !strpbrk(text, " ?#\r\n\\"),
                   "the path %s", text);
        FUZZ_CHECK(svc_percent_decode(text + front_bytes, path.size_bytes - front_bytes, false,
                                      &decoded) == SVC_OK &&
                       !strcmp(svc_buf_text(&decoded), key) && decoded.size_bytes == strlen(key),
                   "%s became %s", key, text);
        FUZZ_CHECK(svc_ends_with(svc_buf_text(&host), endpoint->host) &&
                       host.size_bytes ==
                           strlen(endpoint->host) + (is_virtual ? strlen(bucket) + 1 : 0),
                   "the host %s", svc_buf_text(&host));
    } else {
        FUZZ_CHECK(status == SVC_INVALID_ARGUMENT, "%s", svc_status_name(status));
        FUZZ_CHECK(strspn(bucket, "abcdefghijklmnopqrstuvwxyz") != strlen(bucket) ||
                       strlen(bucket) < 3 || strlen(bucket) > 63 || !key[0] ||
                       strlen(key) > AWSC_MAX_S3_KEY_BYTES ||
                       !svc_utf8_valid((const uint8_t *)key, strlen(key)),
                   "a good address is refused");
    }
    svc_buf_clear(&host);
    svc_buf_clear(&path);
    svc_buf_clear(&decoded);
}

static void check_endpoint(char *lines, const char *region_text, const char *bucket,
                           const char *key, enum awsc_service service) {
    const struct svc_environment environment = {get_setting, lines};
    struct awsc_endpoint endpoint;
    struct svc_error error = {0};
    char region[AWSC_MAX_REGION_BYTES + 1];
    if (awsc_region(&environment, region_text, region, &error) != SVC_OK) {
        FUZZ_CHECK(error.status == SVC_CONFIGURATION && !svc_has_control(error.detail), "%s",
                   error.detail);
        return;
    }
    FUZZ_CHECK(!strcmp(region, region_text) &&
                   strspn(region, "abcdefghijklmnopqrstuvwxyz0123456789-") == strlen(region),
               "the region %s", region);
    const enum svc_status status =
        awsc_endpoint_resolve(&environment, service, region, &endpoint, &error);
    FUZZ_CHECK(status == SVC_OK || status == SVC_CONFIGURATION, "%s", svc_status_name(status));
    if (status != SVC_OK)
        return;
    FUZZ_CHECK(endpoint.host[0] && strspn(endpoint.host, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                                         "abcdefghijklmnopqrstuvwxyz0123456789"
                                                         "-._:[]") == strlen(endpoint.host),
               "the host %s", endpoint.host);
    FUZZ_CHECK(endpoint.is_overridden ||
                   (endpoint.is_https && !endpoint.path[0] && strstr(endpoint.host, region)),
               "the host %s", endpoint.host);
    FUZZ_CHECK(!endpoint.path[0] ||
                   (endpoint.path[0] == '/' && endpoint.path[strlen(endpoint.path) - 1] != '/'),
               "the path %s", endpoint.path);
    check_address(&endpoint, bucket, key);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes) {
    struct fuzz_input input = {data, size_bytes};
    const uint8_t choice = fuzz_take_u8(&input);
    const int64_t integer = (int64_t)fuzz_take_u64(&input);
    const bool is_short = input.size_bytes < 8;
    size_t value_bytes = 0;
    char *name = fuzz_take_line(&input, '\n', NULL);
    char *value = fuzz_take_line(&input, '\n', &value_bytes);
    char *region = fuzz_take_line(&input, '\n', NULL);
    char *bucket = fuzz_take_line(&input, '\n', NULL);
    char *lines = fuzz_take_rest(&input, NULL);
    FUZZ_CHECK(awsc_is_number(value) == is_number(value), "\"%s\" is %s number", value,
               is_number(value) ? "a" : "no");
    check_message(value, name, "x", 1, AWSC_SQS_STRING);
    check_message("body", name, value, value_bytes, (enum awsc_sqs_type)(choice % 3));
    check_limits(value, name, (uint8_t)integer, is_short); /* large ones are slow */
    check_md5(lines, name, value, value_bytes, (uint8_t)(integer >> 8));
    FUZZ_CHECK((awsc_sqs_check_handle(name, choice * 1000, NULL) == SVC_OK) ==
                   (*name && choice * 1000 <= 43200),
               "a handle and %d s", choice * 1000);
    check_values(name, value, value_bytes, integer);
    check_endpoint(lines, region, bucket, value, (enum awsc_service)(choice / 3 % AWSC_SERVICES));
    free(name);
    free(value);
    free(region);
    free(bucket);
    free(lines);
    return 0;
}
