/* Migrations by command and by event: arguments, members, what is written, exit statuses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "services/db/migrate_run.h"
#include "services/webhook/migrations.h"
#include "tests/services/platforms/platform.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static struct db_fixture f;

static int start(void **state) {
    (void)state;
    return db_fixture_start(&f) ? 0 : -1;
}

static int stop(void **state) {
    (void)state;
    db_fixture_stop(&f);
    return 0;
}

static int fresh(void **state) {
    (void)state;
    db_secrets_reset(&f, false);
    platform_load(&f, "snake_case", 1);
    return 0;
}

/* ---------------------------------------------------------------------- the command */

struct opener {
    int opened;
    enum svc_status status;
};

static enum svc_status open_db(void *user, struct db **db, struct svc_error *error) {
    struct opener *opener = user;
    opener->opened++;
    if (opener->status != SVC_OK) {
        return svc_fail(error, opener->status, "MIGRATION_SECRET_NAME is not set");
    }
    *db = db_of(&f);
    return SVC_OK;
}

struct ran {
    int exit_status, opened;
    char *out, *err;
};

/* Runs "migrate" with up to four words. */
static struct ran run(enum svc_status open_status, const char *const *words) {
    struct ran ran = {0};
    struct opener opener = {.status = open_status};
    size_t out_size = 0, err_size = 0;
    char *argv[6] = {(char *)"migrate"};
    int argc = 1;
    for (; words[argc - 1] != NULL; argc++) {
        argv[argc] = (char *)words[argc - 1];
    }
    FILE *out = open_memstream(&ran.out, &out_size);
    FILE *err = open_memstream(&ran.err, &err_size);
    const struct db_migrate_cli cli = {.program = "webhook-handler",
                                       .subject = "webhooks",
                                       .objects = "views and procedures",
                                       .sql = &webhook_sql,
                                       .out = out,
                                       .err = err,
                                       .open = open_db,
                                       .user = &opener};
    ran.exit_status = db_migrate_run(&cli, argc, argv);
    ran.opened = opener.opened;
    fclose(out);
    fclose(err);
    return ran;
}

static void forget(struct ran *ran) {
    free(ran->out);
    free(ran->err);
}

#define RUN(...) run(SVC_OK, (const char *const[]){__VA_ARGS__, NULL})

static size_t lines_of(const char *text, const char *begin) {
    size_t lines = 0;
    for (const char *at = text; at != NULL && *at != '\0'; at = strchr(at, '\n')) {
        at += *at == '\n';
        lines += strncmp(at, begin, strlen(begin)) == 0;
    }
    return lines;
}

static void the_command_applies_and_shows_each(void **state) {
    (void)state;
    size_t count = 0;
    free(webhook_migrations("snake_case", &count));
    struct ran ran = RUN("snake_case", "--dry-run");
    assert_int_equal(ran.exit_status, DB_MIGRATE_OK);
    assert_int_equal(lines_of(ran.out, "to apply   "), count);
    forget(&ran);
    assert_string_equal(db_sql(&f, "SHOW TABLES LIKE 'inbox'"), "");
    ran = run(SVC_OK, (const char *const[]){NULL});
    assert_int_equal(ran.exit_status, DB_MIGRATE_OK);
    assert_int_equal(lines_of(ran.out, "applied    0"), count - 5);
    assert_null(strstr(ran.out, "mapping"));
    forget(&ran);
    ran = RUN("snake_case");
    assert_int_equal(ran.exit_status, DB_MIGRATE_OK);
    assert_int_equal(lines_of(ran.out, "unchanged  0"), count - 5);
    assert_int_equal(lines_of(ran.out, "applied    mapping/"), 5);
    assert_string_equal(ran.err, "");
    forget(&ran);
    assert_string_equal(db_sql(&f, "SELECT total_won FROM webhook_orders"), "10100.00");
}

static void the_command_writes_json(void **state) {
    (void)state;
    struct ran ran = RUN("--json", "snake_case");
    struct svc_json *document = NULL;
    struct svc_error error;
    int64_t applied = 0;
    assert_int_equal(ran.exit_status, DB_MIGRATE_OK);
    assert_int_equal(svc_json_parse(ran.out, strlen(ran.out), 0, &document, &error), SVC_OK);
    assert_string_equal(svc_json_get_text(document, "status"), "ok");
    assert_string_equal(svc_json_get_text(document, "platform"), "snake_case");
    assert_true(svc_json_get_int(document, "applied", &applied));
    assert_int_equal(applied, svc_json_count(svc_json_get(document, "migrations")));
    assert_true(applied > 5);
    svc_json_free(document);
    forget(&ran);
}

