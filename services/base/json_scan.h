/* Whether a text is JSON, by RFC 8259 to the letter. Used by json.c, before json-c sees it. */
#ifndef SVC_JSON_SCAN_H
#define SVC_JSON_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "services/base/buf.h"

struct svc_json_facts {
    size_t members; /* of all objects together */
    bool has_pairs; /* \ud83d\ude00 and the like */
};

/* One value with nothing but blanks around it; no more than SVC_MAX_JSON_DEPTH containers in each
 * other; valid UTF-8; no lone surrogates; no U+0000 in names.
 * Errors: MALFORMED, TOO_LARGE (more members than SVC_MAX_JSON_MEMBERS). */
enum svc_status svc_json_scan(const uint8_t *bytes, size_t size_bytes, struct svc_json_facts *facts,
                              struct svc_error *error);

/* Appends a text that was found good, with the characters that pairs of escapes stand for in their
 * place: json-c 0.16 takes those of U+1D800 to U+1DFFF, U+2D800 to U+2DFFF, ... for lone surrogates
 * and drops them. */
bool svc_json_join_pairs(const uint8_t *bytes, size_t size_bytes, struct svc_buf *out);

#endif
