/* Signature Version 4 a second time, written from "Create a signed AWS API request" of the AWS IAM
 * user guide with OpenSSL's HMAC, against which that of services/aws is compared. */
#ifndef FUZZ_SIGV4_ORACLE_H
#define FUZZ_SIGV4_ORACLE_H

#include "fuzz/support/fuzz.h"
#include "services/aws/sigv4.h"

#define SIGV4_MAX_PAIRS 16
#define SIGV4_MAX_TEXT  ((size_t)24 << 10)

/* A text of up to SIGV4_MAX_TEXT bytes; free() its bytes. */
struct sigv4_text {
    char *bytes;
    size_t size_bytes;
};
struct sigv4_text sigv4_text(void);
void sigv4_put(struct sigv4_text *text, const char *more);
/* The canonical query; the canonical headers, and the names of those. At most SIGV4_MAX_PAIRS of
 * each. */
void sigv4_put_query(struct sigv4_text *text, const struct awsc_sign_input *input);
void sigv4_put_headers(struct sigv4_text *text, struct sigv4_text *names,
                       const struct awsc_sign_input *input);

/* Returns the canonical request. date: "20260102T030405Z". `names` and `signature` are the other
 * results: the signed headers, and lower-case hex. */
struct sigv4_text sigv4_oracle(const struct awsc_sign_input *input, const char *secret,
                               const char *date, struct sigv4_text *names, char signature[65]);

#endif
