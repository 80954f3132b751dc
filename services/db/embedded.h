/* The SQL files of a module, embedded by embed.sh when the module is built: its own tables, and the
 * mappings of platforms. */
#ifndef DB_EMBEDDED_H
#define DB_EMBEDDED_H

#include <stdbool.h>
#include <stddef.h>

#include "services/db/migrate.h"

struct db_sql_file {
    const char *name, *sql;
};
struct db_sql_folder {
    const char *name; /* "": the own tables, the first folder */
    const struct db_sql_file *files;
    size_t count;
};
/* Constants, of which embed.sh writes one for each module. */
struct db_sql {
    const struct db_sql_folder *folders;
    size_t count; /* at least 1 */
};

/* The module's own tables, then the mapping of that platform as repeatable migrations
 * ("mapping/..."). platform NULL or "": own tables alone. NULL: there is no such platform, or no
 * memory. The array is the caller's to free; texts are constants. */
struct db_migration *db_sql_migrations(const struct db_sql *sql, const char *platform,
                                       size_t *count);

/* The platforms that are built in, in the order of the build; NULL beyond the last. */
const char *db_sql_platform_name(const struct db_sql *sql, size_t index);
bool db_sql_has_platform(const struct db_sql *sql, const char *platform);

#endif
