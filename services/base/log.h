/* Structured logs: one line with one JSON object for each event, in Lambda's JSON format:
 *   {"timestamp":"2026-01-02T03:04:05.678Z","level":"INFO","message":"...","requestId":"...",...}
 *
 * No text can break a line or its object: control characters are escaped, invalid UTF-8 is replaced
 * by U+FFFD, long texts are cut. The caller must leave out payloads and secrets. One thread at a
 * time. */
#ifndef SVC_LOG_H
#define SVC_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "services/base/clock.h"

enum svc_log_level {
    SVC_LOG_TRACE,
    SVC_LOG_DEBUG,
    SVC_LOG_INFO,
    SVC_LOG_WARN,
    SVC_LOG_ERROR,
    SVC_LOG_FATAL
};

/* Writes one line, its newline included. */
typedef void svc_log_sink_fn(void *user, const char *line, size_t size_bytes);

struct svc_log {
    const struct svc_clock *clock;
    svc_log_sink_fn *sink;
    void *user;
    enum svc_log_level level; /* events below it are dropped */
    char request_id[64];      /* "": no requestId in the line */
};

/* Level INFO, no request id. sink NULL: svc_log_to_stderr. */
void svc_log_init(struct svc_log *log, const struct svc_clock *clock, svc_log_sink_fn *sink,
                  void *user);
/* Writes to file descriptor 2, each line with one write. */
void svc_log_to_stderr(void *user, const char *line, size_t size_bytes);
/* NULL or "": none. A longer one is cut. */
void svc_log_set_request_id(struct svc_log *log, const char *request_id);
/* AWS_LAMBDA_LOG_LEVEL's words (TRACE DEBUG INFO WARN ERROR FATAL, any case); false, and *level
 * unchanged, for NULL and anything else. */
bool svc_log_level_parse(const char *text, enum svc_log_level *level);
/* Whether an event of this level would be written. log NULL: no. */
bool svc_log_enabled(const struct svc_log *log, enum svc_log_level level);

enum svc_log_kind { SVC_LOG_END, SVC_LOG_KIND_TEXT, SVC_LOG_KIND_INT, SVC_LOG_KIND_BOOL };
struct svc_log_field {
    enum svc_log_kind kind;
    const char *name; /* a constant of the code */
    const char *text; /* NULL: the field is null */
    int64_t number;
};
#define SVC_TEXT(name, value)                                                                      \
    { SVC_LOG_KIND_TEXT, (name), (value), 0 }
#define SVC_INT(name, value)                                                                       \
    { SVC_LOG_KIND_INT, (name), NULL, (int64_t)(value) }
#define SVC_BOOL(name, value)                                                                      \
    { SVC_LOG_KIND_BOOL, (name), NULL, (value) ? 1 : 0 }

/* `fields` ends with kind SVC_LOG_END; NULL: none. log NULL: nothing happens. */
void svc_log_write(const struct svc_log *log, enum svc_log_level level, const char *message,
                   const struct svc_log_field *fields);
/* svc_log_event(log, SVC_LOG_INFO, "object written", SVC_TEXT("key", key), SVC_INT("bytes", n)); */
#define svc_log_event(log, level, message, ...)                                                    \
    svc_log_write((log), (level), (message),                                                       \
                  (const struct svc_log_field[]){__VA_ARGS__, {SVC_LOG_END, NULL, NULL, 0}})

#endif
