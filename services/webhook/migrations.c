/* The embedded SQL files as migrations: see migrations.h. */
#include "services/webhook/migrations.h"

#include <stdlib.h>
#include <string.h>

const char *webhook_platform_name(size_t index) {
    return index < webhook_sql_folder_count - 1 ? webhook_sql_folders[index + 1].name : NULL;
}

static const struct webhook_sql_folder *find(const char *platform) {
    for (size_t i = 1; i < webhook_sql_folder_count; i++) {
        if (strcmp(webhook_sql_folders[i].name, platform) == 0) {
            return &webhook_sql_folders[i];
        }
    }
    return NULL;
}

static size_t append(struct db_migration *migrations, size_t count,
                     const struct webhook_sql_folder *folder, enum db_migration_kind kind) {
    for (size_t i = 0; i < folder->count; i++) {
        migrations[count++] = (struct db_migration){
            .name = folder->files[i].name, .sql = folder->files[i].sql, .kind = kind};
    }
    return count;
}

struct db_migration *webhook_migrations(const char *platform, size_t *count) {
    const struct webhook_sql_folder *own = &webhook_sql_folders[0];
    const struct webhook_sql_folder *mapping = NULL;
    *count = 0;
    if (platform != NULL && platform[0] != '\0') {
        mapping = find(platform);
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
