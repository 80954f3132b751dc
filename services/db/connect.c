/* Connecting: login with the stages of the secret, TLS, the check of a kept connection. */
#include <mariadb/errmsg.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "services/base/crypto.h"
#include "services/base/text.h"
#include "services/db/internal.h"
#include "services/db/trace.h"

#define DEFAULT_CONNECT_MS   5000
#define DEFAULT_LOCK_WAIT_MS 3000
/* The socket's timeouts may be shorter than the time that is left by so much. */
#define SLACK_MS 100
/* Above the largest value, with room for the other columns of its row. */
#define MAX_PACKET_BYTES (DB_MAX_VALUE_BYTES + (size_t)4 * 1024 * 1024)
/* None of them sends the password in clear outside of TLS; of caching_sha2_password's ways only the
 * one inside of TLS is reached, as there is no connection without. */
#define LOGIN_PLUGINS "mysql_native_password,client_ed25519,caching_sha2_password"

void db_settings_read(struct svc_settings *from, struct db_settings *settings) {
    db_settings_read_as(from, "DB_SECRET_NAME", settings);
}

void db_settings_read_as(struct svc_settings *from, const char *secret_variable,
                         struct db_settings *settings) {
    memset(settings, 0, sizeof(*settings));
    svc_setting_secret_name(from, secret_variable, NULL, settings->secret_name);
    svc_setting_text(from, "DB_NAME", "", settings->name, sizeof(settings->name));
    svc_setting_text(from, "DB_CA_FILE", DB_CA_FILE_DEFAULT, settings->ca_file,
                     sizeof(settings->ca_file));
    settings->connect_ms =
        svc_setting_duration_ms(from, "DB_CONNECT_TIMEOUT", 1000, 60000, DEFAULT_CONNECT_MS);
    settings->lock_wait_ms =
        svc_setting_duration_ms(from, "DB_LOCK_WAIT", 1000, 60000, DEFAULT_LOCK_WAIT_MS);
}

/* ---------------------------------------------------------------------- life */

enum svc_status db_create(const struct db_options *options, struct db **db,
                          struct db_error *error) {
    db_error_clear(error);
    *db = NULL;
    if (options->secret.get == NULL || options->ca_file == NULL || options->ca_file[0] == '\0' ||
        options->connect_ms < 0 || options->lock_wait_ms < 0) {
        return db_fail(error, SVC_INVALID_ARGUMENT, DB_FAULT_ARGUMENT,
                       "the database needs a secret, a file of authorities and timeouts");
    }
    struct db *made = calloc(1, sizeof(*made));
    if (made == NULL) {
        return db_fail(error, SVC_NO_MEMORY, DB_FAULT_OTHER, "no memory for the database");
    }
    made->options = *options;
    if (!svc_copy_text(made->name, sizeof(made->name),
                       options->name != NULL ? options->name : "") ||
        !svc_copy_text(made->ca_file, sizeof(made->ca_file), options->ca_file)) {
        free(made);
        return db_fail(error, SVC_INVALID_ARGUMENT, DB_FAULT_ARGUMENT,
                       "the name of the database or of the file of authorities is too long");
    }
    made->options.name = made->name;
    made->options.ca_file = made->ca_file;
    made->options.clock = options->clock != NULL ? options->clock : svc_clock_system();
    made->options.random = options->random != NULL ? options->random : svc_random_system();
    made->options.connect_ms = options->connect_ms > 0 ? options->connect_ms : DEFAULT_CONNECT_MS;
    made->options.lock_wait_ms =
        options->lock_wait_ms > 0 ? options->lock_wait_ms : DEFAULT_LOCK_WAIT_MS;
    made->deadline_ms = svc_deadline_in(made->options.clock, DB_DEFAULT_MS);
    for (size_t i = 0; i < DB_MAX_COLUMNS; i++) {
        svc_buf_init(&made->cells[i].bytes, DB_MAX_VALUE_BYTES + 1);
    }
    svc_crypto_ignore_configuration();
    *db = made;
    return SVC_OK;
}

void db_destroy(struct db *db) {
    if (db == NULL) {
        return;
    }
    db_disconnect(db);
    for (size_t i = 0; i < DB_MAX_COLUMNS; i++) {
        svc_buf_wipe(&db->cells[i].bytes);
    }
    free(db);
}

void db_set_deadline(struct db *db, int64_t deadline_ms) {
    db->deadline_ms = deadline_ms == SVC_NO_DEADLINE
                          ? svc_deadline_in(db->options.clock, DB_DEFAULT_MS)
                          : deadline_ms;
}

