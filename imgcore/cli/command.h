/* The commands, for main.c: each gets the words after its name and returns an enum cli_exit. */
#ifndef CLI_COMMAND_H
#define CLI_COMMAND_H

int cli_variants(int argc, char **argv);
int cli_resize(int argc, char **argv);
int cli_info(int argc, char **argv);
int cli_targets(int argc, char **argv);

#endif
