/* Spans: see trace.h. Values travel as parameters, which are not part of a statement's text; what
 * the text itself has as a constant is masked as well, so that none has to be looked at for what it
 * may give away. */
#include "services/db/trace.h"

#include <string.h>

#include "services/base/trace.h"

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

static bool is_blank(char c) {
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* Letters, digits and what else an unquoted name may have. */
static bool is_word(char c) {
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
           c == '$' || c == '@' || (unsigned char)c >= 0x80;
}

/* The end of a comment that begins at `at`; `at` if there is none. */
static const char *skip_comment(const char *at) {
    if (at[0] == '/' && at[1] == '*') {
        const char *end = strstr(at + 2, "*/");
        return end != NULL ? end + 2 : at + strlen(at);
    }
    if (at[0] == '#' || (at[0] == '-' && at[1] == '-' && (is_blank(at[2]) || at[2] == '\0'))) {
        return at + strcspn(at, "\n");
    }
    return at;
}

/* The end of a quoted text. A doubled quote begins the next one at once, and is masked with it. */
static const char *skip_quoted(const char *at) {
    const char quote = *at++;
    while (*at != '\0' && *at != quote) {
        at += at[0] == '\\' && at[1] != '\0' ? 2 : 1;
    }
    return *at == quote ? at + 1 : at;
}

static const char *skip_number(const char *at) {
    while (is_word(*at) || *at == '.') {
        at++;
    }
    return at;
}

void db_trace_statement(const char *sql, char *out, size_t out_bytes) {
    size_t size = 0;
    bool is_in_name = false;
    for (const char *at = sql; *at != '\0' && size + 1 < out_bytes;) {
        const char *end = skip_comment(at);
        char c = *at;
        if (end != at || is_blank(c)) {
            at = end != at ? end : at + 1;
            c = ' ';
        } else if (c == '\'' || c == '"') {
            at = skip_quoted(at);
            c = '?';
        } else if (is_digit(c) && !is_in_name) {
            at = skip_number(at);
            c = '?';
        } else {
            at++;
        }
        is_in_name = is_word(c);
        const bool is_repeated = (c == ' ' && (size == 0 || out[size - 1] == ' '));
        if (!is_repeated) {
            out[size++] = c;
        }
    }
    out[size] = '\0';
}

struct svc_span *db_trace_begin_recorded(struct db *db, const char *sql) {
    struct svc_span *span = svc_span_enter(db->options.trace, SVC_SPAN_DATABASE, "database");
    char text[SVC_SPAN_MAX_TEXT + 1];
    if (span != NULL) {
        db_trace_statement(sql, text, sizeof(text));
        svc_span_set_text(span, SVC_SPAN_STATEMENT, text);
    }
    return span;
}

/* Whose failure it is: a full or slow server's, or that of the statement and its values. */
static enum svc_span_result result_of(enum svc_status status) {
    if (status == SVC_THROTTLED) {
        return SVC_SPAN_THROTTLED;
    }
    const enum svc_status_group group = svc_status_group(status);
    return group == SVC_GROUP_CALLER || group == SVC_GROUP_REMOTE ? SVC_SPAN_ERROR : SVC_SPAN_FAULT;
}

void db_trace_end(const struct db *db, struct svc_span *span, enum svc_status status,
                  const struct db_error *error) {
    if (span == NULL) {
        return;
    }
    if (span->kind == SVC_SPAN_DATABASE) {
        svc_span_set_constant(span, SVC_SPAN_DATABASE_IS, db->is_mariadb ? "MariaDB" : "MySQL");
    }
    /* A row that is there already is how a repeated event shows: a result, not a failure. */
    if (status != SVC_OK && error != NULL && error->fault == DB_FAULT_DUPLICATE_KEY) {
        svc_span_set_constant(span, "found", db_fault_name(error->fault));
    } else if (status != SVC_OK) {
        svc_span_fail(span, result_of(status),
                      error != NULL ? db_fault_name(error->fault) : svc_status_name(status),
                      svc_status_message(status));
    }
    svc_span_end(span);
}
