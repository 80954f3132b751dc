/* Pages of S3 made of keys from the input: what is handed out is exactly those keys, in their
 * order, whatever characters they have and in whatever form XML has them. */
#include <string.h>

#include "fuzz/support/fuzz_client.h"
#include "services/aws/s3.h"
#include "services/aws/xml.h"
#include "services/base/text.h"

#define MAX_ENTRIES 20

struct entry {
    char *name; /* without U+0000, not empty */
    bool is_prefix;
    uint64_t size_bytes;
    int64_t modified_wall_ms;
};

struct page {
    struct entry entries[MAX_ENTRIES];
    size_t count, seen;
    bool is_encoded;
    char *etag; /* of every entry */
};

/* Text of XML, each character in one of the forms that mean it. */
static void put_xml(struct svc_buf *out, const char *text, struct fuzz_input choices) {
    for (; *text; text++) {
        const uint8_t choice = fuzz_take_u8(&choices);
        const char one[2] = {*text, '\0'};
        if ((unsigned char)*text < 0x80 && choice % 4 == 1)
            svc_buf_printf(out, "&#%d;", *text);
        else if ((unsigned char)*text < 0x80 && choice % 4 == 2)
            svc_buf_printf(out, "&#x%x;", *text);
        else if (*text == '\'' && choice % 4 == 3)
            svc_buf_append_text(out, "&apos;");
        else
            awsc_xml_escape(one, out);
    }
}

static void put_entry(struct svc_buf *out, const struct page *page, const struct entry *entry,
                      struct fuzz_input choices) {
    struct svc_buf name;
    char modified[SVC_ISO8601_BYTES];
    svc_buf_init(&name, 8 * AWSC_MAX_S3_KEY_BYTES);
    if (page->is_encoded)
        svc_percent_encode(entry->name, strlen(entry->name), true, &name);
    else
        svc_buf_append_text(&name, entry->name);
    svc_buf_append_text(out, entry->is_prefix ? "<CommonPrefixes>\n<Prefix>" : "<Contents><Key>");
    put_xml(out, svc_buf_text(&name), choices);
    if (entry->is_prefix) {
        svc_buf_append_text(out, "</Prefix></CommonPrefixes>");
    } else {
        svc_format_iso8601(entry->modified_wall_ms, modified);
        svc_buf_printf(out, "</Key><LastModified>%s</LastModified><ETag>", modified);
        put_xml(out, page->etag, choices);
        svc_buf_printf(out,
                       "</ETag><Size>%llu</Size><StorageClass>STANDARD</StorageClass>"
                       "<Owner><ID>1</ID></Owner></Contents>\n",
                       (unsigned long long)entry->size_bytes);
    }
    svc_buf_clear(&name);
}

static void read_page(struct fuzz_input *input, struct page *page) {
    memset(page, 0, sizeof(*page));
    page->is_encoded = fuzz_take_bool(input);
    page->etag = fuzz_take_line(input, '\n', NULL);
    if (strlen(page->etag) > 100)
        page->etag[100] = '\0';
    while (input->size_bytes && page->count < MAX_ENTRIES) {
        struct entry *entry = &page->entries[page->count];
        entry->is_prefix = fuzz_take_u8(input) % 4 == 0;
        entry->size_bytes = fuzz_take_u64(input) >> 1;
        entry->modified_wall_ms = (int64_t)fuzz_take_u32(input) * 1000;
        entry->name = fuzz_take_line(input, '\n', NULL);
        if (!entry->name[0] || strlen(entry->name) > AWSC_MAX_S3_KEY_BYTES)
            free(entry->name);
        else
            page->count++;
    }
}

/* The next entry of its kind: S3 lists keys first. */
static const struct entry *expected(const struct page *page) {
    size_t left = page->seen;
    for (int is_prefix = 0; is_prefix < 2; is_prefix++) {
        for (size_t i = 0; i < page->count; i++) {
            if (page->entries[i].is_prefix == is_prefix && left-- == 0)
                return &page->entries[i];
        }
    }
    return NULL;
}

static bool take(void *user, const struct awsc_s3_listed *listed) {
    struct page *page = user;
    const struct entry *entry = expected(page);
    page->seen++;
    FUZZ_CHECK(entry && listed->is_prefix == entry->is_prefix, "an entry too many");
    FUZZ_CHECK(!strcmp(listed->key, entry->name), "\"%s\" became \"%s\"", entry->name, listed->key);
    FUZZ_CHECK(entry->is_prefix || (listed->size_bytes == entry->size_bytes &&
                                    listed->modified_wall_ms == entry->modified_wall_ms &&
                                    !strcmp(listed->etag, page->etag)),
               "another size, time or ETag of \"%s\"", entry->name);
    return true;
}

static void check_page(struct page *page, const struct svc_buf *response, bool is_last) {
    struct fuzz_input whole = {response->bytes, response->size_bytes};
    struct fuzz_client fuzz;
    struct awsc_error error = {0};
    struct svc_buf next;
    const struct awsc_s3_list list = {.bucket = "bucket", .max_keys = MAX_ENTRIES};
    svc_buf_init(&next, AWSC_MAX_S3_TOKEN_BYTES);
    fuzz_client_open(&fuzz, &whole);
    const enum svc_status status = awsc_s3_list(fuzz.client, &list, take, page, &next, &error);
    fuzz_client_check(&fuzz, status, &error);
    FUZZ_CHECK(status == SVC_OK, "a page is refused: %s", error.message);
    FUZZ_CHECK(page->seen == page->count, "%zu entries of %zu", page->seen, page->count);
    FUZZ_CHECK(!strcmp(svc_buf_text(&next), is_last ? "" : "to&ken"), "another continuation");
    fuzz_client_close(&fuzz);
    svc_buf_clear(&next);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes) {
    struct fuzz_input input = {data, size_bytes};
    const struct fuzz_input choices = input;
    struct page page;
    struct svc_buf response;
    const bool is_last = fuzz_take_bool(&input);
    read_page(&input, &page);
    svc_buf_init(&response, (size_t)4 << 20);
    svc_buf_printf(&response,
                   "200\nContent-Type: application/xml\n\n<?xml version=\"1.0\"?>\n"
                   "<ListBucketResult xmlns=\"x\"><Name>bucket</Name>%s"
                   "<IsTruncated>%s</IsTruncated>%s",
                   page.is_encoded ? "<EncodingType>url</EncodingType>" : "",
                   is_last ? "false" : "true",
                   is_last ? "" : "<NextContinuationToken>to&amp;ken</NextContinuationToken>");
    for (size_t i = 0; i < page.count; i++)
        put_entry(&response, &page, &page.entries[i], choices);
    svc_buf_append_text(&response, "</ListBucketResult>");
    svc_buf_append_char(&response, '\0'); /* the transport does not fail */
    check_page(&page, &response, is_last);
    svc_buf_clear(&response);
    for (size_t i = 0; i < page.count; i++)
        free(page.entries[i].name);
    free(page.etag);
    return 0;
}
