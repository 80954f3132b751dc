/* The `imgcore` command: finds the named command and runs it. The commands use only the public
 * header of the library. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "imgcore/cli/args.h"
#include "imgcore/cli/command.h"
#include "imgcore/imgcore.h"

static const struct {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *summary;
} commands[] = {
    {"variants", cli_variants, "several sizes of photographs, from files and folders"},
    {"resize", cli_resize, "one image from another"},
    {"info", cli_info, "the properties of files, and whether they are accepted"},
    {"targets", cli_targets, "the CPU targets compiled in, usable, in use"},
};

#define COMMAND_COUNT (sizeof commands / sizeof *commands)

static void print_usage(FILE *out) {
    fputs("usage: imgcore COMMAND [OPTION...] [FILE...]\n\n"
          "Photographs in, resized photographs out: JPEG and PNG.\n\n"
          "commands:\n",
          out);
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        fprintf(out, "  %-10s %s\n", commands[i].name, commands[i].summary);
    }
    fputs("\nimgcore COMMAND --help describes a command; imgcore --version prints the version.\n"
          "Exit status: 0 done, 1 some input refused, 2 a wrong command line.\n",
          out);
}

static int run_command(const char *name, int argc, char **argv) {
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        if (strcmp(name, commands[i].name) == 0) {
            return commands[i].run(argc, argv);
        }
    }
    cli_usage_error(NULL, "unknown command %s", name);
    return CLI_USAGE;
}

static int dispatch(int argc, char **argv) {
    if (argc < 2) {
        print_usage(stderr);
        return CLI_USAGE;
    }
    const char *word = argv[1];
    bool is_help = strcmp(word, "help") == 0;
    if (is_help && argc > 2) {
        char help[] = "--help";
        char *help_arguments[] = {help};
        return run_command(argv[2], 1, help_arguments);
    }
    if (is_help || strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0) {
        print_usage(stdout);
        return CLI_DONE;
    }
    if (strcmp(word, "--version") == 0) {
        printf("imgcore %s\n", imgcore_version());
        return CLI_DONE;
    }
    if (word[0] == '-') {
        cli_usage_error(NULL, "unknown option %s", word);
        return CLI_USAGE;
    }
    return run_command(word, argc - 2, argv + 2);
}

int main(int argc, char **argv) {
    int result = dispatch(argc, argv);
    if (fflush(stdout) != 0 || ferror(stdout)) {
        fprintf(stderr, "imgcore: standard output cannot be written: %s\n", strerror(errno));
        return result == CLI_USAGE ? CLI_USAGE : CLI_REFUSED;
    }
    return result;
}
