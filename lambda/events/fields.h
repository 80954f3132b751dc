/* Members of event documents, in the ways in which the parsers of this module read them. Internal
 * to lambda/events. Pure, nothing is allocated. */
#ifndef LEV_FIELDS_H
#define LEV_FIELDS_H

#include <stdbool.h>
#include <stdint.h>

#include "services/base/json.h"
#include "services/base/status.h"

/* Whether the member is a string equal to `expected`. */
bool lev_is_text(const struct svc_json *object, const char *name, const char *expected);
bool lev_begins_with(const char *text, const char *start);

/* A whole number of decimal digits in a string, as SQS writes its attributes; *number is untouched
 * on false: none, or one of more than 18 digits. */
bool lev_get_decimal(const struct svc_json *object, const char *name, int64_t *number);

/* A time in UTC by RFC 3339, "2026-01-02T03:04:05Z" with an optional fraction of up to nine digits,
 * in ms since 1970. Strict: an offset other than "Z", a leap second and lower-case letters are
 * refused, because AWS writes none of them. false: *time_ms is untouched. */
bool lev_parse_time(const char *text, int64_t *time_ms);

/* NO_MEMORY with its sentence. */
enum svc_status lev_no_memory(struct svc_error *error);

#endif
