/* The commands of the program by hand: `email-sender render ...`. */
#ifndef EMAIL_COMMANDS_H
#define EMAIL_COMMANDS_H

#include <stdbool.h>

/* Whether the word is the name of a command. */
bool email_command_is(const char *word);
/* Runs the command argv[1]. Returns the exit status. */
int email_command_run(int argc, char **argv);

#endif
