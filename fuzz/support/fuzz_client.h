/* A client of the AWS layer whose transport gives every request the same response, taken from a
 * fuzz target's input; a clock that only waits move, a fixed environment, a log that is kept. */
#ifndef FUZZ_FUZZ_CLIENT_H
#define FUZZ_FUZZ_CLIENT_H

#include "fuzz/support/fuzz.h"
#include "services/aws/client.h"

/* Must be in no log and no error. */
#define FUZZ_SECRET_KEY    "canary-secret-key"
#define FUZZ_SESSION_TOKEN "canary-session-token"

struct fuzz_client {
    struct awsc_client *client;
    /* The response: "STATUS", a line for each header, an empty line, the body. */
    int http_status;
    struct svc_buf headers; /* lines, each with its '\n' */
    const uint8_t *body;
    size_t body_bytes;
    enum svc_status failure; /* of the transport, instead of a complete response; OK: none */
    /* What happened. */
    size_t requests, open_exchanges;
    struct svc_buf log;
    /* Private. */
    struct svc_clock clock;
    int64_t now_ms;
    struct svc_environment environment;
    struct svc_random random;
    struct svc_transport transport;
    struct svc_log log_to;
};

/* Takes the entire input. */
void fuzz_client_open(struct fuzz_client *fuzz, struct fuzz_input *input);
/* Checks that every exchange was closed, and that each line of the log is a JSON object without
 * secrets. */
void fuzz_client_close(struct fuzz_client *fuzz);

/* Checks what every failed and every successful call promises of its error. */
void fuzz_client_check(const struct fuzz_client *fuzz, enum svc_status status,
                       const struct awsc_error *error);
/* The same, of a call that is not retried once it may have been carried out. */
void fuzz_client_check_once(const struct fuzz_client *fuzz, const struct awsc_error *error);

#endif
