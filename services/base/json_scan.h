/* Whether a text is JSON, by RFC 8259 to the letter. Used by json.c, before json-c sees it. */
#ifndef SVC_JSON_SCAN_H
#define SVC_JSON_SCAN_H

#include <stddef.h>
#include <stdint.h>

#include "services/base/status.h"

/* One value with nothing but blanks around it; no more than SVC_MAX_JSON_DEPTH containers in each
 * other; valid UTF-8; no lone surrogates; no U+0000 in names. *members: of all objects together.
 * Errors: MALFORMED, TOO_LARGE (more members than SVC_MAX_JSON_MEMBERS). */
enum svc_status svc_json_scan(const uint8_t *bytes, size_t size_bytes, size_t *members,
                              struct svc_error *error);

#endif
