/* See migrations.h. */
#include "services/webhook/migrations.h"

struct db_migration *webhook_migrations(const char *platform, size_t *count) {
    return db_sql_migrations(&webhook_sql, platform, count);
}

const char *webhook_platform_name(size_t index) {
    return db_sql_platform_name(&webhook_sql, index);
}
