/* The record of sent messages: see record.h. Each change is one conditional write, and each may be
 * repeated or arrive late (a request whose response was lost is sent again): its condition accepts
 * what its own first attempt wrote, and refuses everything that came after that. */
#include "services/email/record.h"

#include <stdio.h>
#include <string.h>

#include "services/aws/dynamodb.h"
#include "services/base/text.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const char claimed[] = "CLAIMED", sending[] = "SENDING", sent[] = "SENT";

bool email_record_key(const char *message_id, const char *queue_id,
                      char out[EMAIL_MAX_KEY_BYTES + 1]) {
    const bool has_own = message_id != NULL && message_id[0] != '\0';
    const char *id = has_own ? message_id : queue_id;
    out[0] = '\0';
    if (id == NULL || id[0] == '\0' || strlen(id) > EMAIL_MAX_ID_BYTES || !svc_is_printable(id)) {
        return false;
    }
    snprintf(out, EMAIL_MAX_KEY_BYTES + 1, "%s:%s", has_own ? "m" : "q", id);
    return true;
}

int64_t email_record_now_ms(const struct email_record_table *table) {
    const int64_t skew_ms = table->client != NULL ? awsc_client_counts(table->client).skew_ms : 0;
    const bool is_wrong = skew_ms > EMAIL_RECORD_MIN_SKEW_MS || skew_ms < -EMAIL_RECORD_MIN_SKEW_MS;
    return svc_wall_ms(table->clock) + (is_wrong ? skew_ms : 0);
}

/* ---------------------------------------------------------------------- requests */

/* Most of the attributes' names are reserved words of DynamoDB. A request may only define those
 * that its expressions use. */
static const struct awsc_param all_names[] = {
    {"#id", "id"},         {"#state", "state"},     {"#owner", "owner"},      {"#until", "until"},
    {"#digest", "digest"}, {"#expires", "expires"}, {"#ses", "sesMessageId"},
};

struct expression_names {
    struct awsc_param used[COUNT(all_names)];
    size_t count;
};

static void find_names(const struct awsc_dynamodb_request *request,
                       struct expression_names *names) {
    names->count = 0;
    for (size_t i = 0; i < COUNT(all_names); i++) {
        if (strstr(request->condition, all_names[i].name) != NULL ||
            (request->update != NULL && strstr(request->update, all_names[i].name) != NULL)) {
            names->used[names->count++] = all_names[i];
        }
    }
}

/* A change of an item that is ours: an update, or without `update` a delete. */
static enum svc_status change(const struct email_claim *claim, const char *condition,
                              const char *update, const struct awsc_dynamodb_attribute *values,
                              size_t value_count, struct awsc_error *error) {
    const struct awsc_dynamodb_attribute key = {"id", awsc_dynamodb_string(claim->id)};
    struct awsc_dynamodb_request request = {
        .table = claim->table->name,
        .attributes = &key,
        .attribute_count = 1,
        .condition = condition,
        .update = update,
        .values = values,
        .value_count = value_count,
        .deadline_ms = claim->deadline_ms,
    };
    struct expression_names names;
    find_names(&request, &names);
    request.names = names.used;
    request.name_count = names.count;
    return update != NULL ? awsc_dynamodb_update(claim->table->client, &request, NULL, error)
                          : awsc_dynamodb_delete(claim->table->client, &request, NULL, error);
}

/* ---------------------------------------------------------------------- claiming */

/* Free: absent, or past its time in a state in which nothing was sent. The last line of IS_FREE
 * is this request's own first attempt. It names the state too: an attempt that arrives late must
 * not replace SENDING or SENT of its own delivery by CLAIMED. */
#define IS_FREE                                                                                    \
    "attribute_not_exists(#id) OR #expires < :now"                                                 \
    " OR (#state = :claimed AND #until < :past)"                                                   \
    " OR (#state = :claimed AND #owner = :owner)"
#define IS_FREE_OR_UNKNOWN                                                                         \
    IS_FREE " OR (#state = :sending AND #until < :past AND #digest = :digest)"

