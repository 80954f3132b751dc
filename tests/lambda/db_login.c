/* db_login HOST PORT USER CA_FILE [TIMES]: logs in to a server with the password of the
 * environment's DB_PASSWORD, as a function does, and prints a line: "OK user@host TLSv1.3", or the
 * status and the sentence. TIMES: so often, each on a new connection, and the CPU time that one
 * takes is added. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "services/base/json.h"
#include "services/base/text.h"
#include "services/db/statement.h"

#define DEADLINE_MS 20000

static enum svc_status get_secret(void *user, enum db_secret_stage stage, bool refresh,
                                  struct svc_buf *out, struct svc_error *error) {
    char *const *arguments = user;
    struct svc_json_writer writer;
    (void)refresh;
    (void)error;
    if (stage != DB_SECRET_CURRENT) {
        return SVC_NOT_FOUND;
    }
    svc_json_writer_init(&writer, out);
    svc_json_begin_object(&writer);
    svc_json_add_text(&writer, "host", arguments[1]);
    svc_json_add_int(&writer, "port", strtol(arguments[2], NULL, 10));
    svc_json_add_text(&writer, "username", arguments[3]);
    svc_json_add_text(&writer, "password", getenv("DB_PASSWORD"));
    svc_json_end_object(&writer);
    return SVC_OK;
}

struct report {
    char user[160], tls[32];
};

static bool keep(char *to, size_t size_bytes, const struct db_value *value) {
    char text[160];
    snprintf(text, sizeof(text), "%.*s", (int)value->size_bytes, (const char *)value->bytes);
    return svc_copy_text(to, size_bytes, text);
}

static bool take_user(void *user, const struct db_value *row) {
    return keep(((struct report *)user)->user, sizeof(((struct report *)user)->user), &row[0]);
}

static bool take_tls(void *user, const struct db_value *row) {
    return keep(((struct report *)user)->tls, sizeof(((struct report *)user)->tls), &row[1]);
}

static enum svc_status ask(struct db *db, struct report *report, struct db_error *error) {
    static const struct db_column texts[] = {{.type = DB_TEXT, .max_bytes = 150},
                                             {.type = DB_TEXT, .max_bytes = 150}};
    static const struct db_statement user = {"SELECT CURRENT_USER()", texts, 1};
    static const struct db_statement tls = {"SHOW SESSION STATUS LIKE 'Ssl_version'", texts, 2};
    const struct db_query queries[] = {{.statement = &user, .row = take_user, .user = report},
                                       {.statement = &tls, .row = take_tls, .user = report}};
    enum svc_status status = db_run(db, &queries[0], NULL, error);
    return status != SVC_OK ? status : db_run(db, &queries[1], NULL, error);
}

int main(int argc, char **argv) {
    struct report report = {"", ""};
    struct db_error error;
    struct db *db = NULL;
    if (argc < 5 || argc > 6 || getenv("DB_PASSWORD") == NULL) {
        fputs("db_login HOST PORT USER CA_FILE [TIMES], with DB_PASSWORD in the environment\n",
              stderr);
        return 2;
    }
    const long times = argc == 6 ? strtol(argv[5], NULL, 10) : 0;
    struct db_options options = {
        .secret = {get_secret, argv}, .name = "shop", .ca_file = argv[4], .connect_ms = 5000};
    enum svc_status status = db_create(&options, &db, &error);
    const clock_t begin = clock();
    for (long i = 0; status == SVC_OK && i < times; i++) {
        db_disconnect(db);
        status = db_connect(db, &error);
    }
    const double cpu_ms = (double)(clock() - begin) * 1000 / CLOCKS_PER_SEC;
    if (status == SVC_OK) {
        db_set_deadline(db, svc_deadline_in(svc_clock_system(), DEADLINE_MS));
        status = ask(db, &report, &error);
    }
    if (status != SVC_OK) {
        printf("%s %s\n", svc_status_name(status), error.message);
    } else if (times > 0) {
        printf("OK %s %s %.3f\n", report.user, report.tls, cpu_ms / (double)times);
    } else {
        printf("OK %s %s\n", report.user, report.tls);
    }
    db_destroy(db);
    return 0;
}