static void wrong_arguments_reach_no_database(void **state) {
    (void)state;
    static const char *const wrong[][3] = {{"nobody"}, {"--wrong"}, {"snake_case", "camel_case"},
                                           {""},       {"-"},       {"", "snake_case"}};
    for (size_t i = 0; i < COUNT(wrong); i++) {
        struct ran ran = run(SVC_OK, wrong[i]);
        assert_int_equal(ran.exit_status, DB_MIGRATE_USAGE);
        assert_int_equal(ran.opened, 0);
        assert_string_equal(ran.out, "");
        assert_string_not_equal(ran.err, "");
        forget(&ran);
    }
    struct ran ran = RUN("--help");
    assert_int_equal(ran.exit_status, DB_MIGRATE_OK);
    assert_non_null(strstr(ran.out, "usage: webhook-handler migrate"));
    assert_int_equal(ran.opened, 0);
    forget(&ran);
    ran = RUN("--list");
    assert_int_equal(ran.exit_status, DB_MIGRATE_OK);
    assert_string_equal(ran.out, "camel_case\nsnake_case\ninvented\n");
    assert_int_equal(ran.opened, 0);
    forget(&ran);
}

static void failures_are_named_and_have_their_exit_status(void **state) {
    (void)state;
    struct ran ran = run(SVC_CONFIGURATION, (const char *const[]){"snake_case", NULL});
    assert_int_equal(ran.exit_status, DB_MIGRATE_SETTINGS);
    assert_string_equal(ran.err, "webhook-handler: MIGRATION_SECRET_NAME is not set\n");
    forget(&ran);
    /* The mapping of another platform: its tables are not there. */
    ran = RUN("camel_case");
    assert_int_equal(ran.exit_status, DB_MIGRATE_FAILED);
    assert_non_null(strstr(ran.out, "applied    0001_inbox\n"));
    assert_memory_equal(ran.err, "webhook-handler: mapping/01_webhook_orders: ", 44);
    assert_null(strstr(ran.err, "canary"));
    forget(&ran);
    ran = RUN("camel_case", "--json");
    assert_int_equal(ran.exit_status, DB_MIGRATE_FAILED);
    assert_non_null(
        strstr(ran.out, "\"status\":\"failed\",\"failed\":\"mapping/01_webhook_orders\""));
    forget(&ran);
    f.secrets.current = "another password";
    ran = RUN("snake_case");
    assert_int_equal(ran.exit_status, DB_MIGRATE_FAILED);
    assert_non_null(strstr(ran.err, "1045"));
    forget(&ran);
}

/* ---------------------------------------------------------------------- the event */

static enum svc_status handle(struct db *db, const char *text, struct svc_buf *result,
                              struct db_error *error) {
    struct svc_json *document = NULL;
    struct svc_error reason;
    assert_int_equal(svc_json_parse(text, strlen(text), 0, &document, &reason), SVC_OK);
    assert_true(db_migrate_is_event(document));
    svc_buf_reset(result);
    const enum svc_status status = db_migrate_event(&webhook_sql, db, document, result, error);
    svc_json_wipe(document);
    return status;
}

static void an_event_applies_what_it_names(void **state) {
    (void)state;
    struct db *db = db_of(&f);
    struct svc_buf result;
    struct db_error error;
    svc_buf_init(&result, 65536);
    assert_int_equal(handle(db, "{\"migrate\":true,\"platform\":\"snake_case\",\"dryRun\":true}",
                            &result, &error),
                     SVC_OK);
    assert_non_null(strstr(svc_buf_text(&result), "{\"dryRun\":true,\"platform\":\"snake_case\""));
    assert_string_equal(db_sql(&f, "SHOW TABLES LIKE 'inbox'"), "");
    assert_int_equal(handle(db, "{\"migrate\":true}", &result, &error), SVC_OK);
    assert_non_null(strstr(svc_buf_text(&result), "\"unchanged\":0,\"status\":\"ok\"}"));
    assert_string_equal(db_sql(&f, "SHOW TABLES LIKE 'webhook%%'"), "");
    assert_int_equal(
        handle(db, "{\"migrate\":true,\"platform\":\"snake_case\",\"other\":1}", &result, &error),
        SVC_OK);
    assert_non_null(strstr(svc_buf_text(&result), "\"applied\":5,"));
    assert_int_equal(handle(db, "{\"migrate\":true,\"platform\":\"camel_case\"}", &result, &error),
                     SVC_NO_RESOURCE);
    assert_non_null(strstr(svc_buf_text(&result), "\"failed\":\"mapping/01_webhook_orders\""));
    svc_buf_clear(&result);
    db_destroy(db);
}

static void an_event_that_is_not_as_stated_connects_to_nothing(void **state) {
    (void)state;
    static const char *const wrong[] = {
        "{\"migrate\":false}",
        "{\"migrate\":1}",
        "{\"migrate\":\"true\"}",
        "{\"migrate\":null}",
        "{\"migrate\":true,\"dryRun\":\"yes\"}",
        "{\"migrate\":true,\"dryRun\":1}",
        "{\"migrate\":true,\"platform\":\"nobody\"}",
        "{\"migrate\":true,\"platform\":\"\"}",
        "{\"migrate\":true,\"platform\":7}",
        "{\"migrate\":true,\"platform\":\"snake_case\\u0000\"}",
        "{\"migrate\":true,\"platform\":{}}",
    };
    struct db *db = db_of(&f);
    struct svc_buf result;
    struct db_error error;
    svc_buf_init(&result, 65536);
    for (size_t i = 0; i < COUNT(wrong); i++) {
        assert_int_equal(handle(db, wrong[i], &result, &error), SVC_INVALID_ARGUMENT);
        assert_int_equal(result.size_bytes, 0);
        assert_non_null(strstr(error.message, "the event's"));
    }
    assert_int_equal(db_counts(db).logins, 0);
    svc_buf_clear(&result);
    db_destroy(db);
    assert_false(db_migrate_is_event(NULL));
}

