/* A second renderer of mustache, written from its specification: it interprets a template's text,
 * line by line and tag by tag, without a program in between. For templates that the mailer's parser
 * accepts: what it refuses is not looked for here. */
#ifndef FUZZ_MUSTACHE_ORACLE_H
#define FUZZ_MUSTACHE_ORACLE_H

#include <stdbool.h>
#include <stddef.h>

#include "services/base/buf.h"
#include "services/base/json.h"

struct mustache_oracle {
    void *user;
    /* The source of a partial; NULL: none of that name. */
    const char *(*partial)(void *user, const char *name);
    /* Appends a value that is there; is_raw: of {{{name}}} and {{&name}}. */
    void (*write)(void *user, const struct svc_json *value, bool is_raw, struct svc_buf *out);
};

/* Appends what the template gives for the data. false: it goes too deep, or on for too long. */
bool mustache_oracle_render(const struct mustache_oracle *oracle, const char *source,
                            const struct svc_json *data, struct svc_buf *out);

#endif
