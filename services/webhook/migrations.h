/* The SQL files of services/webhook/sql, embedded when the module is built. */
#ifndef WEBHOOK_MIGRATIONS_H
#define WEBHOOK_MIGRATIONS_H

#include <stddef.h>

#include "services/db/migrate.h"

/* The module's own tables, then the mapping of that platform as repeatable ones ("mapping/...").
 * platform NULL or "": own tables alone. NULL: there is no such platform, or no memory. The array
 * is the caller's to free; texts are constants. */
struct db_migration *webhook_migrations(const char *platform, size_t *count);

/* The platforms that are built in, sorted; NULL beyond the last. */
const char *webhook_platform_name(size_t index);

/* ---------------------------------------------------------------------- generated */

/* What sql/embed.sh writes. */
struct webhook_sql_file {
    const char *name, *sql;
};
struct webhook_sql_folder {
    const char *name; /* "": the own tables, the first folder */
    const struct webhook_sql_file *files;
    size_t count;
};
extern const struct webhook_sql_folder webhook_sql_folders[];
extern const size_t webhook_sql_folder_count;

#endif
