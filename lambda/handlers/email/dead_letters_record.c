/* The record read: see dead_letters_record.h. */
#include "lambda/handlers/email/dead_letters_record.h"

#include <stddef.h>
#include <string.h>

#include "services/aws/dynamodb.h"
#include "services/base/text.h"

static enum email_dead_state state_of(const char *name) {
    static const char *const names[] = {"CLAIMED", "SENDING", "SENT"};
    for (size_t i = 0; name != NULL && i < sizeof(names) / sizeof(names[0]); i++) {
        if (strcmp(name, names[i]) == 0) {
            return (enum email_dead_state)(EMAIL_DEAD_CLAIMED + i);
        }
    }
    return EMAIL_DEAD_OTHER;
}

enum svc_status email_dead_record_read(struct awsc_client *client, const char *table,
                                       const char *key, int64_t now_ms,
                                       struct email_dead_record *record, struct awsc_error *error) {
    const struct awsc_dynamodb_attribute id = {"id", awsc_dynamodb_string(key)};
    const struct awsc_dynamodb_request request = {
        .table = table, .attributes = &id, .attribute_count = 1, .is_consistent = true};
    struct awsc_dynamodb_item item;
    int64_t expires_s = 0;
    *record = (struct email_dead_record){.state = EMAIL_DEAD_NO_TABLE};
    if (table == NULL) {
        return SVC_OK;
    }
    enum svc_status status = awsc_dynamodb_get(client, &request, &item, error);
    bool is_expired =
        awsc_dynamodb_get_int(&item, "expires", &expires_s) && expires_s <= now_ms / 1000;
    if (status == SVC_NOT_FOUND || (status == SVC_OK && is_expired)) {
        record->state = EMAIL_DEAD_NO_ITEM;
        status = SVC_OK;
    } else if (status == SVC_OK) {
        const char *ses_id = awsc_dynamodb_get_string(&item, "sesMessageId");
        record->state = state_of(awsc_dynamodb_get_string(&item, "state"));
        (void)awsc_dynamodb_get_int(&item, "until", &record->until_ms);
        if (ses_id != NULL && svc_is_printable(ses_id)) {
            (void)svc_copy_text(record->ses_message_id, sizeof(record->ses_message_id), ses_id);
        }
    }
    awsc_dynamodb_item_clear(&item);
    return status;
}