void db_disconnect(struct db *db) {
    if (db->connection == NULL || db->is_reading) {
        return;
    }
    /* In this order: closing a handle without a connection sends nothing. */
    mysql_close(db->connection);
    db->connection = NULL;
    db_forget_statements(db);
    db->transaction_ended = db->in_transaction;
}

void db_drop(struct db *db) {
    /* The Connector would send COM_QUIT, and wait for the socket to take it. */
    (void)shutdown(mysql_get_socket(db->connection), SHUT_RDWR);
    db_disconnect(db);
}

struct db_counts db_counts(const struct db *db) {
    return db->counts;
}

/* ---------------------------------------------------------------------- failures */

/* After these the connection is in a state that is known, and goes on being used. */
static bool is_usable_after(unsigned code, enum db_fault fault) {
    const bool is_of_server = (code >= 1000 && code < 2000) || code >= 3000;
    const bool is_of_connector = code >= 2000 && code < 3000;
    return is_of_server && !is_of_connector && code < 5000 && fault != DB_FAULT_CONNECTION &&
           fault != DB_FAULT_LOGIN && fault != DB_FAULT_READ_ONLY &&
           fault != DB_FAULT_TOO_MANY_CONNECTIONS;
}

enum svc_status db_fail_here(struct db *db, MYSQL_STMT *statement, struct db_error *error) {
    struct db_error own;
    unsigned code = statement != NULL ? mysql_stmt_errno(statement) : 0;
    error = error != NULL ? error : &own;
    const int64_t left_ms = svc_remaining_ms(db->options.clock, db->deadline_ms);
    if (code != 0) {
        (void)db_fail_code(error, code, mysql_stmt_sqlstate(statement),
                           mysql_stmt_error(statement));
    } else {
        /* A failed read of a row is recorded in the connection alone. */
        code = mysql_errno(db->connection);
        (void)db_fail_code(error, code, mysql_sqlstate(db->connection),
                           mysql_error(db->connection));
    }
    if (code == 0) {
        (void)db_fail(error, SVC_CONNECTION_LOST, DB_FAULT_CONNECTION,
                      "the Connector failed without a reason");
    }
    /* The Connector reports a socket's timeout as a broken connection, or as a failure of TLS. */
    if ((error->fault == DB_FAULT_CONNECTION || error->fault == DB_FAULT_TLS) &&
        left_ms <= SLACK_MS) {
        (void)db_fail(error, SVC_DEADLINE, DB_FAULT_TIMEOUT,
                      "the server did not reply within the time that was left");
    } else if (error->fault == DB_FAULT_TLS) {
        (void)db_fail(error, SVC_CONNECTION_LOST, DB_FAULT_CONNECTION, "the connection broke");
    }
    if (error->fault == DB_FAULT_DEADLOCK) {
        db->transaction_ended = db->in_transaction;
    }
    if (!is_usable_after(code, error->fault)) {
        db_drop(db);
    }
    return error->status;
}

/* ---------------------------------------------------------------------- waiting */

static void set_socket_timeouts(struct db *db, int64_t timeout_ms) {
    const struct timeval wait = {.tv_sec = timeout_ms / 1000, .tv_usec = timeout_ms % 1000 * 1000};
    const int socket = mysql_get_socket(db->connection);
    (void)setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
    (void)setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof(wait));
    db->timeout_ms = timeout_ms;
}

enum svc_status db_prepare_wait(struct db *db, bool for_statement, struct db_error *error) {
    const int64_t left_ms = svc_remaining_ms(db->options.clock, db->deadline_ms);
    if (left_ms == 0) {
        return db_fail(error, SVC_DEADLINE, DB_FAULT_TIMEOUT, "no time is left");
    }
    /* Not for every row of a long result: a little too long or short does no harm. */
    if (left_ms < db->timeout_ms || left_ms > db->timeout_ms + SLACK_MS) {
        set_socket_timeouts(db, left_ms);
    }
    return for_statement ? db_limit_statement(db, left_ms, error) : SVC_OK;
}

enum svc_status db_command(struct db *db, const char *sql, struct db_error *error) {
    enum svc_status status = db_prepare_wait(db, false, error);
    if (status != SVC_OK) {
        return status;
    }
    db->counts.round_trips++;
    struct svc_span *span = db_trace_begin(db, sql);
    if (mysql_real_query(db->connection, sql, (unsigned long)strlen(sql)) != 0) {
        status = db_fail_here(db, NULL, error);
    } else {
        db->used_ms = svc_monotonic_ms(db->options.clock);
    }
    db_trace_end(db, span, status, error);
    return status;
}

