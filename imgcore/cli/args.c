/* Reading a command line: see args.h. */
#include "imgcore/cli/args.h"

#include <stdarg.h>
#include <string.h>

#include "imgcore/cli/text.h"

enum { OPTION_COLUMN = 26 }; /* column at which the explanations of the help start */

/* A side of more is no size: the library's limits are far below it. */
#define MOST_SIDE_PX UINT64_C(16777215)

bool cli_usage_error(const char *command, const char *format, ...) {
    char message[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    fputs("imgcore: ", stderr);
    cli_print_safe(stderr, message);
    fprintf(stderr, " (see imgcore %s%s--help)\n", command ? command : "", command ? " " : "");
    return false;
}

static void print_option(FILE *out, const struct cli_option *option) {
    char left[80];
    char letter[8] = "";
    if (option->letter) {
        snprintf(letter, sizeof letter, "-%c, ", option->letter);
    }
    snprintf(left, sizeof left, "  %s--%s%s%s", letter, option->name, option->value ? " " : "",
             option->value ? option->value : "");
    fprintf(out, "%-*s", OPTION_COLUMN, left);
    if (strlen(left) >= OPTION_COLUMN) {
        fprintf(out, "\n%*s", OPTION_COLUMN, "");
    }
    for (const char *c = option->help; *c; c++) {
        fputc(*c, out);
        if (*c == '\n') {
            fprintf(out, "%*s", OPTION_COLUMN, "");
        }
    }
    fputc('\n', out);
}

static void print_help(const struct cli_command_line *line) {
    printf("usage: imgcore %s\n\n%s", line->usage, line->about);
    for (size_t g = 0; g < line->group_count; g++) {
        const struct cli_option_group *group = &line->groups[g];
        printf("\n%s:\n", group->title);
        for (const struct cli_option *o = group->options; o->name; o++) {
            print_option(stdout, o);
        }
        if (g == 0) {
            static const struct cli_option help = {0, 'h', "help", NULL, "print this and exit"};
            print_option(stdout, &help);
        }
    }
}

/* Finds the option that a word names: the first name_length bytes of `name`, without dashes. */
static const struct cli_option *find_option(const struct cli_command_line *line, const char *name,
                                            size_t name_length, bool is_letter,
                                            const struct cli_option_group **group) {
    for (size_t g = 0; g < line->group_count; g++) {
        for (const struct cli_option *o = line->groups[g].options; o->name; o++) {
            bool match = is_letter ? o->letter && o->letter == name[0]
                                   : strlen(o->name) == name_length &&
                                         memcmp(o->name, name, name_length) == 0;
            if (match) {
                *group = &line->groups[g];
                return o;
            }
        }
    }
    return NULL;
}

/* Reads one option at argv[*at]; moves *at past a value that is a word of its own. */
static bool take_option(const struct cli_command_line *line, int argc, char **argv, int *at) {
    const char *word = argv[*at];
    bool is_letter = word[1] != '-';
    const char *name = word + (is_letter ? 1 : 2);
    size_t name_length = is_letter ? 1 : strcspn(name, "=");
    const struct cli_option_group *group = NULL;
    const struct cli_option *option = find_option(line, name, name_length, is_letter, &group);
    int typed = (int)(name_length + (is_letter ? 1 : 2));
    if (!option) {
        return cli_usage_error(line->command, "unknown option %.*s", is_letter ? 64 : typed, word);
    }
    char option_text[64];
    snprintf(option_text, sizeof option_text, "%.*s", typed, word);
    struct cli_word taken = {line->command, option_text, NULL};
    /* The value of a letter starts directly after it: -o=x means a value of "=x", as with getopt.
     */
    const char *attached = name + name_length + (is_letter ? 0 : 1);
    bool is_attached = name[name_length] != '\0';
    if (!option->value) {
        if (is_attached) {
            return cli_usage_error(line->command, "%s takes no value", option_text);
        }
    } else if (is_attached) {
        taken.text = attached;
    } else if (*at + 1 < argc) {
        taken.text = argv[++*at];
    } else {
        return cli_usage_error(line->command, "%s needs a value: %s", option_text, option->value);
    }
    return group->accept(group->target, option->id, &taken);
}

static bool asks_for_help(int argc, char **argv) {
    for (int i = 0; i < argc && strcmp(argv[i], "--") != 0; i++) {
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
            return true;
        }
    }
    return false;
}

enum cli_parse cli_parse(const struct cli_command_line *line, int argc, char **argv) {
    if (asks_for_help(argc, argv)) {
        print_help(line);
        return CLI_HELP_SHOWN;
    }
    bool only_operands = false;
    for (int i = 0; i < argc; i++) {
        bool is_option = !only_operands && argv[i][0] == '-' && argv[i][1] != '\0';
        if (is_option && strcmp(argv[i], "--") == 0) {
            only_operands = true;
        } else if (is_option) {
            if (!take_option(line, argc, argv, &i)) {
                return CLI_PARSE_FAILED;
            }
        } else {
            const struct cli_word operand = {line->command, NULL, argv[i]};
            if (!line->groups[0].accept(line->groups[0].target, CLI_OPERAND, &operand)) {
                return CLI_PARSE_FAILED;
            }
        }
    }
    return CLI_PARSED;
}

