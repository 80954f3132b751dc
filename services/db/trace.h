/* The spans of statements and of connecting. For the files of this folder, and for tests. */
#ifndef DB_TRACE_H
#define DB_TRACE_H

#include "services/db/internal.h"

/* The span of a statement; NULL: nothing is recorded. What the statement waits for is below it: a
 * connection, the secret, a limit that is set before it. */
struct svc_span *db_trace_begin_recorded(struct db *db, const char *sql);
static inline struct svc_span *db_trace_begin(struct db *db, const char *sql) {
    const struct svc_trace *trace = db->options.trace;
    return trace != NULL && trace->is_on ? db_trace_begin_recorded(db, sql) : NULL;
}
/* Ends it; `error` is read if the status is not OK. */
void db_trace_end(const struct db *db, struct svc_span *span, enum svc_status status,
                  const struct db_error *error);

/* Copies a statement as it may be shown: a '?' for every text and number in it, without comments,
 * one blank for each run of white space; cut to out_bytes - 1. */
void db_trace_statement(const char *sql, char *out, size_t out_bytes);

#endif