/* The result that a refused item stands for. `past_ms`: the value of :past in the condition. */
static enum email_claim_result read_refused(struct email_claim *claim,
                                            const struct awsc_dynamodb_item *item,
                                            const char *digest, int64_t past_ms,
                                            struct awsc_error *error) {
    static const char *const states[] = {claimed, sending, sent};
    const char *state = awsc_dynamodb_get_string(item, "state");
    const char *there = awsc_dynamodb_get_string(item, "digest");
    int64_t until_ms = 0;
    if (state == NULL || there == NULL || !SVC_IS_ONE_OF(state, states) ||
        !awsc_dynamodb_get_int(item, "until", &until_ms)) {
        awsc_fail(error, SVC_BAD_RESPONSE, "the item is not one of the record of sent messages");
        return EMAIL_CLAIM_FAILED;
    }
    if (strcmp(there, digest) != 0) {
        return EMAIL_CLAIM_REUSED;
    }
    if (strcmp(state, sent) == 0) {
        return EMAIL_CLAIM_SENT;
    }
    if (strcmp(state, sending) == 0 && until_ms < past_ms) {
        return EMAIL_CLAIM_UNKNOWN;
    }
    claim->until_ms = until_ms > INT64_MAX - EMAIL_RECORD_MARGIN_MS
                          ? INT64_MAX
                          : until_ms + EMAIL_RECORD_MARGIN_MS;
    return EMAIL_CLAIM_BUSY;
}

static enum email_claim_result put_claim(struct email_claim *claim, const char *digest,
                                         bool overrides_unknown, int64_t now_ms,
                                         struct awsc_error *error) {
    const int64_t past_ms = now_ms - EMAIL_RECORD_MARGIN_MS;
    const int64_t kept_ms = now_ms + claim->table->keep_ms;
    const int64_t expires_ms = kept_ms > claim->until_ms ? kept_ms : claim->until_ms;
    const struct awsc_dynamodb_attribute item[] = {
        {"id", awsc_dynamodb_string(claim->id)},
        {"state", awsc_dynamodb_string(claimed)},
        {"owner", awsc_dynamodb_string(claim->owner)},
        {"digest", awsc_dynamodb_string(digest)},
        {"until", awsc_dynamodb_int(claim->until_ms)},
        {"expires", awsc_dynamodb_int(expires_ms / 1000 + 1)},
    };
    const struct awsc_dynamodb_attribute values[] = {
        {":now", awsc_dynamodb_int(now_ms / 1000)},  {":past", awsc_dynamodb_int(past_ms)},
        {":claimed", awsc_dynamodb_string(claimed)}, {":owner", awsc_dynamodb_string(claim->owner)},
        {":sending", awsc_dynamodb_string(sending)}, {":digest", awsc_dynamodb_string(digest)},
    };
    struct awsc_dynamodb_request request = {
        .table = claim->table->name,
        .attributes = item,
        .attribute_count = COUNT(item),
        .condition = overrides_unknown ? IS_FREE_OR_UNKNOWN : IS_FREE,
        .values = values,
        .value_count = overrides_unknown ? COUNT(values) : COUNT(values) - 2,
        .returns_refused = true,
        .deadline_ms = claim->deadline_ms,
    };
    struct expression_names names;
    struct awsc_dynamodb_item refused;
    find_names(&request, &names);
    request.names = names.used;
    request.name_count = names.count;
    enum email_claim_result result = EMAIL_CLAIM_FAILED;
    enum svc_status status = awsc_dynamodb_put(claim->table->client, &request, &refused, error);
    if (status == SVC_OK) {
        result = EMAIL_CLAIM_OURS;
    } else if (status == SVC_PRECONDITION_FAILED) {
        result = read_refused(claim, &refused, digest, past_ms, error);
    }
    awsc_dynamodb_item_clear(&refused);
    return result;
}

