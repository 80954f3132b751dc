/* DynamoDB: one item at a time, written and read with conditions (AWS JSON 1.0).
 *
 * Errors of all: as in s3.h, and NO_RESOURCE (no such table), PRECONDITION_FAILED (the condition
 * does not hold), CONFLICT (a transaction has the item), MALFORMED (a text that is not UTF-8),
 * TOO_LARGE (an item of more than 400 KiB). Throttling is retried.
 *
 * A request whose response is lost is repeated. The same put or delete twice is the same as once;
 * but a repeated one with a condition (attribute_not_exists(id)) may find the item that its first
 * attempt wrote: it ends as PRECONDITION_FAILED with error->maybe_done. Where that matters,
 * write a random owner with the item, set `returns_refused`, and count a refused item with that
 * owner as a success. An update that changes something twice
 * when it is repeated (ADD, SET n = n + :one) has a condition on what it replaces, or sets
 * `send_once`. */
#ifndef AWSC_DYNAMODB_H
#define AWSC_DYNAMODB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "services/aws/client.h"
#include "services/aws/sigv4.h"
#include "services/base/buf.h"
#include "services/base/json.h"

/* ---------------------------------------------------------------------- values */

enum awsc_dynamodb_type {
    AWSC_DYNAMODB_ABSENT, /* read only: there is no such attribute */
    AWSC_DYNAMODB_NULL,
    AWSC_DYNAMODB_BOOL,
    AWSC_DYNAMODB_STRING,
    AWSC_DYNAMODB_NUMBER, /* decimal text, exact: see number.h */
    AWSC_DYNAMODB_INT,    /* written only: a NUMBER from an int64_t */
    AWSC_DYNAMODB_BINARY,
    AWSC_DYNAMODB_OTHER /* read only: a list, a map, a set */
};

struct awsc_dynamodb_value {
    enum awsc_dynamodb_type type;
    const char *text;  /* STRING: UTF-8, "" allowed; NUMBER; BINARY: bytes */
    size_t size_bytes; /* BINARY */
    int64_t integer;   /* INT */
    bool is_true;      /* BOOL */
};

struct awsc_dynamodb_attribute {
    const char *name; /* 1 to 255 bytes of UTF-8 */
    struct awsc_dynamodb_value value;
};

/* Values are borrowed; text NULL is refused by the call that sends it. */
struct awsc_dynamodb_value awsc_dynamodb_string(const char *text);
struct awsc_dynamodb_value awsc_dynamodb_number(const char *text);
struct awsc_dynamodb_value awsc_dynamodb_int(int64_t integer);
struct awsc_dynamodb_value awsc_dynamodb_bool(bool is_true);
struct awsc_dynamodb_value awsc_dynamodb_null(void);
struct awsc_dynamodb_value awsc_dynamodb_binary(const void *bytes, size_t size_bytes);

/* ---------------------------------------------------------------------- items that come back */

struct awsc_dynamodb_item {
    const struct svc_json *attributes; /* NULL: no item */
    struct svc_json *document;         /* what it stands in */
};
void awsc_dynamodb_item_clear(struct awsc_dynamodb_item *item);

/* What is read lives until the item is cleared. All take an item without attributes. */
enum awsc_dynamodb_type awsc_dynamodb_type_of(const struct awsc_dynamodb_item *item,
                                              const char *name);
/* NULL: no string, or one with U+0000. */
const char *awsc_dynamodb_get_string(const struct awsc_dynamodb_item *item, const char *name);
/* The decimal text; NULL: no number. */
const char *awsc_dynamodb_get_number(const struct awsc_dynamodb_item *item, const char *name);
/* false, *number untouched: no number, not whole, or beyond an int64_t. */
bool awsc_dynamodb_get_int(const struct awsc_dynamodb_item *item, const char *name,
                           int64_t *number);
bool awsc_dynamodb_get_bool(const struct awsc_dynamodb_item *item, const char *name, bool *is_true);
/* Appends. NOT_FOUND: no binary value; MALFORMED; TOO_LARGE, NO_MEMORY of `out`. */
enum svc_status awsc_dynamodb_get_binary(const struct awsc_dynamodb_item *item, const char *name,
                                         struct svc_buf *out);

/* ---------------------------------------------------------------------- operations */

enum awsc_dynamodb_returns {
    AWSC_DYNAMODB_RETURNS_NOTHING,
    AWSC_DYNAMODB_RETURNS_OLD, /* the item as it was: put, update, delete */
    AWSC_DYNAMODB_RETURNS_NEW  /* the item as it is now: update */
};

/* Expressions are DynamoDB's own language and are sent as they are: constants of the program, never
 * made of data, which goes into `values`. Names that are reserved words, or are data, go into
 * `names`. A field that an operation does not have must be empty: INVALID_ARGUMENT. */
struct awsc_dynamodb_request {
    const char *table; /* name or ARN */
    /* Put: all of the item. Get, update, delete: its key. */
    const struct awsc_dynamodb_attribute *attributes;
    size_t attribute_count;         /* 1 to AWSC_MAX_DYNAMODB_ATTRIBUTES; of a key 1 or 2 */
    const char *condition;          /* put, update, delete; NULL: none */
    const char *update;             /* update */
    const char *projection;         /* get; NULL: every attribute */
    const struct awsc_param *names; /* {"#status", "status"} */
    size_t name_count;              /* up to AWSC_MAX_DYNAMODB_ATTRIBUTES */
    const struct awsc_dynamodb_attribute *values; /* {":now", ...} */
    size_t value_count;                           /* up to AWSC_MAX_DYNAMODB_ATTRIBUTES */
    bool is_consistent; /* get: sees every write that was acknowledged before */
    enum awsc_dynamodb_returns returns;
    bool returns_refused; /* with PRECONDITION_FAILED, the item that does not meet the condition */
    bool send_once;       /* not repeated once it may have been carried out: see above */
    int64_t deadline_ms;  /* 0: the client's */
};

/* *item is set in every case, and cleared by the caller: what was asked for with `returns` after
 * OK, with `returns_refused` after PRECONDITION_FAILED; without attributes where there is none.
 * `item` may be NULL where nothing is asked for. */
enum svc_status awsc_dynamodb_put(struct awsc_client *client,
                                  const struct awsc_dynamodb_request *request,
                                  struct awsc_dynamodb_item *item, struct awsc_error *error);
enum svc_status awsc_dynamodb_update(struct awsc_client *client,
                                     const struct awsc_dynamodb_request *request,
                                     struct awsc_dynamodb_item *item, struct awsc_error *error);
/* OK also if there was none, unless a condition asks for one. */
enum svc_status awsc_dynamodb_delete(struct awsc_client *client,
                                     const struct awsc_dynamodb_request *request,
                                     struct awsc_dynamodb_item *item, struct awsc_error *error);
/* NOT_FOUND: no item with this key. */
enum svc_status awsc_dynamodb_get(struct awsc_client *client,
                                  const struct awsc_dynamodb_request *request,
                                  struct awsc_dynamodb_item *item, struct awsc_error *error);

#endif
