/* Commands: see commands.h. */
#include "lambda/handlers/webhook/commands.h"

#include <stdio.h>
#include <string.h>

#include "lambda/handlers/webhook/webhook.h"
#include "lambda/runtime/process.h"
#include "services/base/buf.h"
#include "services/webhook/order_state.h"

enum { DONE = 0, FAILED = 1, USAGE = 2 };

#define MAX_DIAGRAM_BYTES ((size_t)64 * 1024)

static int print_states(int argc, char **argv) {
    struct svc_buf out;
    if (argc != 1) {
        (void)fprintf(stderr, "webhook-handler: %s takes no argument\n", argv[0]);
        return USAGE;
    }
    svc_buf_init(&out, MAX_DIAGRAM_BYTES);
    const bool is_done = webhook_write_diagrams(&out) && fputs(svc_buf_text(&out), stdout) != EOF &&
                         fflush(stdout) == 0;
    svc_buf_clear(&out);
    return is_done ? DONE : FAILED;
}

static int migrate(int argc, char **argv) {
    return lrt_migrate_command(&webhook_function_migrations, argc, argv);
}

static const struct command {
    const char *name;
    int (*run)(int argc, char **argv); /* argv[0] is the command */
} commands[] = {
    {"states", print_states},
    {"migrate", migrate},
};

static const struct command *find(const char *word) {
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
        if (strcmp(commands[i].name, word) == 0) {
            return &commands[i];
        }
    }
    return NULL;
}

bool webhook_command_is(const char *word) {
    return find(word) != NULL;
}

int webhook_command_run(int argc, char **argv) {
    const struct command *command = argc > 1 ? find(argv[1]) : NULL;
    lrt_process_harden();
    return command != NULL ? command->run(argc - 1, argv + 1) : USAGE;
}
