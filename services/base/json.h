/* Strict JSON, reading and writing. Only json.c includes json-c.
 *
 * Reading: our own scanner checks the text against RFC 8259 (json-c accepts documents that are not
 * JSON), for valid UTF-8, depth and size; a document with two members of one name in an object is
 * refused. Writing: calls that append to a svc_buf. */
#ifndef SVC_JSON_H
#define SVC_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "services/base/buf.h"

/* ---------------------------------------------------------------------- reading */

struct svc_json; /* a value of a document, valid as long as the document */

/* Parses a document with nothing but white space around it. `max_bytes` 0: SVC_MAX_JSON_BYTES.
 * *document is freed with svc_json_free; it is NULL for the document `null` and after a failure.
 * Errors: MALFORMED (not JSON, not UTF-8, duplicate names, U+0000 in a name, too deep), TOO_LARGE,
 * NO_MEMORY; the detail contains the offset, never the content. */
enum svc_status svc_json_parse(const void *bytes, size_t size_bytes, size_t max_bytes,
                               struct svc_json **document, struct svc_error *error);
/* Whether a text has more than `max_containers` objects and lists, or more than `max_values`
 * values, containers among them. Counted before anything is built of them: every value but the
 * first follows a comma or begins a container. The counts of text that is not JSON do not matter:
 * the parser refuses it. */
bool svc_json_exceeds(const char *text, size_t size_bytes, size_t max_containers,
                      size_t max_values);
void svc_json_free(struct svc_json *document); /* NULL is allowed */
/* The same after overwriting every string of it: for documents with secrets. */
void svc_json_wipe(struct svc_json *document);

enum svc_json_type {
    SVC_JSON_NULL, /* null, or absent */
    SVC_JSON_BOOL,
    SVC_JSON_INT, /* written without fraction and exponent */
    SVC_JSON_DOUBLE,
    SVC_JSON_STRING,
    SVC_JSON_ARRAY,
    SVC_JSON_OBJECT
};

/* All of these accept NULL for an absent value, and return NULL, 0 or false for a value of another
 * type. */
enum svc_json_type svc_json_type(const struct svc_json *value);
/* The member of an object; NULL if it is missing or null (svc_json_has distinguishes them). */
const struct svc_json *svc_json_get(const struct svc_json *object, const char *name);
bool svc_json_has(const struct svc_json *object, const char *name);
/* Elements of an array, members of an object, else 0. */
size_t svc_json_count(const struct svc_json *value);
const struct svc_json *svc_json_at(const struct svc_json *array, size_t index);
/* Calls `each` for the members in order until it returns false; returns its last result. */
typedef bool svc_json_member_fn(void *user, const char *name, const struct svc_json *value);
bool svc_json_members(const struct svc_json *object, svc_json_member_fn *each, void *user);

/* A string as UTF-8; NULL if it is not one or contains U+0000. Valid as long as the document. */
const char *svc_json_text(const struct svc_json *value);
/* The same with its size, U+0000 allowed. */
const char *svc_json_bytes(const struct svc_json *value, size_t *size_bytes);
/* An integer between -(2^63 - 1) and 2^63 - 1; false for others, *number is unchanged then. */
bool svc_json_int(const struct svc_json *value, int64_t *number);
bool svc_json_double(const struct svc_json *value, double *number); /* INT too; finite */
bool svc_json_bool(const struct svc_json *value, bool *is_true);

/* svc_json_text and svc_json_int of a member. */
const char *svc_json_get_text(const struct svc_json *object, const char *name);
bool svc_json_get_int(const struct svc_json *object, const char *name, int64_t *number);

/* ---------------------------------------------------------------------- writing */

/* Commas and colons are added automatically. Output that does not fit, and a wrong order of calls
 * (a name outside an object, an end without its begin, more than SVC_MAX_JSON_DEPTH) are recorded
 * and reported by svc_json_writer_status at the end. */
struct svc_json_writer {
    struct svc_buf *out;
    bool ascii;         /* write \uXXXX for all beyond ASCII; else UTF-8 as it is */
    int depth;          /* containers open */
    uint64_t is_object; /* a bit for each depth */
    bool need_comma;    /* the container is not empty */
    bool after_name;    /* a value must follow */
    bool broken;        /* the order of calls was wrong */
};

void svc_json_writer_init(struct svc_json_writer *writer, struct svc_buf *out);
void svc_json_begin_object(struct svc_json_writer *writer);
void svc_json_end_object(struct svc_json_writer *writer);
void svc_json_begin_array(struct svc_json_writer *writer);
void svc_json_end_array(struct svc_json_writer *writer);
void svc_json_name(struct svc_json_writer *writer, const char *name);
/* Invalid UTF-8 becomes U+FFFD; text NULL: null. */
void svc_json_put_text(struct svc_json_writer *writer, const char *text);
void svc_json_put_bytes(struct svc_json_writer *writer, const char *bytes, size_t size_bytes);
void svc_json_put_int(struct svc_json_writer *writer, int64_t number);
/* The shortest of up to 17 digits that reads back the same; not finite: null. */
void svc_json_put_double(struct svc_json_writer *writer, double number);
/* `millionths` / 10^6, with six decimals: a time in seconds, exactly. */
void svc_json_put_millionths(struct svc_json_writer *writer, int64_t millionths);
void svc_json_put_bool(struct svc_json_writer *writer, bool is_true);
void svc_json_put_null(struct svc_json_writer *writer);
/* A value of a document with all it contains. */
void svc_json_put_value(struct svc_json_writer *writer, const struct svc_json *value);

/* Name and value in one. */
void svc_json_add_text(struct svc_json_writer *writer, const char *name, const char *text);
/* Bytes as base64 (RFC 4648). */
void svc_json_add_base64(struct svc_json_writer *writer, const char *name, const void *bytes,
                         size_t size_bytes);
void svc_json_add_int(struct svc_json_writer *writer, const char *name, int64_t number);
void svc_json_add_bool(struct svc_json_writer *writer, const char *name, bool is_true);

/* OK: the buffer holds a complete document. INTERNAL: wrong order of calls; TOO_LARGE, NO_MEMORY.
 */
enum svc_status svc_json_writer_status(const struct svc_json_writer *writer);

#endif
