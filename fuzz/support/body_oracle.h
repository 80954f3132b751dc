/* Fields of a webhook's body read a second time: json-c instead of services/base/json.h, timegm for
 * times, and a table of what each field must be instead of calls. A table is also enough to write a
 * body again from what was read. */
#ifndef FUZZ_BODY_ORACLE_H
#define FUZZ_BODY_ORACLE_H

#include <json-c/json.h>

#include "fuzz/support/fuzz.h"
#include "services/base/buf.h"
#include "services/webhook/error.h"

enum body_kind {
    BODY_ID,       /* letters, digits and "-_.=" */
    BODY_NAME,     /* without control characters */
    BODY_TEXT,     /* controls become blanks, the end is cut */
    BODY_WON,      /* whole, from `limit` on */
    BODY_TIME,     /* with an offset */
    BODY_TIME_KST, /* the same, and Korean time without one */
    BODY_WORD      /* one of `words`; its place is kept */
};

#define BODY_NOT_KEPT SIZE_MAX
#define BODY_ALWAYS   UINT32_MAX

struct body_rule {
    const char *path; /* "entityBody.amount.value" */
    enum body_kind kind;
    uint32_t required_in;     /* a bit for each status; BODY_ALWAYS, 0 */
    size_t offset;            /* in the product's struct; BODY_NOT_KEPT */
    int64_t limit;            /* most bytes of a text; least won */
    const char *const *words; /* ends with NULL */
};

/* Of a document that the product must parse: JSON of at most WEBHOOK_MAX_CONTAINERS and
 * WEBHOOK_MAX_VALUES. Else NULL. *is_exact: json-c reads all of it as written. Freed with
 * json_object_put. */
json_object *body_parse(const uint8_t *bytes, size_t size_bytes, bool *is_exact);

/* The member at a path; NULL if it, or an object before it, is missing, null or none. */
json_object *body_at(json_object *object, const char *path);

/* Whether every field is as its rule has it; `status` chooses the bit of required_in. */
bool body_accepts(json_object *object, const struct body_rule *rules, size_t count,
                  unsigned status);
/* Crashes unless the struct `read` holds what an accepted object says. */
void body_compare(json_object *object, const struct body_rule *rules, size_t count,
                  const void *read);

/* The place of the word at a path; 0 if it is none. */
unsigned body_word(json_object *object, const char *path, const char *const *words);

/* Adds to the object what the struct says, by the rules that keep something. */
void body_write(json_object *object, const struct body_rule *rules, size_t count, const void *read);

/* Crashes unless a parser's failure is one of the body (or its success none), and all of `read` is
 * zero after a failure. */
void body_check_error(enum svc_status status, const struct webhook_error *error, const void *read,
                      size_t read_bytes);

#endif
