/* A second reader of JSON, written from RFC 8259 alone, against which that of services/base is
 * compared. Slow and plain on purpose. */
#ifndef FUZZ_JSON_ORACLE_H
#define FUZZ_JSON_ORACLE_H

#include "fuzz/support/fuzz.h"
#include "services/base/json.h"

struct json_oracle {
    size_t containers, commas; /* outside of strings */
    bool has_surrogates;       /* written as escapes */
    bool has_wild_number;      /* not finite, or an integer past +-(2^63 - 1) */
};

/* Whether a text is what svc_json_parse must accept: RFC 8259 in valid UTF-8, at most
 * SVC_MAX_JSON_DEPTH deep, without lone surrogates, two members of one name and U+0000 in names. */
bool json_oracle_accepts(const uint8_t *bytes, size_t size_bytes, struct json_oracle *facts);

/* Crashes unless `value` is what an accepted text says, in every member, string and number. */
void json_oracle_compare(const uint8_t *bytes, size_t size_bytes, const struct svc_json *value);

#endif
