/* What the tests of entire events share: a transport that must not be used, and what comes of an
 * event. */
#ifndef TESTS_LAMBDA_HANDLE_SUPPORT_H
#define TESTS_LAMBDA_HANDLE_SUPPORT_H

#include <string.h>

#include "lambda/runtime/runtime.h"
#include "services/base/buf.h"

/* Nothing may reach the network: no transport is needed. */
static enum svc_status refuse(void *self, const struct svc_http_request *request,
                              struct svc_http_exchange **exchange) {
    (void)self, (void)request;
    *exchange = NULL;
    fail_msg("a request was sent");
    return SVC_INTERNAL;
}

static const struct svc_transport no_transport = {NULL, refuse, NULL, NULL};

struct outcome {
    struct lrt_result result;
    struct svc_buf log;
    struct lrt_metrics metrics;
};

static void clear(struct outcome *outcome) {
    svc_buf_clear(&outcome->result.body);
    svc_buf_clear(&outcome->log);
}

static size_t lines(const struct outcome *outcome, const char *part) {
    size_t count = 0;
    for (const char *at = svc_buf_text(&outcome->log); (at = strstr(at, part)) != NULL; at++) {
        count++;
    }
    return count;
}

#endif