/* Reads decimal digits at *text and moves past them; false if there are none or the number is above
 * `most`. */
static bool read_digits(const char **text, uint64_t most, uint64_t *number) {
    uint64_t n = 0;
    const char *c = *text;
    if (*c < '0' || *c > '9') {
        return false;
    }
    for (; *c >= '0' && *c <= '9'; c++) {
        uint64_t digit = (uint64_t)(*c - '0');
        if (n > (most - digit) / 10 || digit > most) {
            return false;
        }
        n = n * 10 + digit;
    }
    *text = c;
    *number = n;
    return true;
}

bool cli_take_number(const struct cli_word *word, uint64_t least, uint64_t most, uint64_t *number) {
    const char *end = word->text;
    uint64_t n = 0;
    if (!read_digits(&end, most, &n) || *end != '\0' || n < least) {
        return cli_usage_error(word->command, "%s: '%s' is not an integer from %llu to %llu",
                               word->option, word->text, (unsigned long long)least,
                               (unsigned long long)most);
    }
    *number = n;
    return true;
}

bool cli_take_choice(const struct cli_word *word, const char *const *names, size_t count,
                     int *index) {
    char list[256] = "";
    size_t used = 0;
    for (size_t i = 0; i < count; i++) {
        if (strcmp(word->text, names[i]) == 0) {
            *index = (int)i;
            return true;
        }
        if (used < sizeof list) {
            used +=
                (size_t)snprintf(list + used, sizeof list - used, "%s%s", i ? ", " : "", names[i]);
        }
    }
    return cli_usage_error(word->command, "%s: '%s' is not one of %s", word->option, word->text,
                           list);
}

bool cli_take_size(const struct cli_word *word, const char *text, uint32_t *width,
                   uint32_t *height) {
    const char *c = text;
    uint64_t w = 0;
    uint64_t h = 0;
    bool good = (*c == 'x' || (read_digits(&c, MOST_SIDE_PX, &w) && w > 0)) && *c == 'x';
    if (good) {
        c++;
        good = *c == '\0' || (read_digits(&c, MOST_SIDE_PX, &h) && h > 0 && *c == '\0');
    }
    if (!good || (w == 0 && h == 0)) {
        return cli_usage_error(word->command, "%s: '%s' is not a size; write 800x600, 800x or x600",
                               word->option, text);
    }
    *width = (uint32_t)w;
    *height = (uint32_t)h;
    return true;
}

/* Reads as many numbers as `behind` has characters, one of which follows each number; the text ends
 * where "." is. */
static bool read_numbers(const char *text, const char *behind, uint64_t most, uint64_t *numbers) {
    bool good = true;
    for (size_t i = 0; good && behind[i] != '\0'; i++) {
        good =
            read_digits(&text, most, &numbers[i]) && *text == (behind[i] == '.' ? '\0' : behind[i]);
        text += good && *text != '\0';
    }
    return good;
}

bool cli_take_layout(const struct cli_word *word, struct cli_layout *layout) {
    uint64_t number[3];
    if (!read_numbers(word->text, "xx.", MOST_SIDE_PX, number) || number[0] == 0 ||
        number[1] == 0 || number[2] == 0 || number[2] > 4) {
        return cli_usage_error(word->command,
                               "%s: '%s' is not a layout; write 800x600x3 for 800x600 pixels of 3 "
                               "channels (1 grey, 2 grey and alpha, 3 RGB, 4 RGBA)",
                               word->option, word->text);
    }
    *layout = (struct cli_layout){(uint32_t)number[0], (uint32_t)number[1], (uint32_t)number[2]};
    return true;
}

bool cli_take_rectangle(const struct cli_word *word, struct cli_rectangle *rectangle) {
    uint64_t number[4];
    if (!read_numbers(word->text, ",,x.", UINT32_MAX, number) || number[2] == 0 || number[3] == 0) {
        return cli_usage_error(word->command,
                               "%s: '%s' is not a rectangle; write 40,30,800x600 for 800x600 "
                               "pixels, 40 from the left and 30 from the top",
                               word->option, word->text);
    }
    *rectangle = (struct cli_rectangle){(uint32_t)number[0], (uint32_t)number[1],
                                        (uint32_t)number[2], (uint32_t)number[3]};
    return true;
}

static int hex_digit(char c) {
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

bool cli_take_color(const struct cli_word *word, uint8_t rgba[4]) {
    const char *digits = word->text + (word->text[0] == '#');
    size_t length = strlen(digits);
    bool good = length == 6 || length == 8;
    uint8_t color[4] = {0, 0, 0, 255};
    for (size_t i = 0; good && i < length; i += 2) {
        int high = hex_digit(digits[i]);
        int low = hex_digit(digits[i + 1]);
        good = high >= 0 && low >= 0;
        color[i / 2] = good ? (uint8_t)(high * 16 + low) : 0;
    }
    if (!good) {
        return cli_usage_error(word->command,
                               "%s: '%s' is not a colour; write #rrggbb or #rrggbbaa", word->option,
                               word->text);
    }
    memcpy(rgba, color, sizeof color);
    return true;
}
