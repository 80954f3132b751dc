/* The SQL files of services/settlement/sql, embedded when the module is built. */
#ifndef SETTLE_MIGRATIONS_H
#define SETTLE_MIGRATIONS_H

#include <stddef.h>

#include "services/db/embedded.h"

extern const struct db_sql settlement_sql;

/* As db_sql_migrations and db_sql_platform_name, of settlement_sql. */
struct db_migration *settle_migrations(const char *platform, size_t *count);
const char *settle_platform_name(size_t index);

#endif
