/* The database's client, with its login from Secrets Manager. */
#ifndef WEBHOOK_DATABASE_H
#define WEBHOOK_DATABASE_H

#include "services/aws/client.h"
#include "services/base/clock.h"
#include "services/base/log.h"
#include "services/db/db.h"

/* Where the login comes from: `source` is borrowed by the client. */
struct webhook_login_source {
    struct awsc_client *aws;
    const char *secret_name;
};

/* Connects to nothing. Errors: those of db_create. */
enum svc_status webhook_database_create(const struct webhook_login_source *source,
                                        const struct db_settings *settings,
                                        const struct svc_clock *clock, const struct svc_log *log,
                                        struct db **db, struct svc_error *error);

#endif