/* ---------------------------------------------------------------------- opening */

/* Which part of TLS failed, in words of its own: those of OpenSSL vary with its version. */
static enum svc_status fail_tls(const char *reason, const struct db_login *login,
                                struct db_error *error) {
    const char *what = NULL;
    if (strstr(reason, "does not support it") != NULL) {
        what = "the server offers no TLS";
    } else if (strstr(reason, "Validation of SSL server certificate failed") != NULL) {
        what = "the server's certificate is for another host name";
    } else if (strstr(reason, "expired") != NULL) {
        what = "the server's certificate has expired";
    } else if (strstr(reason, "not yet valid") != NULL) {
        what = "the server's certificate is not valid yet";
    } else if (strstr(reason, "issuer") != NULL || strstr(reason, "self") != NULL ||
               strstr(reason, "unable to verify") != NULL) {
        what = "the server's certificate is by none of the authorities in DB_CA_FILE";
    } else if (strstr(reason, "protocol") != NULL || strstr(reason, "version") != NULL) {
        what = "the server does not speak TLS 1.2 or newer";
    } else {
        what = "TLS cannot be set up with the server";
    }
    enum svc_status status =
        db_fail(error, SVC_TLS_REFUSED, DB_FAULT_TLS, "%s (host %s)", what, login->host);
    if (error != NULL) {
        error->code = CR_SSL_CONNECTION_ERROR;
    }
    return status;
}

/* An error packet before TLS is anybody's; "too many connections" comes that way. It decides about
 * a retry alone. */
static unsigned code_before_tls(const char *message) {
    static const char before[] = "cannot be verified: ";
    const char *at = strstr(message, before);
    uint64_t code = 0;
    if (at == NULL) {
        return 0;
    }
    at += sizeof(before) - 1;
    return svc_read_number(&at, 1000, 9999, &code) ? (unsigned)code : 0;
}

static enum svc_status fail_to_connect(struct db *db, MYSQL *connection,
                                       const struct db_login *login, struct db_error *error) {
    const unsigned code = mysql_errno(connection);
    const char *message = mysql_error(connection);
    const unsigned early = code_before_tls(message);
    if (svc_remaining_ms(db->options.clock, db->deadline_ms) == 0) {
        return db_fail(error, SVC_DEADLINE, DB_FAULT_TIMEOUT, "no connection to %s in time",
                       login->host);
    }
    if (early == 1040 || early == 1203 || early == 1129 || early == 1226) {
        return db_fail_code(error, early, "", "the server has too many connections");
    }
    if (code == CR_SSL_CONNECTION_ERROR) {
        return fail_tls(message, login, error);
    }
    if (code == CR_SERVER_LOST || code == CR_CONNECTION_ERROR || code == CR_CONN_HOST_ERROR ||
        code == CR_UNKNOWN_HOST) {
        enum svc_status status = db_fail(error, SVC_CONNECT_FAILED, DB_FAULT_CONNECTION,
                                         code == CR_UNKNOWN_HOST ? "no address for the host %s"
                                                                 : "no connection to %s port %u",
                                         login->host, (unsigned)login->port);
        if (error != NULL) {
            error->code = code;
        }
        return status;
    }
    return db_fail_code(error, code, mysql_sqlstate(connection), message);
}

/* Whole seconds, at least one; half of what is left, so that a silent server leaves time to report.
 */
static unsigned connect_seconds(const struct db *db) {
    const int64_t left_ms = svc_remaining_ms(db->options.clock, db->deadline_ms);
    int64_t wait_ms = db->options.connect_ms < left_ms / 2 ? db->options.connect_ms : left_ms / 2;
    return wait_ms <= 1000 ? 1 : (unsigned)(wait_ms / 1000);
}

