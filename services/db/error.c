/* Errors of the database: see error.h. */
#include "services/db/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "services/base/chars.h"
#include "services/base/text.h"

#define MASK "'...'"

void db_error_clear(struct db_error *error) {
    if (error != NULL) {
        memset(error, 0, sizeof(*error));
    }
}

enum svc_status db_fail(struct db_error *error, enum svc_status status, enum db_fault fault,
                        const char *format, ...) {
    if (error == NULL) {
        return status;
    }
    va_list args;
    error->status = status;
    error->fault = fault;
    va_start(args, format);
    vsnprintf(error->message, sizeof(error->message), format, args);
    va_end(args);
    svc_replace_controls(error->message);
    return status;
}

/* ---------------------------------------------------------------------- the server's numbers */

struct code_row {
    unsigned code;
    enum svc_status status;
    enum db_fault fault;
};

/* Sorted by fault. A number that is not here is DB_FAULT_OTHER, with SERVER_ERROR. */
static const struct code_row codes[] = {
    {1044, SVC_ACCESS_DENIED, DB_FAULT_LOGIN}, /* the database */
    {1045, SVC_ACCESS_DENIED, DB_FAULT_LOGIN},
    {1130, SVC_ACCESS_DENIED, DB_FAULT_LOGIN}, /* the host */
    {1698, SVC_ACCESS_DENIED, DB_FAULT_LOGIN},
    {1862, SVC_ACCESS_DENIED, DB_FAULT_LOGIN}, /* the password has expired */
    {3118, SVC_ACCESS_DENIED, DB_FAULT_LOGIN}, /* the account is locked: MySQL */
    {4151, SVC_ACCESS_DENIED, DB_FAULT_LOGIN}, /* the account is locked: MariaDB */
    {2026, SVC_TLS_REFUSED, DB_FAULT_TLS},
    {3159, SVC_TLS_REFUSED, DB_FAULT_TLS},            /* the server wants TLS */
    {1053, SVC_CONNECTION_LOST, DB_FAULT_CONNECTION}, /* shutdown */
    {1077, SVC_CONNECTION_LOST, DB_FAULT_CONNECTION},
    {1079, SVC_CONNECTION_LOST, DB_FAULT_CONNECTION},
    {1158, SVC_CONNECTION_LOST, DB_FAULT_CONNECTION},
    {1159, SVC_CONNECTION_LOST, DB_FAULT_CONNECTION},
    {1160, SVC_CONNECTION_LOST, DB_FAULT_CONNECTION},
    {1161, SVC_CONNECTION_LOST, DB_FAULT_CONNECTION},
    {1927, SVC_CONNECTION_LOST, DB_FAULT_CONNECTION}, /* killed */
    {2002, SVC_CONNECT_FAILED, DB_FAULT_CONNECTION},
    {2003, SVC_CONNECT_FAILED, DB_FAULT_CONNECTION},
    {2004, SVC_CONNECT_FAILED, DB_FAULT_CONNECTION},
    {2005, SVC_CONNECT_FAILED, DB_FAULT_CONNECTION},
    {2006, SVC_CONNECTION_LOST, DB_FAULT_CONNECTION},
    {2012, SVC_CONNECT_FAILED, DB_FAULT_CONNECTION},
    {2013, SVC_CONNECTION_LOST, DB_FAULT_CONNECTION},
    {2055, SVC_CONNECTION_LOST, DB_FAULT_CONNECTION},
    {4031, SVC_CONNECTION_LOST, DB_FAULT_CONNECTION}, /* idle for too long: MySQL */
    {1040, SVC_THROTTLED, DB_FAULT_TOO_MANY_CONNECTIONS},
    {1129, SVC_THROTTLED, DB_FAULT_TOO_MANY_CONNECTIONS}, /* the host is blocked */
    {1203, SVC_THROTTLED, DB_FAULT_TOO_MANY_CONNECTIONS},
    {1226, SVC_THROTTLED, DB_FAULT_TOO_MANY_CONNECTIONS},
    {1461, SVC_THROTTLED, DB_FAULT_TOO_MANY_CONNECTIONS}, /* prepared statements of the server */
    {1290, SVC_SERVER_ERROR, DB_FAULT_READ_ONLY},
    {1836, SVC_SERVER_ERROR, DB_FAULT_READ_ONLY},
    {1022, SVC_CONFLICT, DB_FAULT_DUPLICATE_KEY},
    {1062, SVC_CONFLICT, DB_FAULT_DUPLICATE_KEY},
    {1586, SVC_CONFLICT, DB_FAULT_DUPLICATE_KEY},
    {1859, SVC_CONFLICT, DB_FAULT_DUPLICATE_KEY},
    {1048, SVC_REJECTED, DB_FAULT_CONSTRAINT},
    {1216, SVC_REJECTED, DB_FAULT_CONSTRAINT},
    {1217, SVC_REJECTED, DB_FAULT_CONSTRAINT},
    {1364, SVC_REJECTED, DB_FAULT_CONSTRAINT},
    {1451, SVC_REJECTED, DB_FAULT_CONSTRAINT},
    {1452, SVC_REJECTED, DB_FAULT_CONSTRAINT},
    {3819, SVC_REJECTED, DB_FAULT_CONSTRAINT},
    {4025, SVC_REJECTED, DB_FAULT_CONSTRAINT},
    {1153, SVC_TOO_LARGE, DB_FAULT_VALUE}, /* a packet */
    {1264, SVC_REJECTED, DB_FAULT_VALUE},
    {1265, SVC_REJECTED, DB_FAULT_VALUE},
    {1292, SVC_REJECTED, DB_FAULT_VALUE},
    {1366, SVC_REJECTED, DB_FAULT_VALUE},
    {1367, SVC_REJECTED, DB_FAULT_VALUE},
    {1406, SVC_REJECTED, DB_FAULT_VALUE},
    {1411, SVC_REJECTED, DB_FAULT_VALUE},
    {1690, SVC_REJECTED, DB_FAULT_VALUE},
    {2020, SVC_TOO_LARGE, DB_FAULT_VALUE},
    {1213, SVC_SERVER_ERROR, DB_FAULT_DEADLOCK},
    {1614, SVC_SERVER_ERROR, DB_FAULT_DEADLOCK},
    {1205, SVC_TIMED_OUT, DB_FAULT_LOCK_WAIT},
    {3572, SVC_TIMED_OUT, DB_FAULT_LOCK_WAIT}, /* NOWAIT: MySQL */
    {1317, SVC_TIMED_OUT, DB_FAULT_TIMEOUT},
    {1969, SVC_TIMED_OUT, DB_FAULT_TIMEOUT}, /* max_statement_time */
    {3024, SVC_TIMED_OUT, DB_FAULT_TIMEOUT}, /* max_execution_time */
    {1142, SVC_ACCESS_DENIED, DB_FAULT_PRIVILEGE},
    {1143, SVC_ACCESS_DENIED, DB_FAULT_PRIVILEGE},
    {1227, SVC_ACCESS_DENIED, DB_FAULT_PRIVILEGE},
    {1370, SVC_ACCESS_DENIED, DB_FAULT_PRIVILEGE},
    {1046, SVC_REJECTED, DB_FAULT_STATEMENT},
    {1049, SVC_NO_RESOURCE, DB_FAULT_STATEMENT},
    {1052, SVC_REJECTED, DB_FAULT_STATEMENT},
    {1054, SVC_REJECTED, DB_FAULT_STATEMENT},
    {1064, SVC_REJECTED, DB_FAULT_STATEMENT},
    {1136, SVC_REJECTED, DB_FAULT_STATEMENT},
    {1146, SVC_NO_RESOURCE, DB_FAULT_STATEMENT},
    {1210, SVC_REJECTED, DB_FAULT_STATEMENT},
    {1295, SVC_REJECTED, DB_FAULT_STATEMENT},
    {1305, SVC_REJECTED, DB_FAULT_STATEMENT},
    {1792, SVC_REJECTED, DB_FAULT_STATEMENT}, /* it writes, in a transaction that reads */
    {1356, SVC_REJECTED, DB_FAULT_STATEMENT}, /* a view whose tables are not there */
    {2008, SVC_NO_MEMORY, DB_FAULT_OTHER},
    {2027, SVC_BAD_RESPONSE, DB_FAULT_RESULT},
    {2057, SVC_BAD_RESPONSE, DB_FAULT_RESULT}, /* the table was altered meanwhile */
};