enum email_claim_result email_record_claim(struct email_claim *claim,
                                           const struct email_record_table *table, const char *id,
                                           const char *digest, bool overrides_unknown,
                                           int64_t left_ms, struct awsc_error *error) {
    const struct svc_random *random = table->random != NULL ? table->random : svc_random_system();
    uint8_t owner[(EMAIL_OWNER_BYTES - 1) / 2];
    memset(claim, 0, sizeof(*claim));
    awsc_error_clear(error);
    left_ms = left_ms < EMAIL_RECORD_MAX_CLAIM_MS ? left_ms : EMAIL_RECORD_MAX_CLAIM_MS;
    const int64_t now_ms = email_record_now_ms(table);
    claim->table = table;
    claim->until_ms = now_ms + left_ms;
    claim->deadline_ms = svc_deadline_in(table->clock, left_ms);
    if (!svc_copy_text(claim->id, sizeof(claim->id), id)) {
        awsc_fail(error, SVC_INVALID_ARGUMENT, "the key is longer than %zu bytes",
                  EMAIL_MAX_KEY_BYTES);
        return EMAIL_CLAIM_FAILED;
    }
    if (table->name == NULL) {
        return EMAIL_CLAIM_OURS;
    }
    if (!svc_random_fill(random, owner, sizeof(owner))) {
        awsc_fail(error, SVC_IO, "no random bytes");
        return EMAIL_CLAIM_FAILED;
    }
    svc_hex(owner, sizeof(owner), claim->owner);
    return put_claim(claim, digest, overrides_unknown, now_ms, error);
}

/* ---------------------------------------------------------------------- our own item */

enum svc_status email_record_sending(const struct email_claim *claim, struct awsc_error *error) {
    awsc_error_clear(error);
    if (claim->table->name == NULL) {
        return SVC_OK;
    }
    const struct awsc_dynamodb_attribute values[] = {
        {":owner", awsc_dynamodb_string(claim->owner)},
        {":claimed", awsc_dynamodb_string(claimed)},
        {":sending", awsc_dynamodb_string(sending)},
        {":now", awsc_dynamodb_int(email_record_now_ms(claim->table))},
    };
    return change(claim,
                  "#owner = :owner AND #until > :now AND (#state = :claimed OR #state = :sending)",
                  "SET #state = :sending", values, COUNT(values), error);
}

enum svc_status email_record_sent(const struct email_claim *claim, const char *ses_message_id,
                                  struct awsc_error *error) {
    awsc_error_clear(error);
    if (claim->table->name == NULL) {
        return SVC_OK;
    }
    const struct awsc_dynamodb_attribute values[] = {
        {":owner", awsc_dynamodb_string(claim->owner)},
        {":sending", awsc_dynamodb_string(sending)},
        {":sent", awsc_dynamodb_string(sent)},
        {":ses", awsc_dynamodb_string(ses_message_id)},
    };
    return change(claim, "#owner = :owner AND (#state = :sending OR #state = :sent)",
                  "SET #state = :sent, #ses = :ses", values, COUNT(values), error);
}

enum svc_status email_record_release(const struct email_claim *claim, struct awsc_error *error) {
    awsc_error_clear(error);
    if (claim->table->name == NULL) {
        return SVC_OK;
    }
    const struct awsc_dynamodb_attribute values[] = {
        {":owner", awsc_dynamodb_string(claim->owner)},
        {":sent", awsc_dynamodb_string(sent)},
    };
    enum svc_status status =
        change(claim, "#owner = :owner AND #state <> :sent", NULL, values, COUNT(values), error);
    if (status == SVC_PRECONDITION_FAILED) {
        awsc_error_clear(error);
        return SVC_OK;
    }
    return status;
}

enum svc_status email_record_unknown(const struct email_claim *claim, struct awsc_error *error) {
    awsc_error_clear(error);
    if (claim->table->name == NULL) {
        return SVC_OK;
    }
    const int64_t past_ms = email_record_now_ms(claim->table) - EMAIL_RECORD_MARGIN_MS - 1;
    const struct awsc_dynamodb_attribute values[] = {
        {":owner", awsc_dynamodb_string(claim->owner)},
        {":sending", awsc_dynamodb_string(sending)},
        {":past", awsc_dynamodb_int(past_ms)},
    };
    return change(claim, "#owner = :owner AND #state = :sending", "SET #until = :past", values,
                  COUNT(values), error);
}
