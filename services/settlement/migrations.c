/* See migrations.h. */
#include "services/settlement/migrations.h"

struct db_migration *settle_migrations(const char *platform, size_t *count) {
    return db_sql_migrations(&settlement_sql, platform, count);
}

const char *settle_platform_name(size_t index) {
    return db_sql_platform_name(&settlement_sql, index);
}
