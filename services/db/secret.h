/* The login of the database, read from a secret: {username, password, engine, host, port, dbname},
 * as RDS and its rotation write it. */
#ifndef DB_SECRET_H
#define DB_SECRET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "services/base/buf.h"
#include "services/db/error.h"

/* The versions of a secret that a rotation leaves: the database may have the newest password before
 * or after Secrets Manager calls it current. */
enum db_secret_stage { DB_SECRET_CURRENT, DB_SECRET_PENDING, DB_SECRET_PREVIOUS };

struct db_secret_source {
    /* Appends the secret's text to `out`, which the caller wipes. refresh: as the secret is now,
     * whatever is cached. A stage that does not exist: NOT_FOUND. */
    enum svc_status (*get)(void *user, enum db_secret_stage stage, bool refresh,
                           struct svc_buf *out, struct svc_error *error);
    void *user;
};

#define DB_MAX_SECRET_BYTES   ((size_t)64 * 1024)
#define DB_MAX_USER_BYTES     ((size_t)128)
#define DB_MAX_PASSWORD_BYTES ((size_t)512)
#define DB_MAX_HOST_BYTES     ((size_t)255)
#define DB_MAX_NAME_BYTES     ((size_t)64)

struct db_login {
    char user[DB_MAX_USER_BYTES + 1];
    char password[DB_MAX_PASSWORD_BYTES + 1];
    char host[DB_MAX_HOST_BYTES + 1]; /* a name or an IP address */
    char name[DB_MAX_NAME_BYTES + 1]; /* of the database; "": the secret has none */
    uint16_t port;                    /* default 3306 */
};

/* CONFIGURATION with DB_FAULT_SECRET and a sentence that names the member, never its value.
 * `login` is zeroed then. To be wiped with db_login_wipe. */
enum svc_status db_login_parse(const struct svc_buf *text, struct db_login *login,
                               struct db_error *error);
void db_login_wipe(struct db_login *login);
/* Whether both would log in the same way. */
bool db_login_equal(const struct db_login *a, const struct db_login *b);

#endif
