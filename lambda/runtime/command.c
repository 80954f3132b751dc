/* Commands: see command.h. */
#include "lambda/runtime/command.h"

#include <string.h>

#include "lambda/runtime/process.h"

const struct lrt_command *lrt_command_find(const struct lrt_command *commands, size_t count,
                                           const char *word) {
    for (size_t i = 0; i < count; i++) {
        if (strcmp(commands[i].name, word) == 0) {
            return &commands[i];
        }
    }
    return NULL;
}

int lrt_command_run(const struct lrt_command *commands, size_t count, int usage, int argc,
                    char **argv) {
    const struct lrt_command *command =
        argc > 1 ? lrt_command_find(commands, count, argv[1]) : NULL;
    lrt_process_harden();
    return command != NULL ? command->run(argc - 1, argv + 1) : usage;
}
