/* The text of a secret as keys: see keys.h. No copy of a secret is left behind. */
#include <string.h>

#include "lambda/handlers/webhook/keys.h"
#include "services/base/crypto.h"
#include "services/base/json.h"
#include "services/base/limits.h"
#include "services/base/text.h"

/* ---------------------------------------------------------------------- one secret */

typedef enum svc_status add_fn(struct webhook_key_set *set, const char *text,
                               struct svc_error *error);

static enum svc_status add_platform(struct webhook_key_set *set, const char *text,
                                    struct svc_error *error) {
    return webhook_secrets_add(&set->senders, WEBHOOK_SCHEME_PLATFORM, text, error);
}

static enum svc_status add_standard(struct webhook_key_set *set, const char *text,
                                    struct svc_error *error) {
    return webhook_secrets_add(&set->senders, WEBHOOK_SCHEME_STANDARD, text, error);
}

static enum svc_status add_toss(struct webhook_key_set *set, const char *text,
                                struct svc_error *error) {
    return webhook_secrets_add(&set->senders, WEBHOOK_SCHEME_TOSS, text, error);
}

static enum svc_status add_internal(struct webhook_key_set *set, const char *text,
                                    struct svc_error *error) {
    return webhook_secrets_add(&set->internal, WEBHOOK_SCHEME_STANDARD, text, error);
}

static enum svc_status add_token(struct webhook_key_set *set, const char *text,
                                 struct svc_error *error) {
    return webhook_tokens_add(&set->tokens, text, error);
}

/* ---------------------------------------------------------------------- plain text */

static bool is_standard(const char *text) {
    return strncmp(text, "whsec_", 6) == 0 || strncmp(text, "whpk_", 5) == 0;
}

static enum svc_status parse_words(const char *text, struct webhook_key_set *set,
                                   struct svc_error *error) {
    static const char blanks[] = " \t\r\n";
    char word[WEBHOOK_MAX_SECRET_BYTES + 1];
    enum svc_status status = SVC_OK;
    for (text += strspn(text, blanks); *text != '\0' && status == SVC_OK;
         text += strspn(text, blanks)) {
        const size_t size = strcspn(text, blanks);
        if (size >= sizeof(word)) {
            status = svc_fail(error, SVC_CONFIGURATION, "a webhook secret has more than %zu bytes",
                              WEBHOOK_MAX_SECRET_BYTES);
            break;
        }
        memcpy(word, text, size);
        word[size] = '\0';
        status =
            is_standard(word) ? add_standard(set, word, error) : add_platform(set, word, error);
        text += size;
    }
    svc_wipe(word, sizeof(word));
    return status;
}

/* ---------------------------------------------------------------------- JSON */

struct member {
    struct webhook_key_set *set;
    struct svc_error *error;
    enum svc_status status;
};

static bool add_all(struct member *member, add_fn *add, const struct svc_json *value) {
    const bool is_list = svc_json_type(value) == SVC_JSON_ARRAY;
    const size_t count = is_list ? svc_json_count(value) : 1;
    for (size_t i = 0; i < count && member->status == SVC_OK; i++) {
        const char *text = svc_json_text(is_list ? svc_json_at(value, i) : value);
        member->status = text != NULL ? add(member->set, text, member->error)
                                      : svc_fail(member->error, SVC_CONFIGURATION,
                                                 "a webhook secret is not a text");
    }
    return member->status == SVC_OK;
}

/* A member that is not known may be a misspelt one, without which requests would be refused. */
static bool add_member(void *user, const char *name, const struct svc_json *value) {
    static const struct {
        const char *name;
        add_fn *add;
    } members[] = {{"platform", add_platform},
                   {"standard", add_standard},
                   {"toss", add_toss},
                   {"tossTokens", add_token},
                   {"internal", add_internal}};
    struct member *member = user;
    for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
        if (strcmp(members[i].name, name) == 0) {
            return add_all(member, members[i].add, value);
        }
    }
    member->status = svc_fail(member->error, SVC_CONFIGURATION,
                              "a member of the webhooks' secret is none of platform, standard, "
                              "toss, tossTokens and internal");
    return false;
}

static enum svc_status parse_json(const char *text, size_t size_bytes, struct webhook_key_set *set,
                                  struct svc_error *error) {
    struct svc_json *document = NULL;
    struct member member = {set, error, SVC_OK};
    const enum svc_status status =
        svc_json_parse(text, size_bytes, AWSC_MAX_SECRET_VALUE_BYTES, &document, NULL);
    if (status == SVC_OK) {
        (void)svc_json_members(document, add_member, &member);
    } else {
        member.status = svc_fail(error, status == SVC_NO_MEMORY ? status : SVC_CONFIGURATION,
                                 "the webhooks' secret is not JSON");
    }
    svc_json_wipe(document);
    return member.status;
}

/* ---------------------------------------------------------------------- both */

static bool is_empty(const struct webhook_key_set *set) {
    return webhook_secrets_check(&set->senders, NULL) != SVC_OK &&
           webhook_secrets_check(&set->internal, NULL) != SVC_OK;
}

enum svc_status webhook_key_set_parse(const char *text, size_t size_bytes,
                                      struct webhook_key_set *set, struct svc_error *error) {
    memset(set, 0, sizeof(*set));
    enum svc_status status;
    if (strlen(text) != size_bytes) {
        status = svc_fail(error, SVC_CONFIGURATION, "the webhooks' secret has a NUL");
    } else if (text[strspn(text, " \t\r\n")] == '{') {
        status = parse_json(text, size_bytes, set, error);
    } else {
        status = parse_words(text, set, error);
    }
    if (status == SVC_OK && is_empty(set)) {
        status = svc_fail(error, SVC_CONFIGURATION, "the webhooks' secret has no secret");
    }
    if (status != SVC_OK) {
        svc_wipe(set, sizeof(*set));
    }
    return status;
}
