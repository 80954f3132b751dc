/* `imgcore targets`: the CPU targets, and which is used for what, and why. */
#include <stdio.h>
#include <string.h>

#include "imgcore/cli/args.h"
#include "imgcore/cli/command.h"
#include "imgcore/cli/json.h"
#include "imgcore/cli/sandbox.h"
#include "imgcore/cli/settings.h"

static bool accept(void *target, int id, const struct cli_word *word) {
    if (id == CLI_OPERAND) {
        return cli_usage_error(word->command, "takes no operand, but got '%s'", word->text);
    }
    *(bool *)target = true;
    return true;
}

static const struct {
    const char *name;
    enum imgcore_job job;
} jobs[] = {{"transform", IMGCORE_JOB_TRANSFORM}, {"resize", IMGCORE_JOB_RESIZE}};
#define JOBS (sizeof(jobs) / sizeof(jobs[0]))

static bool is_used(const struct imgcore_context *context, const char *target, size_t job) {
    return strcmp(target, imgcore_context_target(context, jobs[job].job)) == 0;
}

static void print_json(const struct imgcore_context *context) {
    struct cli_json json = {.out = stdout};
    cli_json_open(&json, NULL, '{');
    cli_json_text(&json, "version", imgcore_version());
    cli_json_open(&json, "targets", '[');
    for (size_t i = 0; i < imgcore_target_count(); i++) {
        const char *name = imgcore_target_name(i);
        cli_json_open(&json, NULL, '{');
        cli_json_text(&json, "name", name);
        cli_json_bool(&json, "usable", imgcore_target_usable(i));
        cli_json_bool(&json, "in_use", is_used(context, name, 0) || is_used(context, name, 1));
        cli_json_close(&json, '}');
    }
    cli_json_close(&json, ']');
    cli_json_open(&json, "jobs", '{');
    for (size_t k = 0; k < JOBS; k++) {
        cli_json_open(&json, jobs[k].name, '{');
        cli_json_text(&json, "target", imgcore_context_target(context, jobs[k].job));
        cli_json_text(&json, "reason", imgcore_context_target_reason(context, jobs[k].job));
        cli_json_close(&json, '}');
    }
    cli_json_close(&json, '}');
    /* What the other commands run in. */
    struct cli_sandbox sandbox;
    cli_sandbox_begin(&sandbox);
    cli_sandbox_enter(&sandbox);
    cli_sandbox_report(&sandbox, &json);
    cli_json_close(&json, '}');
}

static void print_table(const struct imgcore_context *context) {
    for (size_t i = 0; i < imgcore_target_count(); i++) {
        const char *name = imgcore_target_name(i);
        printf("%-12s %s", name, imgcore_target_usable(i) ? "usable" : "not usable");
        for (size_t k = 0; k < JOBS; k++) {
            if (is_used(context, name, k)) {
                printf("; %s: %s", jobs[k].name,
                       imgcore_context_target_reason(context, jobs[k].job));
            }
        }
        putchar('\n');
    }
}

int cli_targets(int argc, char **argv) {
    static const struct cli_option options[] = {
        {0, 0, "json", NULL, "print one JSON document"},
        {0, 0, NULL, NULL, NULL},
    };
    bool json = false;
    const struct cli_option_group groups[] = {{"options", options, accept, &json}};
    const struct cli_command_line line = {
        "targets", "targets [--json]",
        "The CPU targets compiled into imgcore, best first, the last one plain C, and which is\n"
        "used for transforming files and for resizing pixels, and why. The environment variable\n"
        "IMGCORE_TARGETS (names separated by commas) limits them.\n",
        groups, 1};
    enum cli_parse parse = cli_parse(&line, argc, argv);
    if (parse != CLI_PARSED) {
        return parse == CLI_HELP_SHOWN ? CLI_DONE : CLI_USAGE;
    }
    struct imgcore_context *context = cli_context_create();
    if (!context) {
        return CLI_USAGE;
    }
    if (json) {
        print_json(context);
    } else {
        print_table(context);
    }
    imgcore_context_destroy(context);
    return CLI_DONE;
}
