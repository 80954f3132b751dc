/* Commands: see commands.h. */
#include "lambda/handlers/webhook/commands.h"

#include <stdio.h>

#include "lambda/handlers/webhook/webhook.h"
#include "lambda/runtime/command.h"
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

static const struct lrt_command commands[] = {
    {"states", print_states},
    {"migrate", migrate},
};

#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

bool webhook_command_is(const char *word) {
    return lrt_command_find(commands, COMMANDS, word) != NULL;
}

int webhook_command_run(int argc, char **argv) {
    return lrt_command_run(commands, COMMANDS, USAGE, argc, argv);
}
