/* Spans as AWS X-Ray takes them: which invocations are recorded, segment documents, and the X-Ray
 * daemon. No other file knows this format, so that another exporter (OpenTelemetry) can take its
 * place.
 *
 * Formats: "AWS X-Ray segment documents", "Sending trace data to X-Ray" and "Tracing header" in the
 * X-Ray developer guide; AWS_XRAY_DAEMON_ADDRESS as the X-Ray SDKs read it. */
#ifndef LRT_TRACE_XRAY_H
#define LRT_TRACE_XRAY_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>

#include "services/base/buf.h"
#include "services/base/environment.h"
#include "services/base/log.h"
#include "services/base/trace.h"

#define LRT_XRAY_ROOT_BYTES   sizeof("1-5759e988-bd862e3fe1be46a994272793")
#define LRT_XRAY_PARENT_BYTES sizeof("53995c3f42cd8ad8")
/* X-Ray's limit for a document is 64 kB, that of UDP over IPv4 is a little lower. A document that
 * has reached the second size takes no further span: the largest one, all of its texts escaped,
 * has 16 kB. */
#define LRT_XRAY_MAX_DATAGRAM_BYTES  ((size_t)65507)
#define LRT_XRAY_FULL_DATAGRAM_BYTES ((size_t)48 * 1024)
/* X-Ray indexes up to 50 annotations of a trace; other functions have theirs in it. */
#define LRT_XRAY_MAX_ANNOTATIONS 40

/* What a trace header holds. Its Lineage is for AWS alone. */
struct lrt_xray_context {
    char root[LRT_XRAY_ROOT_BYTES];
    char parent[LRT_XRAY_PARENT_BYTES];
    bool is_sampled;
};

struct lrt_xray {
    const struct svc_log *log;
    const char *address_text; /* AWS_XRAY_DAEMON_ADDRESS; NULL: nothing is recorded */
    int descriptor;           /* of the socket, opened at the first recorded invocation; -1: none */
    struct lrt_xray_context context; /* of the running invocation */
    struct svc_buf datagram;
    size_t annotations;                   /* written of the running invocation */
    bool is_put_off[SVC_TRACE_MAX_SPANS]; /* to a document of its own */
    size_t sent, lost;                    /* datagrams since the opening, for tests */
};

/* Reads AWS_XRAY_DAEMON_ADDRESS and fills `exporter`, which needs `xray` as long as it is used.
 * Nothing is allocated or opened before the first recorded invocation. An address that is not valid
 * is reported in the log then, once, and nothing is recorded. Closed by lrt_xray_close. */
void lrt_xray_open(struct lrt_xray *xray, const struct svc_environment *environment,
                   const struct svc_log *log, struct svc_trace_exporter *exporter);
void lrt_xray_close(struct lrt_xray *xray);

/* ---------------------------------------------------------------------- parts, for tests */

/* "Root=1-HEX-HEX;Parent=HEX;Sampled=1;Lineage=...", in any order, with blanks around the fields;
 * unknown fields are ignored. false: no Root or no Parent, one that is not of its form, or one of
 * the three twice: the invocation is not recorded then. */
bool lrt_xray_context_parse(const char *header, struct lrt_xray_context *context);

/* "HOST:PORT", or "tcp:HOST:PORT udp:HOST:PORT" in any order, of which the second counts. HOST: an
 * IPv4 address, an IPv6 address in brackets, or "localhost"; other names would have to be resolved,
 * which can take seconds. false: anything else. */
bool lrt_xray_address_parse(const char *text, struct sockaddr_storage *address, socklen_t *bytes);

#endif
