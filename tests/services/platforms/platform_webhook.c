/* See platform.h. */
#include "services/webhook/migrations.h"

#include "tests/services/platforms/platform.h"

void platform_migrate(struct db *db, const char *platform) {
    size_t count = 0;
    struct db_migration *migrations = webhook_migrations(platform, &count);
    platform_apply(db, migrations, count);
}
