/* Commands of a function's program by hand: `PROGRAM COMMAND ...`. */
#ifndef LRT_COMMAND_H
#define LRT_COMMAND_H

#include <stddef.h>

struct lrt_command {
    const char *name;
    int (*run)(int argc, char **argv); /* argv[0] is the command */
};

/* NULL: none has this name. */
const struct lrt_command *lrt_command_find(const struct lrt_command *commands, size_t count,
                                           const char *word);
/* Hardens the process and runs the command argv[1]. Returns its exit status; usage: argv[1] is
 * none of them. */
int lrt_command_run(const struct lrt_command *commands, size_t count, int usage, int argc,
                    char **argv);

#endif
