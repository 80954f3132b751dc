/* The record of sent messages by hand: each line of standard input is one call, each line of
 * standard output its result. For test_email_record.mjs, which has the table.
 *
 *   {"do":"claim","id":I,"digest":D,"overrides":B,"left":MS,"now":MS}   on the table "sent"
 *   {"do":"sending"|"sent"|"release"|"unknown","now":MS}                for the last claim
 *
 * "now" is the time of the record's wall clock; requests are signed with the real one. */
#include <stdio.h>
#include <string.h>

#include "services/base/json.h"
#include "services/email/record.h"

#define KEEP_MS INT64_C(600000)

static int64_t now_ms;

static int64_t given_wall_ms(void *user) {
    (void)user;
    return now_ms;
}

static int64_t real_monotonic_ms(void *user) {
    (void)user;
    return svc_monotonic_ms(svc_clock_system());
}

static void real_sleep_ms(void *user, int64_t duration_ms) {
    (void)user;
    svc_sleep_ms(svc_clock_system(), duration_ms);
}

static int64_t number_of(const struct svc_json *call, const char *name) {
    int64_t number = 0;
    (void)svc_json_int(svc_json_get(call, name), &number);
    return number;
}

static bool flag_of(const struct svc_json *call, const char *name) {
    bool is_true = false;
    (void)svc_json_bool(svc_json_get(call, name), &is_true);
    return is_true;
}

static const char *claim_result(struct email_claim *claim, const struct email_record_table *table,
                                const struct svc_json *call, struct awsc_error *error) {
    static const char *const results[] = {"OURS", "BUSY", "SENT", "UNKNOWN", "REUSED", "FAILED"};
    return results[email_record_claim(claim, table, svc_json_get_text(call, "id"),
                                      svc_json_get_text(call, "digest"), flag_of(call, "overrides"),
                                      number_of(call, "left"), error)];
}

static enum svc_status change(const struct email_claim *claim, const char *what,
                              struct awsc_error *error) {
    if (strcmp(what, "sending") == 0) {
        return email_record_sending(claim, error);
    }
    if (strcmp(what, "sent") == 0) {
        return email_record_sent(claim, "ses-id", error);
    }
    return strcmp(what, "release") == 0 ? email_record_release(claim, error)
                                        : email_record_unknown(claim, error);
}

static void run(struct email_claim *claim, const struct email_record_table *table,
                const struct svc_json *call) {
    const char *what = svc_json_get_text(call, "do");
    struct awsc_error error = {0};
    const char *result;
    now_ms = number_of(call, "now");
    /* Several attempts take their time. */
    awsc_client_begin(table->client, svc_deadline_in(svc_clock_system(), 30000), NULL);
    if (strcmp(what, "claim") == 0) {
        result = claim_result(claim, table, call, &error);
    } else {
        claim->deadline_ms = svc_deadline_in(svc_clock_system(), 30000);
        result = svc_status_name(change(claim, what, &error));
    }
    printf(
        "{\"result\":\"%s\",\"status\":\"%s\",\"owner\":\"%s\",\"until\":%lld,\"attempts\":%d}\n",
        result, svc_status_name(error.status), claim->owner, (long long)claim->until_ms,
        error.attempts);
    fflush(stdout);
}

int main(void) {
    static const struct svc_clock clock = {given_wall_ms, real_monotonic_ms, real_sleep_ms, NULL};
    static struct email_claim claim;
    char line[1024];
    struct email_record_table table = {.clock = &clock, .name = "sent", .keep_ms = KEEP_MS};
    if (awsc_client_create(&(struct awsc_client_options){0}, &table.client, NULL) != SVC_OK) {
        return 1;
    }
    while (fgets(line, sizeof(line), stdin) != NULL) {
        struct svc_json *call = NULL;
        if (svc_json_parse(line, strlen(line), 0, &call, NULL) != SVC_OK) {
            return 1;
        }
        run(&claim, &table, call);
        svc_json_free(call);
    }
    awsc_client_destroy(table.client);
    return 0;
}
