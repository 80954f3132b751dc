/* Checks a text strictly against RFC 8259. Used by json.c before json-c parses it. */
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

/* Checks that the text is one value with nothing but white space around it, nested at most
 * SVC_MAX_JSON_DEPTH deep, in valid UTF-8, without lone surrogates and without U+0000 in names.
 * Errors: MALFORMED, TOO_LARGE (more members than SVC_MAX_JSON_MEMBERS). */
enum svc_status svc_json_scan(const uint8_t *bytes, size_t size_bytes, struct svc_json_facts *facts,
                              struct svc_error *error);

/* Appends a valid text with its escaped surrogate pairs replaced by their characters: json-c 0.16
 * mistakes U+1D800 to U+1DFFF, U+2D800 to U+2DFFF, ... for lone surrogates and drops them. */
bool svc_json_join_pairs(const uint8_t *bytes, size_t size_bytes, struct svc_buf *out);

#endif
