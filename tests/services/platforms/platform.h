/* The fixtures of platforms (README.md) in a test's database. */
#ifndef TESTS_SERVICES_PLATFORMS_PLATFORM_H
#define TESTS_SERVICES_PLATFORMS_PLATFORM_H

#include "tests/services/db_support.h"

/* Makes the database `shop` anew, with the platform's tables and so many orders. */
void platform_load(struct db_fixture *fixture, const char *platform, int orders);
/* Applies the module's migrations and the platform's mapping; fails the test if that fails. */
void platform_migrate(struct db *db, const char *platform);

#endif