static const struct code_row *find_code(unsigned code) {
    static const struct code_row other = {0, SVC_SERVER_ERROR, DB_FAULT_OTHER};
    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        if (codes[i].code == code) {
            return &codes[i];
        }
    }
    return &other;
}

/* ---------------------------------------------------------------------- the server's text */

/* Appends up to `size` bytes of printable ASCII; a message in another language becomes dots. */
static void append(char *out, size_t out_bytes, const char *text, size_t size) {
    size_t n = strlen(out);
    for (size_t i = 0; i < size && n + 1 < out_bytes; i++) {
        out[n++] = text[i] >= ' ' && text[i] <= '~' ? text[i] : '.';
    }
    out[n] = '\0';
}

/* The name of a key, as "for key 'NAME'" ends the message of a duplicate: NULL unless it is an
 * identifier to the end of the text. */
static const char *key_name(const char *message, size_t *size) {
    static const char before[] = "for key '";
    const char *name = NULL;
    for (const char *at = strstr(message, before); at != NULL; at = strstr(at + 1, before)) {
        name = at + sizeof(before) - 1;
    }
    if (name == NULL) {
        return NULL;
    }
    *size = strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.$");
    return *size > 0 && strcmp(name + *size, "'") == 0 ? name : NULL;
}

/* The server quotes values of the data, which may contain quotes themselves: everything from the
 * first quote to the last is left out, but for the name of a key. The text of SIGNAL (SQLSTATE
 * 45...) is free, so none of it is kept. */
