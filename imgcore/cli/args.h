/* Reading a command line: options from tables, which the help is also printed from, so that the two
 * always agree. Used by every command.
 *
 * Accepted: --name VALUE, --name=VALUE, -x VALUE, -xVALUE, flags without a value, operands in any
 * position, "--" before operands that start with a dash, and "-" as an operand. */
#ifndef CLI_ARGS_H
#define CLI_ARGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* The exit status of the command. */
enum cli_exit {
    CLI_DONE = 0,    /* everything done */
    CLI_REFUSED = 1, /* some input rejected or some output not written; the others are done */
    CLI_USAGE = 2    /* the command line is wrong; nothing was done */
};

enum { CLI_OPERAND = -1 }; /* the id passed to accept for an operand */

struct cli_option {
    int id;
    char letter;       /* short form; 0: none */
    const char *name;  /* long form without dashes; NULL ends a table */
    const char *value; /* name of the value in the help; NULL: a flag */
    const char *help;
};

/* One word of the command line, for accept and for messages about it. */
struct cli_word {
    const char *command; /* "resize" */
    const char *option;  /* as typed ("--size" or "-o"); NULL for an operand */
    const char *text;    /* the value or the operand; NULL for a flag */
};

/* Stores one option or operand in `target`; false after a message about an error in it. */
typedef bool cli_accept_fn(void *target, int id, const struct cli_word *word);

struct cli_option_group {
    const char *title; /* of its part of the help */
    const struct cli_option *options;
    cli_accept_fn *accept;
    void *target;
};

struct cli_command_line {
    const char *command;
    const char *usage; /* the text after "imgcore" in the first line of the help */
    const char *about; /* paragraphs after it */
    const struct cli_option_group *groups; /* operands are passed to the first one */
    size_t group_count;
};

enum cli_parse { CLI_PARSED, CLI_HELP_SHOWN, CLI_PARSE_FAILED };

/* Parses argv[0..argc). CLI_HELP_SHOWN: --help was given, and its text is on stdout. */
enum cli_parse cli_parse(const struct cli_command_line *line, int argc, char **argv);

/* Prints "imgcore: ... (see imgcore COMMAND --help)" to stderr; command NULL: "imgcore --help".
 * Always returns false, for use in `return`. */
bool cli_usage_error(const char *command, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Values. Each function returns false after a message about an error in the word. */
bool cli_take_number(const struct cli_word *word, uint64_t least, uint64_t most, uint64_t *number);
/* One of `count` names; *index is its position. */
bool cli_take_choice(const struct cli_word *word, const char *const *names, size_t count,
                     int *index);
/* WxH, Wx or xH: 0 for the side without a bound. */
bool cli_take_size(const struct cli_word *word, const char *text, uint32_t *width,
                   uint32_t *height);
/* LEFT,TOP,WxH. */
struct cli_rectangle {
    uint32_t left, top, width, height; /* width and height are not 0 */
};
bool cli_take_rectangle(const struct cli_word *word, struct cli_rectangle *rectangle);
/* WIDTHxHEIGHTxCHANNELS: sides of 1 to 16777215, 1 to 4 channels. */
struct cli_layout {
    uint32_t width, height, channels;
};
bool cli_take_layout(const struct cli_word *word, struct cli_layout *layout);
/* #rrggbb or #rrggbbaa, the # is optional. */
bool cli_take_color(const struct cli_word *word, uint8_t rgba[4]);

#endif
