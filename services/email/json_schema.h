/* The message schema as JSON Schema (draft 2020-12), for producers in other languages. */
#ifndef EMAIL_JSON_SCHEMA_H
#define EMAIL_JSON_SCHEMA_H

#include "services/base/buf.h"

/* Appends the document, indented, with a newline at its end. It is
 * services/email/message.schema.json byte for byte. What it cannot state, the sender checks
 * besides: days of a month, labels and lengths of domains, the length of URLs after encoding, texts
 * of blanks alone. Errors: TOO_LARGE, NO_MEMORY of `out`. */
enum svc_status email_write_json_schema(struct svc_buf *out);

#endif
