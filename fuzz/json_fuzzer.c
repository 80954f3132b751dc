/* JSON: exactly what RFC 8259 allows is accepted (see json_oracle.h), and read as it says; json-c
 * alone reads the same where it reads; what is written of it is JSON of the promised characters,
 * is read as the same, and is written as the same again. */
#include <json-c/json.h>
#include <string.h>

#include "fuzz/support/fuzz.h"
#include "fuzz/support/json_oracle.h"
#include "services/base/json.h"
#include "services/base/text.h"

static struct svc_json *parse(const void *bytes, size_t size_bytes, const char *what) {
    struct svc_json *document = NULL;
    struct svc_error error = {0};
    const enum svc_status status = svc_json_parse(bytes, size_bytes, 0, &document, &error);
    FUZZ_CHECK(status == SVC_OK, "%s is refused: %s", what, error.detail);
    return document;
}

/* Where json-c alone accepts too. It drops some characters that are written as two escapes. */
static void check_json_c(const uint8_t *bytes, size_t size_bytes, const struct svc_json *document) {
    struct json_tokener *tokener = json_tokener_new_ex(64);
    if (!tokener)
        exit(1);
    json_tokener_set_flags(tokener, JSON_TOKENER_STRICT);
    json_object *theirs = json_tokener_parse_ex(tokener, (const char *)bytes, (int)size_bytes);
    if (json_tokener_get_error(tokener) == json_tokener_continue)
        theirs = json_tokener_parse_ex(tokener, "", 1);
    if (json_tokener_get_error(tokener) == json_tokener_success)
        FUZZ_CHECK(json_object_equal(theirs, (json_object *)(uintptr_t)document),
                   "json-c reads something else");
    json_object_put(theirs);
    json_tokener_free(tokener);
}

static void check_characters(const struct svc_buf *text, bool is_ascii) {
    const uint8_t *bytes = text->bytes;
    FUZZ_CHECK(svc_utf8_valid(bytes, text->size_bytes), "what is written is not UTF-8");
    for (size_t i = 0; i < text->size_bytes; i++) {
        FUZZ_CHECK(bytes[i] >= 0x20 && bytes[i] != 0x7f, "a control character is written");
        FUZZ_CHECK(!is_ascii || bytes[i] < 0x80, "not ASCII");
        FUZZ_CHECK(bytes[i] != 0xc2 || bytes[i + 1] >= 0xa0, "a C1 control is written");
        FUZZ_CHECK(bytes[i] != 0xe2 || bytes[i + 1] != 0x80 || (bytes[i + 2] & 0xfe) != 0xa8,
                   "a line end of Unicode is written");
    }
}

static void write_value(const struct svc_json *value, bool is_ascii, struct svc_buf *out) {
    struct svc_json_writer writer;
    svc_buf_init(out, (size_t)1 << 20);
    svc_json_writer_init(&writer, out);
    writer.ascii = is_ascii;
    svc_json_put_value(&writer, value);
    FUZZ_CHECK(svc_json_writer_status(&writer) == SVC_OK, "a document cannot be written: %s",
               svc_status_name(svc_json_writer_status(&writer)));
    check_characters(out, is_ascii);
}

static void check_written(const struct svc_json *document, bool is_ascii) {
    struct svc_buf first, second;
    struct json_oracle facts;
    write_value(document, is_ascii, &first);
    FUZZ_CHECK(json_oracle_accepts(first.bytes, first.size_bytes, &facts), "not JSON: %s",
               svc_buf_text(&first));
    struct svc_json *again = parse(first.bytes, first.size_bytes, "what was written");
    write_value(again, is_ascii, &second);
    FUZZ_CHECK(first.size_bytes == second.size_bytes &&
                   !memcmp(first.bytes, second.bytes, first.size_bytes),
               "%s became %s", svc_buf_text(&first), svc_buf_text(&second));
    json_oracle_compare(first.bytes, first.size_bytes, again);
    svc_json_wipe(again);
    svc_buf_clear(&first);
    svc_buf_clear(&second);
}

/* The values themselves: numbers, which may be written in another way, by their value. */
static bool is_same(const struct svc_json *a, const struct svc_json *b);

static bool has_same(void *user, const char *name, const struct svc_json *value) {
    const struct svc_json *other = user;
    return svc_json_has(other, name) && is_same(value, svc_json_get(other, name));
}

