/* See platform.h. */
#include "services/settlement/migrations.h"

#include "tests/services/platforms/platform.h"

void platform_migrate_settlement(struct db *db, const char *platform) {
    size_t count = 0;
    struct db_migration *migrations = settle_migrations(platform, &count);
    platform_apply(db, migrations, count);
}