static void the_settings_have_a_secret_of_their_own(void **state) {
    (void)state;
    struct svc_settings from;
    struct db_settings settings;
    struct svc_error error;
    struct test_environment environment;
    test_environment_init(&environment);
    test_environment_set(&environment, "DB_SECRET_NAME", "function/login");
    test_environment_set(&environment, "DB_NAME", "shop");
    svc_settings_init(&from, &environment.environment, &error);
    db_migrate_settings_read(&from, &settings);
    assert_int_equal(from.status, SVC_CONFIGURATION);
    assert_non_null(strstr(error.detail, "MIGRATION_SECRET_NAME"));
    test_environment_set(&environment, "MIGRATION_SECRET_NAME", "migrate/login");
    svc_settings_init(&from, &environment.environment, &error);
    db_migrate_settings_read(&from, &settings);
    assert_int_equal(from.status, SVC_OK);
    assert_string_equal(settings.secret_name, "migrate/login");
    assert_string_equal(settings.name, "shop");
}

/* ---------------------------------------------------------------------- embedding */

#define EMBED "sh services/db/embed.sh "
#define OBJECTS                                                                                    \
    "'VIEW webhook_orders;VIEW webhook_contacts;VIEW webhook_items;PROCEDURE "                     \
    "webhook_store_payment;PROCEDURE webhook_store_shipping'"
#define OWN   " services/webhook/sql/migrations "
#define SNAKE "services/webhook/sql/platforms/snake_case"

/* The script's exit status, and what it wrote to `folder`/out.c. */
static int embed(const char *folder, const char *arguments) {
    char command[512];
    snprintf(command, sizeof(command), EMBED "%s/out.c webhook " OBJECTS OWN "%s 2>%s/err", folder,
             arguments, folder);
    return system(command);
}

static void a_mapping_that_is_not_whole_is_not_built_in(void **state) {
    (void)state;
    char folder[] = "/tmp/test-embed-XXXXXX", command[512];
    assert_non_null(mkdtemp(folder));
    snprintf(command, sizeof(command),
             "cd %s && mkdir empty part crlf && cp "
             "\"$OLDPWD\"/" SNAKE "/0[1-4]*.sql part && "
             "for f in \"$OLDPWD\"/" SNAKE
             "/*.sql; do sed 's/$/\r/' \"$f\" >crlf/\"${f##*/}\"; done",
             folder);
    assert_int_equal(system(command), 0);
    char arguments[256];
    assert_int_equal(embed(folder, SNAKE), 0);
    snprintf(command, sizeof(command), "mv %s/out.c %s/first.c", folder, folder);
    assert_int_equal(system(command), 0);
    /* Lines that end in CRLF make the same text. */
    snprintf(arguments, sizeof(arguments), "snake_case=%s/crlf", folder);
    assert_int_equal(embed(folder, arguments), 0);
    snprintf(command, sizeof(command), "cmp %s/out.c %s/first.c && rm %s/out.c", folder, folder,
             folder);
    assert_int_equal(system(command), 0);
    static const struct {
        const char *before, *after; /* the folder between them; after NULL: no folder */
    } refused[] = {{"", "/empty"},       {"", "/part"},     {"", "/nowhere"},
                   {"Big=" SNAKE, NULL}, {"=" SNAKE, NULL}, {SNAKE " snake_case=" SNAKE, NULL}};
    for (size_t i = 0; i < COUNT(refused); i++) {
        snprintf(arguments, sizeof(arguments), "%s%s%s", refused[i].before,
                 refused[i].after != NULL ? folder : "",
                 refused[i].after != NULL ? refused[i].after : "");
        assert_int_not_equal(embed(folder, arguments), 0);
        snprintf(command, sizeof(command), "test -s %s/err && test ! -e %s/out.c", folder, folder);
        assert_int_equal(system(command), 0);
    }
    snprintf(command, sizeof(command), "rm -r %s", folder);
    assert_int_equal(system(command), 0);
}

#define TEST(name) cmocka_unit_test_setup(name, fresh)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(the_command_applies_and_shows_each),
        TEST(the_command_writes_json),
        cmocka_unit_test(wrong_arguments_reach_no_database),
        TEST(failures_are_named_and_have_their_exit_status),
        TEST(an_event_applies_what_it_names),
        TEST(an_event_that_is_not_as_stated_connects_to_nothing),
        cmocka_unit_test(the_settings_have_a_secret_of_their_own),
        cmocka_unit_test(a_mapping_that_is_not_whole_is_not_built_in),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
