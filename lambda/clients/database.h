/* The database's client, with its login from Secrets Manager. */
#ifndef LRT_DATABASE_H
#define LRT_DATABASE_H

#include "services/aws/client.h"
#include "services/base/clock.h"
#include "services/base/log.h"
#include "services/db/db.h"

/* Where the login comes from: `source` is borrowed by the client. */
struct lrt_database_login {
    struct awsc_client *aws;
    const char *secret_name;
};

/* Connects to nothing. Errors: those of db_create. */
enum svc_status lrt_database_create(const struct lrt_database_login *source,
                                    const struct db_settings *settings,
                                    const struct svc_clock *clock, const struct svc_log *log,
                                    struct db **db, struct svc_error *error);

#endif
