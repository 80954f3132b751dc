/* Embedded SQL files as migrations: see embedded.h. */
#include "services/db/embedded.h"

#include <stdlib.h>
#include <string.h>

const char *db_sql_platform_name(const struct db_sql *sql, size_t index) {
    return index < sql->count - 1 ? sql->folders[index + 1].name : NULL;
}

static const struct db_sql_folder *find(const struct db_sql *sql, const char *platform) {
    for (size_t i = 1; i < sql->count; i++) {
        if (strcmp(sql->folders[i].name, platform) == 0) {
            return &sql->folders[i];
        }
    }
    return NULL;
}

bool db_sql_has_platform(const struct db_sql *sql, const char *platform) {
    return find(sql, platform) != NULL;
}

static size_t append(struct db_migration *migrations, size_t count,
                     const struct db_sql_folder *folder, enum db_migration_kind kind) {
    for (size_t i = 0; i < folder->count; i++) {
        migrations[count++] = (struct db_migration){
            .name = folder->files[i].name, .sql = folder->files[i].sql, .kind = kind};
    }
    return count;
}

struct db_migration *db_sql_migrations(const struct db_sql *sql, const char *platform,
                                       size_t *count) {
    const struct db_sql_folder *own = &sql->folders[0];
    const struct db_sql_folder *mapping = NULL;
    *count = 0;
    if (platform != NULL && platform[0] != '\0') {
        mapping = find(sql, platform);
        if (mapping == NULL) {
            return NULL;
        }
    }
    struct db_migration *migrations =
        calloc(own->count + (mapping != NULL ? mapping->count : 0), sizeof(*migrations));
    if (migrations == NULL) {
        return NULL;
    }
    *count = append(migrations, 0, own, DB_MIGRATION_ONCE);
    if (mapping != NULL) {
        *count = append(migrations, *count, mapping, DB_MIGRATION_REPEATABLE);
    }
    return migrations;
}
