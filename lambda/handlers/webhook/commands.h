/* The commands of the program by hand: `webhook-handler states`, `webhook-handler migrate`. */
#ifndef WEBHOOK_COMMANDS_H
#define WEBHOOK_COMMANDS_H

#include <stdbool.h>

/* Whether the word is the name of a command. */
bool webhook_command_is(const char *word);
/* Runs the command argv[1]. Returns the exit status. */
int webhook_command_run(int argc, char **argv);

#endif