static bool set_options(const struct db *db, MYSQL *connection) {
    const unsigned off = 0, connect_s = connect_seconds(db);
    /* Of a blocking socket with timeouts: set_socket_timeouts gives it those that count. With TLS
     * the Connector waits these seconds as milliseconds more, and for ever if they are 0. */
    const unsigned io_s = 1;
    const my_bool yes = 1, no = 0;
    const unsigned tcp = MYSQL_PROTOCOL_TCP;
    const size_t packet = MAX_PACKET_BYTES;
    return mysql_options(connection, MYSQL_OPT_PROTOCOL, &tcp) == 0 &&
           mysql_options(connection, MYSQL_OPT_CONNECT_TIMEOUT, &connect_s) == 0 &&
           mysql_options(connection, MYSQL_OPT_READ_TIMEOUT, &io_s) == 0 &&
           mysql_options(connection, MYSQL_OPT_WRITE_TIMEOUT, &io_s) == 0 &&
           mysql_options(connection, MYSQL_OPT_LOCAL_INFILE, &off) == 0 &&
           mysql_options(connection, MYSQL_OPT_RECONNECT, &no) == 0 &&
           mysql_options(connection, MYSQL_REPORT_DATA_TRUNCATION, &yes) == 0 &&
           mysql_options(connection, MYSQL_OPT_MAX_ALLOWED_PACKET, &packet) == 0 &&
           mysql_options(connection, MYSQL_SET_CHARSET_NAME, "utf8mb4") == 0 &&
           mysql_options(connection, MYSQL_OPT_SSL_CA, db->ca_file) == 0 &&
           mysql_options(connection, MYSQL_OPT_SSL_ENFORCE, &yes) == 0 &&
           mysql_options(connection, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, &yes) == 0 &&
           mysql_options(connection, MARIADB_OPT_TLS_VERSION, "TLSv1.2,TLSv1.3") == 0 &&
           mysql_optionsv(connection, MARIADB_OPT_RESTRICTED_AUTH, LOGIN_PLUGINS) == 0;
}

/* The Connector does not report that it had no memory for an option of text; without these two it
 * would trust other authorities, or speak older TLS. */
static bool has_options(MYSQL *connection) {
    const char *tls = NULL;
    return connection->options.ssl_ca != NULL &&
           mysql_get_optionv(connection, MARIADB_OPT_TLS_VERSION, &tls) == 0 && tls != NULL;
}

/* The Connector keeps the password for reconnecting, which is off. */
static void wipe_password(MYSQL *connection) {
    if (connection->passwd != NULL) {
        svc_wipe(connection->passwd, strlen(connection->passwd));
    }
}

static enum svc_status log_in(struct db *db, const struct db_login *login, struct db_error *error) {
    const char *name = db->name[0] != '\0' ? db->name : login->name;
    if (name[0] == '\0') {
        return db_fail(error, SVC_CONFIGURATION, DB_FAULT_SECRET,
                       "neither DB_NAME nor the secret names the database");
    }
    if (svc_remaining_ms(db->options.clock, db->deadline_ms) == 0) {
        return db_fail(error, SVC_DEADLINE, DB_FAULT_TIMEOUT, "no time is left to connect");
    }
    MYSQL *connection = mysql_init(NULL);
    if (connection == NULL || !set_options(db, connection) || !has_options(connection)) {
        mysql_close(connection);
        return db_fail(error, SVC_NO_MEMORY, DB_FAULT_OTHER, "no memory for a connection");
    }
    db->counts.logins++;
    if (mysql_real_connect(connection, login->host, login->user, login->password, name, login->port,
                           NULL, 0) == NULL) {
        enum svc_status status = fail_to_connect(db, connection, login, error);
        mysql_close(connection);
        return status;
    }
    wipe_password(connection);
    db->connection = connection;
    db->is_mariadb = mariadb_connection(connection);
    db->timeout_ms = 0;
    db->statement_ms = 0;
    return SVC_OK;
}

/* The version of the secret that is tried, and how. */
struct attempt {
    enum db_secret_stage stage;
    bool refresh;
};

static enum svc_status get_login(struct db *db, const struct attempt *attempt,
                                 struct db_login *login, struct db_error *error) {
    struct svc_buf text;
    struct svc_error reason;
    svc_error_clear(&reason);
    svc_buf_init(&text, DB_MAX_SECRET_BYTES);
    enum svc_status status = db->options.secret.get(db->options.secret.user, attempt->stage,
                                                    attempt->refresh, &text, &reason);
    if (status != SVC_OK) {
        (void)db_fail(error, status, DB_FAULT_SECRET, "the secret cannot be read: %s",
                      reason.detail[0] != '\0' ? reason.detail : svc_status_message(status));
    } else {
        status = db_login_parse(&text, login, error);
    }
    svc_buf_wipe(&text);
    return status;
}

