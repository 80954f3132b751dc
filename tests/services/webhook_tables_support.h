/* For tests with a MariaDB server: makes tables of the webhooks' module from its migrations. */
#ifndef TESTS_WEBHOOK_TABLES_SUPPORT_H
#define TESTS_WEBHOOK_TABLES_SUPPORT_H

#include <stdio.h>
#include <string.h>

#include "tests/services/db_support.h"

/* A migration's statement on one line, without its comments. */
static inline void make_table(struct db_fixture *fixture, const char *name) {
    char path[160], line[1024], sql[8000] = "USE shop; ";
    size_t used = strlen(sql);
    snprintf(path, sizeof(path), "services/webhook/sql/migrations/%s.sql", name);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    while (fgets(line, sizeof(line), file) != NULL) {
        if (strncmp(line, "--", 2) != 0) {
            line[strcspn(line, "\n")] = ' ';
            used += (size_t)snprintf(sql + used, sizeof(sql) - used, "%s", line);
            assert_true(used < sizeof(sql));
        }
    }
    fclose(file);
    db_command_of(fixture, "sql %s", sql);
}

#endif
