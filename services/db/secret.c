/* The login in a secret: see secret.h. */
#include "services/db/secret.h"

#include <string.h>

#include "services/base/crypto.h"
#include "services/base/json.h"
#include "services/base/text.h"

#define DEFAULT_PORT 3306

static enum svc_status refuse(struct db_error *error, const char *member, const char *expected) {
    return db_fail(error, SVC_CONFIGURATION, DB_FAULT_SECRET, "the secret's %s is not %s", member,
                   expected);
}

/* Copies a text member; is_required: it must be there and not be empty. */
static enum svc_status copy(const struct svc_json *secret, const char *member, bool is_required,
                            char *out, size_t out_bytes, struct db_error *error) {
    const struct svc_json *value = svc_json_get(secret, member);
    const char *text = svc_json_text(value);
    if (value == NULL && !is_required) {
        return SVC_OK;
    }
    if (text == NULL || (is_required && text[0] == '\0') || !svc_copy_text(out, out_bytes, text)) {
        return refuse(error, member, "a text of its size");
    }
    return SVC_OK;
}

/* A list of hosts, a path or a blank would mean something else to the Connector. */
static bool is_host(const char *host) {
    static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
                                  "-.:_";
    return host[0] != '-' && host[strspn(host, allowed)] == '\0';
}

static enum svc_status read_port(const struct svc_json *secret, uint16_t *port,
                                 struct db_error *error) {
    const struct svc_json *value = svc_json_get(secret, "port");
    int64_t number = DEFAULT_PORT;
    uint64_t digits = 0;
    if (svc_json_type(value) == SVC_JSON_STRING) {
        /* RDS writes a number, people write "3306". */
        number = svc_parse_uint(svc_json_text(value), UINT16_MAX, &digits) ? (int64_t)digits : 0;
    } else if (value != NULL && !svc_json_int(value, &number)) {
        number = 0;
    }
    if (number < 1 || number > UINT16_MAX) {
        return refuse(error, "port", "a port");
    }
    *port = (uint16_t)number;
    return SVC_OK;
}

static enum svc_status check_engine(const struct svc_json *secret, struct db_error *error) {
    static const char *const engines[] = {"mysql", "mariadb", "aurora", "aurora-mysql"};
    const struct svc_json *value = svc_json_get(secret, "engine");
    const char *engine = svc_json_text(value);
    if (value != NULL && (engine == NULL || !SVC_IS_ONE_OF(engine, engines))) {
        return refuse(error, "engine", "mysql, mariadb or aurora-mysql");
    }
    return SVC_OK;
}

static enum svc_status read_members(const struct svc_json *secret, struct db_login *login,
                                    struct db_error *error) {
    if (svc_json_type(secret) != SVC_JSON_OBJECT) {
        return db_fail(error, SVC_CONFIGURATION, DB_FAULT_SECRET, "the secret is not an object");
    }
    enum svc_status status = check_engine(secret, error);
    if (status == SVC_OK) {
        status = copy(secret, "username", true, login->user, sizeof(login->user), error);
    }
    if (status == SVC_OK) {
        status = copy(secret, "password", true, login->password, sizeof(login->password), error);
    }
    if (status == SVC_OK) {
        status = copy(secret, "host", true, login->host, sizeof(login->host), error);
    }
    if (status == SVC_OK && !is_host(login->host)) {
        status = refuse(error, "host", "one host name or IP address");
    }
    if (status == SVC_OK) {
        status = copy(secret, "dbname", false, login->name, sizeof(login->name), error);
    }
    return status == SVC_OK ? read_port(secret, &login->port, error) : status;
}

enum svc_status db_login_parse(const struct svc_buf *text, struct db_login *login,
                               struct db_error *error) {
    struct svc_json *secret = NULL;
    memset(login, 0, sizeof(*login));
    enum svc_status status =
        svc_json_parse(text->bytes, text->size_bytes, DB_MAX_SECRET_BYTES, &secret, NULL);
    if (status == SVC_OK) {
        status = read_members(secret, login, error);
    } else if (status == SVC_NO_MEMORY) {
        (void)db_fail(error, status, DB_FAULT_SECRET, "no memory for the secret");
    } else {
        status = db_fail(error, SVC_CONFIGURATION, DB_FAULT_SECRET, "the secret is not JSON");
    }
    svc_json_wipe(secret);
    if (status != SVC_OK) {
        db_login_wipe(login);
    }
    return status;
}

void db_login_wipe(struct db_login *login) {
    svc_wipe(login, sizeof(*login));
}

bool db_login_equal(const struct db_login *a, const struct db_login *b) {
    return a->port == b->port && strcmp(a->user, b->user) == 0 &&
           strcmp(a->password, b->password) == 0 && strcmp(a->host, b->host) == 0 &&
           strcmp(a->name, b->name) == 0;
}
