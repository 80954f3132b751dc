/* Typed fields of a hostile JSON object, for event.c and toss*.c. Each reader fills its output and
 * returns whether it may go on; after the first refusal the others do nothing. */
#ifndef WEBHOOK_FIELDS_H
#define WEBHOOK_FIELDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "services/base/json.h"
#include "services/webhook/error.h"

/* A time that the body does not have. */
#define WEBHOOK_NO_TIME INT64_MIN

struct webhook_fields {
    const struct svc_json *object;
    const char *prefix; /* before a field's name in errors: "", "cancels[3]." */
    struct webhook_error *error;
    enum svc_status status;
};

enum webhook_presence { WEBHOOK_OPTIONAL, WEBHOOK_REQUIRED }; /* optional: absent, null or "" */

/* Parses a body into one JSON object, freed with svc_json_wipe: it may hold a payment's secret. */
enum svc_status webhook_parse_object(const void *bytes, size_t size_bytes,
                                     struct svc_json **document, struct webhook_error *error);

/* An id: letters, digits and "-_.=", at most out_bytes - 1. Absent: "". */
bool webhook_field_id(struct webhook_fields *fields, const char *name,
                      enum webhook_presence presence, char *out, size_t out_bytes);
/* A name in any script, without control characters; a longer one is refused. */
bool webhook_field_name(struct webhook_fields *fields, const char *name,
                        enum webhook_presence presence, char *out, size_t out_bytes);
/* A text that decides nothing, always optional: control characters become blanks, and what does not
 * fit is cut between two characters. */
bool webhook_field_text(struct webhook_fields *fields, const char *name, char *out,
                        size_t out_bytes);
/* Whole won from `low` to WEBHOOK_MAX_AMOUNT_WON, also as 5000.0 or 5e3. */
bool webhook_field_won(struct webhook_fields *fields, const char *name, int64_t low,
                       int64_t *amount_won);
/* ISO 8601 with Z or an offset, in ms since 1970. Absent: WEBHOOK_NO_TIME. */
bool webhook_field_time(struct webhook_fields *fields, const char *name,
                        enum webhook_presence presence, int64_t *time_ms);
/* One of `words`; *index is its place. UNKNOWN_STATUS if it is none of them. */
bool webhook_field_word(struct webhook_fields *fields, const char *name, const char *const *words,
                        size_t count, int *index);

/* Refuses a field; returns false. */
bool webhook_field_refuse(struct webhook_fields *fields, enum webhook_reason reason,
                          const char *name, const char *what);

#endif