/* With the stages of the secret in turn, until one is not refused. */
static enum svc_status log_in_with_secret(struct db *db, struct db_error *error) {
    static const struct attempt attempts[] = {{DB_SECRET_CURRENT, false},
                                              {DB_SECRET_CURRENT, true},
                                              {DB_SECRET_PENDING, true},
                                              {DB_SECRET_PREVIOUS, true}};
    enum { ATTEMPTS = sizeof(attempts) / sizeof(attempts[0]) };
    struct db_login tried[ATTEMPTS];
    size_t count = 0;
    enum svc_status status = SVC_OK;
    struct db_error own;
    for (size_t i = 0; i < ATTEMPTS; i++) {
        struct db_login *login = &tried[count];
        db_error_clear(&own);
        enum svc_status got = get_login(db, &attempts[i], login, &own);
        if (got != SVC_OK) {
            /* The refusal stands if there is no other version to try. */
            if (count > 0 && svc_status_group(got) != SVC_GROUP_TRANSIENT) {
                continue;
            }
            status = got;
            break;
        }
        bool is_known = false;
        for (size_t k = 0; k < count; k++) {
            is_known |= db_login_equal(&tried[k], login);
        }
        if (is_known) {
            db_login_wipe(login);
            continue;
        }
        count++;
        db_error_clear(error);
        status = log_in(db, login, error != NULL ? error : &own);
        if (status != SVC_ACCESS_DENIED) {
            break;
        }
    }
    if (status != SVC_OK && error != NULL && error->status != status) {
        *error = own;
    }
    svc_wipe(tried, sizeof(tried));
    return status;
}

static enum svc_status open_connection(struct db *db, struct db_error *error) {
    const int64_t begin_ms = svc_monotonic_ms(db->options.clock);
    if (access(db->ca_file, R_OK) != 0) {
        return db_fail(error, SVC_CONFIGURATION, DB_FAULT_TLS,
                       "the file of authorities (DB_CA_FILE) cannot be read");
    }
    enum svc_status status = log_in_with_secret(db, error);
    if (status != SVC_OK) {
        return status;
    }
    db->is_kept = false;
    const char *tls = NULL;
    (void)mariadb_get_infov(db->connection, MARIADB_CONNECTION_TLS_VERSION, &tls);
    if (tls == NULL || (strcmp(tls, "TLSv1.2") != 0 && strcmp(tls, "TLSv1.3") != 0)) {
        status =
            db_fail(error, SVC_TLS_REFUSED, DB_FAULT_TLS, "the connection has no TLS 1.2 or newer");
    } else {
        status = db_set_session(db, error);
    }
    if (status != SVC_OK) {
        if (db->connection != NULL) {
            db_drop(db);
        }
        return status;
    }
    db->counts.connections++;
    svc_log_event(db->options.log, SVC_LOG_INFO, "database connected",
                  SVC_INT("ms", svc_monotonic_ms(db->options.clock) - begin_ms),
                  SVC_BOOL("mariadb", db->is_mariadb));
    return SVC_OK;
}

/* ---------------------------------------------------------------------- keeping */

/* Whether the connection that is there still is one. Unrequested bytes are
 * an error packet or the end of the stream. */
static bool is_alive(struct db *db) {
    struct pollfd waiting = {.fd = mysql_get_socket(db->connection), .events = POLLIN};
    if (poll(&waiting, 1, 0) != 0) {
        return false;
    }
    const int64_t now_ms = svc_monotonic_ms(db->options.clock);
    if (now_ms - db->used_ms < DB_PING_AFTER_MS) {
        return true;
    }
    const int64_t left_ms = svc_remaining_ms(db->options.clock, db->deadline_ms);
    set_socket_timeouts(db, left_ms < DB_PING_MS ? left_ms : DB_PING_MS);
    db->counts.round_trips++;
    if (mysql_ping(db->connection) != 0) {
        return false;
    }
    db->used_ms = now_ms;
    return true;
}

enum svc_status db_ensure(struct db *db, struct db_error *error) {
    if (db->is_reading) {
        return db_fail(error, SVC_INVALID_ARGUMENT, DB_FAULT_ARGUMENT,
                       "a statement may not run while rows of another are read");
    }
    if (svc_remaining_ms(db->options.clock, db->deadline_ms) == 0) {
        return db_fail(error, SVC_DEADLINE, DB_FAULT_TIMEOUT, "no time is left");
    }
    if (db->connection != NULL && !is_alive(db)) {
        db_drop(db);
    }
    if (db->connection != NULL) {
        db->is_kept = true;
        return SVC_OK;
    }
    struct svc_span *span = svc_span_enter(db->options.trace, SVC_SPAN_LOCAL, "connect database");
    const enum svc_status status = open_connection(db, error);
    db_trace_end(db, span, status, error);
    return status;
}

enum svc_status db_connect(struct db *db, struct db_error *error) {
    db_error_clear(error);
    if (db->in_transaction) {
        return db_fail(error, SVC_INVALID_ARGUMENT, DB_FAULT_ARGUMENT, "a transaction is open");
    }
    return db_ensure(db, error);
}
