/* The database's client: see database.h. */
#include "lambda/clients/database.h"

#include "services/aws/secrets.h"

static enum svc_status get_login(void *user, enum db_secret_stage stage, bool refresh,
                                 struct svc_buf *out, struct svc_error *error) {
    static const char *const stages[] = {
        [DB_SECRET_CURRENT] = AWSC_SECRET_CURRENT,
        [DB_SECRET_PENDING] = AWSC_SECRET_PENDING,
        [DB_SECRET_PREVIOUS] = AWSC_SECRET_PREVIOUS,
    };
    const struct lrt_database_login *source = user;
    const struct awsc_secret_get get = {
        .name = source->secret_name,
        .stage = stages[stage],
        .refresh = refresh,
    };
    struct awsc_error aws_error;
    const enum svc_status status = awsc_secret_get(source->aws, &get, out, &aws_error);
    char line[AWSC_ERROR_TEXT_BYTES];
    return status == SVC_OK ? SVC_OK
                            : svc_fail(error, status, "%s", awsc_error_text(&aws_error, line));
}

enum svc_status lrt_database_create(const struct lrt_database_login *source,
                                    const struct db_settings *settings,
                                    const struct svc_clock *clock, const struct svc_log *log,
                                    struct db **db, struct svc_error *error) {
    const struct db_options options = {
        .secret = {.get = get_login, .user = (void *)source},
        .name = settings->name,
        .ca_file = settings->ca_file,
        .clock = clock,
        .log = log,
        .trace = awsc_client_trace(source->aws),
        .connect_ms = settings->connect_ms,
        .lock_wait_ms = settings->lock_wait_ms,
    };
    struct db_error own;
    const enum svc_status status = db_create(&options, db, &own);
    return status == SVC_OK ? SVC_OK : svc_fail(error, status, "%s", own.message);
}
