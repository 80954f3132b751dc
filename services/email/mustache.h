/* Templates in mustache: the required modules of its specification (interpolation, sections,
 * inverted sections, comments, set delimiters, partials), parsed to a flat program and rendered
 * from any kind of data. Mails are rendered from programs that were parsed when the binary was
 * built; parsing (mustache_parse.c) is linked into the build's tool and the tests alone. */
#ifndef EMAIL_MUSTACHE_H
#define EMAIL_MUSTACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "services/base/buf.h"
#include "services/email/escape.h"

enum email_mustache_kind {
    EMAIL_MUSTACHE_TEXT,     /* text: written as it is */
    EMAIL_MUSTACHE_VARIABLE, /* text: a name */
    EMAIL_MUSTACHE_SECTION,  /* text: a name; the ops up to `skip` are its body */
    EMAIL_MUSTACHE_INVERTED, /* the same */
    EMAIL_MUSTACHE_PARTIAL   /* text: a name; indent: what stands before each of its lines */
};

struct email_mustache_op {
    enum email_mustache_kind kind;
    enum email_escape escape; /* of a VARIABLE */
    uint32_t size_bytes;      /* of `text` */
    uint32_t skip;            /* of a SECTION or INVERTED: the index of the op behind its body */
    const char *text;         /* names end with a NUL */
    const char *indent;       /* of a PARTIAL: blanks; else NULL */
};

struct email_mustache_program {
    const struct email_mustache_op *ops;
    size_t count;
};

/* ---------------------------------------------------------------------- rendering */

/* A value of the data: whatever the data's functions make of it. */
struct email_mustache_value {
    const void *pointer;
    int64_t number;
};

enum email_mustache_truth {
    EMAIL_MUSTACHE_FALSE, /* false, null, or the empty list */
    EMAIL_MUSTACHE_TRUE,  /* anything else that is not a list */
    EMAIL_MUSTACHE_LIST
};

struct email_mustache_data {
    void *user;
    struct email_mustache_value root;
    /* The member of a value; false: it has none of that name. */
    bool (*get)(void *user, struct email_mustache_value from, const char *name, size_t name_bytes,
                struct email_mustache_value *found);
    enum email_mustache_truth (*truth)(void *user, struct email_mustache_value value,
                                       size_t *count); /* entries of a list, at least one */
    struct email_mustache_value (*at)(void *user, struct email_mustache_value list, size_t index);
    bool (*write)(void *user, struct email_mustache_value value, enum email_escape escape,
                  struct svc_buf *out);
    /* NULL: no partial has this name, and nothing is written. */
    const struct email_mustache_program *(*partial)(void *user, const char *name,
                                                    const char *indent);
};

/* Appends the rendered program. OK; what went wrong with `out` (TOO_LARGE, NO_MEMORY); TOO_LARGE
 * as well where sections or partials lie deeper in each other than EMAIL_MUSTACHE_MAX_DEPTH, or the
 * rendering takes more than EMAIL_MUSTACHE_MAX_STEPS. Allocates nothing itself; its stack is
 * bounded by that depth. */
enum svc_status email_mustache_render(const struct email_mustache_program *program,
                                      const struct email_mustache_data *data, struct svc_buf *out);

/* ---------------------------------------------------------------------- parsing */

/* A program that owns its memory. */
struct email_mustache_parsed {
    struct email_mustache_program program;
    struct email_mustache_op *ops;
    size_t capacity;
    char *texts;
};

/* A partial's source; NULL: there is none of that name. Valid until the parse is over. */
struct email_mustache_loader {
    const char *(*load)(void *user, const char *name);
    void *user;
};

struct email_mustache_error {
    size_t line; /* of the template, or of the partial named in the detail; from 1 */
    char detail[200];
};

/* Parses a template; `indent` (blanks or "") is put before each of its lines. With a loader,
 * partials become part of the program, so that what stands around a variable can be seen in one
 * piece; one that is missing or includes itself is a fault. Without (NULL), PARTIAL ops are left to
 * rendering. Errors: MALFORMED with line and sentence (a tag that does not end, sections that
 * cross, a bad name or delimiter), TOO_LARGE, NO_MEMORY. Freed with email_mustache_clear, also
 * after a failure.
 */
enum svc_status email_mustache_parse(const char *source, const char *indent,
                                     const struct email_mustache_loader *loader,
                                     struct email_mustache_parsed *parsed,
                                     struct email_mustache_error *error);
void email_mustache_clear(struct email_mustache_parsed *parsed);

#endif
