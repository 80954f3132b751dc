/* The fixtures of platforms (README.md) in a test's database. */
#ifndef TESTS_SERVICES_PLATFORMS_PLATFORM_H
#define TESTS_SERVICES_PLATFORMS_PLATFORM_H

#include "services/db/migrate.h"
#include "tests/services/db_support.h"

/* Makes the database `shop` anew, with the platform's tables and so many orders. */
void platform_load(struct db_fixture *fixture, const char *platform, int orders);
/* Applies a module's tables and its mapping of the platform; fails the test if that fails. Each in
 * a source of its own, which needs the module's library. */
void platform_migrate(struct db *db, const char *platform); /* of the webhooks */
void platform_migrate_settlement(struct db *db, const char *platform);
/* Applies and frees migrations. */
void platform_apply(struct db *db, struct db_migration *migrations, size_t count);

#endif