static bool is_same(const struct svc_json *a, const struct svc_json *b) {
    double left = 0, right = 0;
    if (svc_json_double(a, &left))
        return svc_json_double(b, &right) && left == right;
    if (svc_json_type(a) == SVC_JSON_ARRAY) {
        bool is_equal = svc_json_count(a) == svc_json_count(b);
        for (size_t i = 0; is_equal && i < svc_json_count(a); i++)
            is_equal = is_same(svc_json_at(a, i), svc_json_at(b, i));
        return is_equal && svc_json_type(b) == SVC_JSON_ARRAY;
    }
    if (svc_json_type(a) == SVC_JSON_OBJECT)
        return svc_json_count(a) == svc_json_count(b) &&
               svc_json_members(a, has_same, (void *)(uintptr_t)b);
    return json_object_equal((json_object *)(uintptr_t)a, (json_object *)(uintptr_t)b) != 0;
}

static void check_round_trip(const struct svc_json *document, bool is_ascii) {
    struct svc_buf text;
    write_value(document, is_ascii, &text);
    struct svc_json *again = parse(text.bytes, text.size_bytes, "what was written");
    FUZZ_CHECK(is_same(document, again), "read back as another: %s", svc_buf_text(&text));
    svc_json_free(again);
    svc_buf_clear(&text);
}

/* Any bytes as one string: valid UTF-8 comes back as it is, other bytes as characters. */
static void check_string(const uint8_t *bytes, size_t size_bytes, bool is_ascii) {
    struct svc_buf text;
    struct svc_json_writer writer;
    size_t read_bytes = 0;
    svc_buf_init(&text, (size_t)1 << 20);
    svc_json_writer_init(&writer, &text);
    writer.ascii = is_ascii;
    svc_json_put_bytes(&writer, (const char *)bytes, size_bytes);
    FUZZ_CHECK(svc_json_writer_status(&writer) == SVC_OK, "a string cannot be written");
    check_characters(&text, is_ascii);
    struct svc_json *document = parse(text.bytes, text.size_bytes, "a string");
    const char *read = svc_json_bytes(document, &read_bytes);
    FUZZ_CHECK(read != NULL && svc_utf8_valid((const uint8_t *)read, read_bytes), "no string");
    if (svc_utf8_valid(bytes, size_bytes))
        FUZZ_CHECK(read_bytes == size_bytes && !memcmp(read, bytes, size_bytes),
                   "%zu bytes came back as %zu", size_bytes, read_bytes);
    svc_json_free(document);
    svc_buf_clear(&text);
}

static void check_limits(const uint8_t *bytes, size_t size_bytes, const struct json_oracle *facts) {
    const size_t containers = facts->containers, values = facts->containers + facts->commas;
    const char *text = (const char *)bytes;
    struct svc_json *document = NULL;
    FUZZ_CHECK(!svc_json_exceeds(text, size_bytes, containers, values), "its own counts exceed");
    FUZZ_CHECK(containers == 0 || svc_json_exceeds(text, size_bytes, containers - 1, values),
               "one container more than the limit");
    FUZZ_CHECK(values == 0 || svc_json_exceeds(text, size_bytes, containers, values - 1),
               "one value more than the limit");
    if (size_bytes > 1)
        FUZZ_CHECK(svc_json_parse(bytes, size_bytes, size_bytes - 1, &document, NULL) ==
                           SVC_TOO_LARGE &&
                       document == NULL,
                   "larger than its limit");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes) {
    struct fuzz_input input = {data, size_bytes};
    struct json_oracle facts;
    struct svc_json *document = NULL;
    struct svc_error error = {0};
    const bool is_ascii = fuzz_take_bool(&input);
    const bool is_good = json_oracle_accepts(input.data, input.size_bytes, &facts);
    const enum svc_status status =
        svc_json_parse(input.data, input.size_bytes, 0, &document, &error);
    FUZZ_CHECK(status == (is_good ? SVC_OK : SVC_MALFORMED), "RFC 8259 %s this, the reader: %s %s",
               is_good ? "allows" : "refuses", svc_status_name(status), error.detail);
    if (is_good) {
        json_oracle_compare(input.data, input.size_bytes, document);
        if (!facts.has_surrogates)
            check_json_c(input.data, input.size_bytes, document);
        if (!facts.has_wild_number) {
            check_round_trip(document, is_ascii);
            check_written(document, is_ascii);
        }
        check_limits(input.data, input.size_bytes, &facts);
    }
    check_string(input.data, input.size_bytes, is_ascii);
    svc_json_free(document);
    return 0;
}
