/* Which request goes where: any method, path and content type, with sizes around the limits. The
 * handler, or the status that refuses it, is that of a table of paths, and of a regular expression
 * for the content type. The tokens of Toss's path are found as memcmp finds them. */
#include <regex.h>
#include <string.h>

#include "fuzz/support/fuzz.h"
#include "services/webhook/route.h"

static const char *const tokens[] = {"abcdefghij-_0123", "ZYXWVUTSRQ9876543210",
                                     "abcdefghij-_0124"};
#define TOKENS       (sizeof(tokens) / sizeof(tokens[0]))
#define TOSS         "/webhooks/toss/"
#define TOSS_BYTES   (sizeof(TOSS) - 1)
#define CONTENT_TYPE "^application/json[ \t]*(;[ \t]*(charset=(utf-8|\"utf-8\")[ \t]*)?)?$"

struct asked {
    char *method, *path, *type; /* type: NULL is none */
    size_t body_bytes;
    bool has_internal, has_unsubscribe;
    unsigned known_tokens; /* a bit for each of `tokens` */
};

/* ---------------------------------------------------------------------- the oracle */

static enum webhook_handler expect_handler(const struct asked *asked) {
    static const struct {
        const char *path;
        enum webhook_handler handler;
    } paths[] = {{"/webhooks/payment", WEBHOOK_HANDLER_PAYMENT},
                 {"/webhooks/shipping", WEBHOOK_HANDLER_SHIPPING},
                 {"/webhooks/refund", WEBHOOK_HANDLER_REFUND},
                 {"/webhooks/toss-confirmed", WEBHOOK_HANDLER_TOSS_CONFIRMED},
                 {"/webhooks/toss-transactions", WEBHOOK_HANDLER_TOSS_TRANSACTIONS},
                 {"/unsubscribe", WEBHOOK_HANDLER_UNSUBSCRIBE}};
    const size_t size = strlen(asked->path);
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        if (size != strlen(paths[i].path) || memcmp(paths[i].path, asked->path, size))
            continue;
        const bool is_internal = i == 3 || i == 4;
        const bool is_there = is_internal ? asked->has_internal
                              : i == 5    ? asked->has_unsubscribe
                                          : true;
        return is_there ? paths[i].handler : WEBHOOK_HANDLER_NONE;
    }
    for (size_t i = 0; i < TOKENS; i++) {
        const size_t token_bytes = strlen(tokens[i]);
        if (asked->known_tokens >> i & 1 && size == TOSS_BYTES + token_bytes &&
            !memcmp(asked->path, TOSS, TOSS_BYTES) &&
            !memcmp(asked->path + TOSS_BYTES, tokens[i], token_bytes))
            return WEBHOOK_HANDLER_TOSS;
    }
    return WEBHOOK_HANDLER_NONE;
}

/* Compiled each time: what a compiled one keeps of earlier texts only grows. */
static bool is_json(const char *type) {
    regex_t expression;
    if (type == NULL || strlen(type) > 128)
        return false;
    FUZZ_CHECK(!regcomp(&expression, CONTENT_TYPE, REG_EXTENDED | REG_ICASE | REG_NOSUB),
               "no expression");
    const bool is_match = !regexec(&expression, type, 0, NULL, 0);
    regfree(&expression);
    return is_match;
}

static int expect_status(const struct asked *asked, enum webhook_handler handler) {
    const bool is_form = handler == WEBHOOK_HANDLER_UNSUBSCRIBE;
    if (handler == WEBHOOK_HANDLER_NONE)
        return 404;
    if (strcmp(asked->method, "POST") && !(is_form && !strcmp(asked->method, "GET")))
        return 405;
    if (!is_form && !is_json(asked->type))
        return 415;
    return asked->body_bytes > (size_t)(is_form ? 4096 : 131072) ? 413 : 200;
}

/* ---------------------------------------------------------------------- the request */

static size_t take_size(struct fuzz_input *input) {
    static const size_t sizes[] = {0, 1, 4095, 4096, 4097, 131071, 131072, 131073, SIZE_MAX};
    return sizes[fuzz_take_u8(input) % (sizeof(sizes) / sizeof(sizes[0]))];
}

static void check(const struct asked *asked) {
    struct webhook_tokens known;
    webhook_tokens_init(&known);
    for (size_t i = 0; i < TOKENS; i++)
        if (asked->known_tokens >> i & 1)
            FUZZ_CHECK(webhook_tokens_add(&known, tokens[i], NULL) == SVC_OK, "no token");
    const struct webhook_paths paths = {&known, asked->has_internal, asked->has_unsubscribe};
    const struct webhook_request request = {asked->method, asked->path, asked->type,
                                            asked->body_bytes};
    const struct webhook_route found = webhook_route(&paths, &request);
    const enum webhook_handler handler = expect_handler(asked);
    const int status = expect_status(asked, handler);
    FUZZ_CHECK(found.http_status == status, "%s \"%s\", \"%s\", %zu bytes: %d, not %d",
               asked->method, asked->path, asked->type ? asked->type : "(none)", asked->body_bytes,
               found.http_status, status);
    FUZZ_CHECK(found.handler == (status == 200 ? handler : WEBHOOK_HANDLER_NONE), "handler %d",
               (int)found.handler);
    const char *allow = status != 405                            ? NULL
                        : handler == WEBHOOK_HANDLER_UNSUBSCRIBE ? "GET, POST"
                                                                 : "POST";
    FUZZ_CHECK(allow ? found.allow && !strcmp(found.allow, allow) : found.allow == NULL,
               "allows %s", found.allow ? found.allow : "nothing");
    FUZZ_CHECK(webhook_route_needs_token(asked->path) ==
                   (strlen(asked->path) <= 256 && !strncmp(asked->path, TOSS, TOSS_BYTES)),
               "\"%s\" and a token", asked->path);
    webhook_tokens_clear(&known);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes) {
    struct fuzz_input input = {data, size_bytes};
    struct asked asked = {.body_bytes = take_size(&input)};
    const uint8_t flags = fuzz_take_u8(&input);
    asked.has_internal = flags & 1;
    asked.has_unsubscribe = flags & 2;
    asked.known_tokens = flags >> 2 & 7;
    asked.method = fuzz_take_line(&input, '\n', NULL);
    asked.path = fuzz_take_line(&input, '\n', NULL);
    char *type = fuzz_take_line(&input, '\n', NULL);
    asked.type = flags & 32 ? NULL : type;
    check(&asked);
    free(asked.method);
    free(asked.path);
    free(type);
    return 0;
}
