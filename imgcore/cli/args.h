/* Reading a command line: options from tables, which the help is printed from as well, so that the
 * two cannot disagree. Used by every command.
 *
 * Understood: --name VALUE, --name=VALUE, -x VALUE, -xVALUE, flags without a value, operands in any
 * place, "--" before operands that begin with a dash, and "-" as an operand. */
#ifndef CLI_ARGS_H
#define CLI_ARGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* What the command answers to the shell. */
enum cli_exit {
    CLI_DONE = 0,    /* everything done */
    CLI_REFUSED = 1, /* some input refused or some output not written; the others are done */
    CLI_USAGE = 2    /* the command line is wrong; nothing was done */
};

enum { CLI_OPERAND = -1 }; /* the id accept gets for what is no option */

struct cli_option {
    int id;
    char letter;       /* short form; 0: none */
    const char *name;  /* long form without dashes; NULL ends a table */
    const char *value; /* what the help calls the value; NULL: a flag */
    const char *help;
};

/* One word of the command line, for accept and for messages about it. */
struct cli_word {
    const char *command; /* "resize" */
    const char *option;  /* as typed ("--size" or "-o"); NULL for an operand */
    const char *text;    /* the value or the operand; NULL for a flag */
};

/* Takes one option or operand into `target`; false after having said what is wrong with it. */
typedef bool cli_accept_fn(void *target, int id, const struct cli_word *word);

struct cli_option_group {
    const char *title; /* of its part of the help */
    const struct cli_option *options;
    cli_accept_fn *accept;
    void *target;
};

struct cli_command_line {
    const char *command;
    const char *usage; /* what follows "imgcore" in the first line of the help */
    const char *about; /* paragraphs after it */
    const struct cli_option_group *groups; /* operands go to the first one */
    size_t group_count;
};

enum cli_parse { CLI_PARSED, CLI_HELP_SHOWN, CLI_PARSE_FAILED };

/* Walks argv[0..argc). CLI_HELP_SHOWN: --help was among them, and its text is on stdout. */
enum cli_parse cli_parse(const struct cli_command_line *line, int argc, char **argv);

/* Says "imgcore: ... (see imgcore COMMAND --help)" on stderr; command NULL: "imgcore --help".
 * Always false, for `return`. */
bool cli_usage_error(const char *command, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Values. Each is false after having said what is wrong with the word. */
bool cli_take_number(const struct cli_word *word, uint64_t least, uint64_t most, uint64_t *number);
/* One of `count` names; *index is its place. */
bool cli_take_choice(const struct cli_word *word, const char *const *names, size_t count,
                     int *index);
/* WxH, Wx or xH: 0 for the side left open. */
bool cli_take_size(const struct cli_word *word, const char *text, uint32_t *width,
                   uint32_t *height);
/* #rrggbb or #rrggbbaa, the # may be left away. */
bool cli_take_color(const struct cli_word *word, uint8_t rgba[4]);

#endif
