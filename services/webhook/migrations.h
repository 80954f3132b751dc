/* The SQL files of services/webhook/sql, embedded when the module is built. */
#ifndef WEBHOOK_MIGRATIONS_H
#define WEBHOOK_MIGRATIONS_H

#include <stddef.h>

#include "services/db/embedded.h"

extern const struct db_sql webhook_sql;

/* As db_sql_migrations and db_sql_platform_name, of webhook_sql. */
struct db_migration *webhook_migrations(const char *platform, size_t *count);
const char *webhook_platform_name(size_t index);

#endif
