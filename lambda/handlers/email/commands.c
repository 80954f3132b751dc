/* Commands: see commands.h. */
#include "lambda/handlers/email/commands.h"

#include <stdio.h>
#include <string.h>

#include "lambda/handlers/email/dead_letters.h"
#include "lambda/runtime/process.h"
#include "services/base/clock.h"
#include "services/base/environment.h"
#include "services/email/cli_render.h"

struct command {
    const char *name;
    int (*run)(const struct email_cli *cli, int argc, char **argv);
};

static const struct command commands[] = {
    {"render", email_cli_render},
    {"check", email_cli_check},
    {"schema", email_cli_schema},
    {"dead-letters", email_dead_letters},
};

static const struct command *find(const char *word) {
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
        if (strcmp(commands[i].name, word) == 0) {
            return &commands[i];
        }
    }
    return NULL;
}

static const char *read_setting(void *user, const char *name) {
    (void)user;
    return svc_setting(svc_environment_system(), name);
}

bool email_command_is(const char *word) {
    return find(word) != NULL;
}

int email_command_run(int argc, char **argv) {
    const struct command *command = argc > 1 ? find(argv[1]) : NULL;
    const struct email_cli cli = {.program = "email-sender",
                                  .in = stdin,
                                  .out = stdout,
                                  .err = stderr,
                                  .setting = read_setting,
                                  .now_ms = svc_wall_ms(svc_clock_system())};
    lrt_process_harden();
    return command != NULL ? command->run(&cli, argc - 1, argv + 1) : EMAIL_CLI_USAGE;
}
