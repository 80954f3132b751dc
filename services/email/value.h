/* Values of the schema's types: read from JSON, and written for people. */
#ifndef EMAIL_VALUE_H
#define EMAIL_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "services/base/buf.h"
#include "services/base/json.h"
#include "services/email/schema.h"

/* A number of the types MONEY, COUNT, PERCENT and MINUTES, or the moment (ms since 1970) of a DATE,
 * from its JSON. A DATE without an offset is KST, without a time the beginning of that day there.
 * false, and *why a sentence: not such a value, or outside the field's bounds. */
bool email_read_number(const struct email_field *field, const struct svc_json *value,
                       int64_t *number, const char **why);
/* The same from text. */
bool email_read_digits(const struct email_field *field, const char *text, int64_t *number,
                       const char **why);
bool email_read_date(const char *text, int64_t *wall_ms);

/* 58,000원, ₩58,000 · 1,234 · 30% · 1시간 30분, 1 hour 30 minutes · 2026년 10월 5일, October 5,
 * 2026 (the day in KST). */
bool email_put_number(enum email_type type, int64_t number, enum email_language language,
                      struct svc_buf *out);

/* The patterns of JSON Schema for strings of the numeric types and dates (NULL for other types). */
bool email_put_pattern(const struct email_field *field, struct svc_buf *out);

#endif