static void mask(const char *message, const char *sqlstate, unsigned code, char *out,
                 size_t out_bytes) {
    static const char before_key[] = " for key '";
    static const char own_code[] = "a message of the database's own code";
    const char *first = strpbrk(message, "'\"`");
    size_t size = 0;
    out[0] = '\0';
    if (strncmp(sqlstate, "45", 2) == 0 || code == 1644) {
        append(out, out_bytes, own_code, sizeof(own_code) - 1);
        return;
    }
    if (first == NULL) {
        append(out, out_bytes, message, strlen(message));
        return;
    }
    const char *last = first;
    for (const char *at = first; at != NULL; at = strpbrk(at + 1, "'\"`")) {
        last = at;
    }
    append(out, out_bytes, message, (size_t)(first - message));
    append(out, out_bytes, MASK, sizeof(MASK) - 1);
    const char *key = code == 1062 || code == 1586 ? key_name(message, &size) : NULL;
    if (key != NULL) {
        append(out, out_bytes, before_key, sizeof(before_key) - 1);
        append(out, out_bytes, key, size);
        append(out, out_bytes, "'", 1);
    } else {
        append(out, out_bytes, last + 1, strlen(last + 1));
    }
}

enum svc_status db_fail_code(struct db_error *error, unsigned code, const char *sqlstate,
                             const char *message) {
    const struct code_row *row = find_code(code);
    if (error == NULL) {
        return row->status;
    }
    error->status = row->status;
    error->fault = row->fault;
    error->code = code;
    (void)svc_copy_text(error->sqlstate, sizeof(error->sqlstate), sqlstate);
    svc_replace_controls(error->sqlstate);
    mask(message, sqlstate, code, error->message, sizeof(error->message));
    return row->status;
}

/* ---------------------------------------------------------------------- for people */

const char *db_fault_name(enum db_fault fault) {
    switch (fault) {
    case DB_FAULT_NONE:
        return "none";
    case DB_FAULT_ARGUMENT:
        return "argument";
    case DB_FAULT_SECRET:
        return "secret";
    case DB_FAULT_LOGIN:
        return "login";
    case DB_FAULT_TLS:
        return "tls";
    case DB_FAULT_SETTINGS:
        return "settings";
    case DB_FAULT_CONNECTION:
        return "connection";
    case DB_FAULT_TOO_MANY_CONNECTIONS:
        return "too many connections";
    case DB_FAULT_READ_ONLY:
        return "read only";
    case DB_FAULT_DUPLICATE_KEY:
        return "duplicate key";
    case DB_FAULT_CONSTRAINT:
        return "constraint";
    case DB_FAULT_VALUE:
        return "value";
    case DB_FAULT_DEADLOCK:
        return "deadlock";
    case DB_FAULT_LOCK_WAIT:
        return "lock wait";
    case DB_FAULT_TIMEOUT:
        return "timeout";
    case DB_FAULT_PRIVILEGE:
        return "privilege";
    case DB_FAULT_STATEMENT:
        return "statement";
    case DB_FAULT_RESULT:
        return "result";
    case DB_FAULT_OTHER:
        return "other";
    }
    return "unknown";
}

const char *db_error_text(const struct db_error *error, char out[DB_ERROR_TEXT_BYTES]) {
    char number[32] = "";
    if (error->code != 0) {
        snprintf(number, sizeof(number), " (%u%s%s)", error->code,
                 error->sqlstate[0] != '\0' ? ", " : "", error->sqlstate);
    }
    snprintf(out, DB_ERROR_TEXT_BYTES, "%s%s: %s%s", db_fault_name(error->fault), number,
             error->message[0] != '\0' ? error->message : svc_status_message(error->status),
             error->maybe_done ? "; it may have taken effect" : "");
    return out;
}
