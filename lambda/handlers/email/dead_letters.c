/* The command line of dead-letters: see dead_letters.h. */
#include "lambda/handlers/email/dead_letters.h"

#include <string.h>

#include "lambda/handlers/email/dead_letters_reason.h"
#include "services/base/text.h"

#define MAX_LIMIT UINT64_C(1000000)

enum option_kind { TEXT, FLAG, LIMIT };

/* Which of the three commands take an option. */
enum { LIST = 1, EXPLAIN = 2, RESEND = 4, ALL = 7 };

struct option {
    const char *name;
    enum option_kind kind;
    int commands;
    size_t offset; /* of the field in struct email_dead_options */
};

#define FIELD(name) offsetof(struct email_dead_options, name)
static const struct option options[] = {
    {"--queue", TEXT, ALL, FIELD(queue)},
    {"--table", TEXT, EXPLAIN | RESEND, FIELD(table)},
    {"--to-queue", TEXT, RESEND, FIELD(to_queue)},
    {"--reason", TEXT, LIST | RESEND, FIELD(reason)},
    {"--template", TEXT, LIST | RESEND, FIELD(template_name)},
    {"--limit", LIMIT, LIST | RESEND, FIELD(limit)},
    {"--json", FLAG, LIST, FIELD(is_json)},
    {"--dry-run", FLAG, RESEND, FIELD(is_dry_run)},
    {"--yes", FLAG, RESEND, FIELD(is_yes)},
    {"--override-unknown", FLAG, RESEND, FIELD(overrides_unknown)},
    {"--force", FLAG, RESEND, FIELD(is_forced)},
};

struct command {
    const char *name;
    int bit;
    int (*run)(const struct email_dead_letters *letters);
    const char *help;
};

static const struct command commands[] = {
    {"list", LIST, email_dead_list,
     "usage: %s dead-letters list [--reason R] [--template T] [--limit N] [--json]\n"
     "\n"
     "Lists the messages that were not sent: SQS's id, how long they have been there, why, the\n"
     "template, how often the queue delivered them. Nothing is consumed: they are hidden from\n"
     "others while the list is made, and visible again afterwards.\n"
     "\n"
     "  --reason R    those with this reason: BAD_FIELD, UNKNOWN_OUTCOME, moved-by-sqs, ...\n"
     "  --template T  those of this template\n"
     "  --limit N     the first N\n"
     "  --json        an object a line: id, reason, detail, template, ageSeconds, receives\n"},
    {"explain", EXPLAIN, email_dead_explain,
     "usage: %s dead-letters explain ID [--table NAME]\n"
     "\n"
     "States what a message's reason means, what the record of sent mails has about it, and what\n"
     "can be done. ID is that of the list.\n"
     "\n"
     "  --table NAME  the record (default: IDEMPOTENCY_TABLE)\n"},
    {"resend", RESEND, email_dead_resend,
     "usage: %s dead-letters resend ID [options]\n"
     "       %s dead-letters resend --reason R [--template T] [--limit N] [options] --yes\n"
     "\n"
     "Sends messages to the mail queue again, and then deletes them here. Ended in between, a\n"
     "message is in both queues; the record of sent mails (IDEMPOTENCY_TABLE) then prevents a\n"
     "second mail, because the first queue's id goes with the message. Two exceptions: no table "
     "is\n"
     "kept, or a message of unknown outcome is overridden twice and the first of these has an\n"
     "unknown outcome too.\n"
     "\n"
     "  --dry-run           shows what would be done\n"
     "  --yes               needed where a filter chooses the messages\n"
     "  --override-unknown  messages of UNKNOWN_OUTCOME are sent; they may have been sent before.\n"
     "                      Without it they are refused\n"
     "  --force             also what the function would refuse again: a body that this program's\n"
     "                      schema refuses, ID_REUSED, SES_REJECTED, a reset link that is over\n"
     "  --to-queue URL      where to (default: the queue that the message came from, else\n"
     "                      EMAIL_QUEUE_URL)\n"
     "  --table NAME        the record (default: IDEMPOTENCY_TABLE)\n"
     "  --limit N           at most N messages\n"},
};

static const char common_help[] =
    "  --queue URL   the dead-letter queue (default: DEAD_LETTER_QUEUE_URL)\n"
    "\n"
    "Credentials, region and endpoints are those that the AWS CLI would use. Exit status: 0 done,\n"
    "1 refused or nothing found, 2 usage, 3 AWS failed, 130 interrupted. Recipients are masked.\n";

static void put_help(const struct email_cli *cli, const struct command *command, FILE *out) {
    fprintf(out, command->help, cli->program, cli->program);
    fputs(common_help, out);
}

static int usage_error(const struct email_cli *cli, const char *what, const char *which) {
    fprintf(cli->err, "%s: %s%s; try %s dead-letters list|explain|resend --help\n", cli->program,
            what, which, cli->program);
    return EMAIL_DEAD_USAGE;
}

static const struct option *find_option(const char *word, int command) {
    for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
        if (strcmp(options[i].name, word) == 0 && (options[i].commands & command) != 0) {
            return &options[i];
        }
    }
    return NULL;
}

/* Stores an option; `value` NULL: none follows it. */
static bool store(struct email_dead_options *given, const struct option *option,
                  const char *value) {
    char *field = (char *)given + option->offset;
    if (option->kind == FLAG) {
        *(bool *)(void *)field = true;
        return true;
    }
    if (value == NULL || value[0] == '\0') {
        return false;
    }
    if (option->kind == TEXT) {
        *(const char **)(void *)field = value;
        return true;
    }
    uint64_t number = 0;
    bool is_number = svc_parse_uint(value, MAX_LIMIT, &number) && number > 0;
    *(uint64_t *)(void *)field = number;
    return is_number;
}

static int read_arguments(const struct email_cli *cli, const struct command *command, int argc,
                          char **argv, struct email_dead_options *given) {
    for (int i = 2; i < argc; i++) {
        const struct option *option = find_option(argv[i], command->bit);
        if (option != NULL) {
            const char *value = option->kind != FLAG && i + 1 < argc ? argv[++i] : NULL;
            if (!store(given, option, value)) {
                return usage_error(cli,
                                   option->kind == LIMIT ? "a number is needed after "
                                                         : "a word is needed after ",
                                   option->name);
            }
        } else if (argv[i][0] == '-') {
            return usage_error(cli, "there is no option ", argv[i]);
        } else if (command->bit == LIST || given->id != NULL) {
            return usage_error(cli, "there is one word too many: ", argv[i]);
        } else {
            given->id = argv[i];
        }
    }
    bool is_filtered = given->reason != NULL || given->template_name != NULL;
    if (command->bit == EXPLAIN && given->id == NULL) {
        return usage_error(cli, "the ID of a message is needed", "");
    }
    if (command->bit == RESEND && (given->id != NULL) == is_filtered) {
        return usage_error(cli, "the ID of a message, or --reason or --template, is needed", "");
    }
    if (is_filtered && command->bit == RESEND && !given->is_yes && !given->is_dry_run) {
        return usage_error(cli, "messages that a filter chooses are resent with --yes alone", "");
    }
    return given->queue != NULL
               ? EMAIL_DEAD_DONE
               : usage_error(cli, "DEAD_LETTER_QUEUE_URL is not set, and there is no --queue", "");
}

bool email_dead_is_wanted(const struct email_dead_letters *letters,
                          const struct email_dead_view *view) {
    const struct email_dead_options *given = &letters->options;
    return (given->reason == NULL || email_dead_reason_is(view->reason, given->reason)) &&
           (given->template_name == NULL ||
            email_dead_reason_is(view->template_name, given->template_name));
}

int email_dead_aws_failure(const struct email_dead_letters *letters,
                           const struct awsc_error *error) {
    char text[AWSC_ERROR_TEXT_BYTES];
    fprintf(letters->cli->err, "%s: %s\n", letters->cli->program, awsc_error_text(error, text));
    return EMAIL_DEAD_AWS;
}

static int run(struct email_dead_letters *letters, const struct command *command) {
    const struct awsc_client_options client_options = {0};
    struct awsc_error error = {0};
    if (awsc_client_create(&client_options, &letters->client, &error) != SVC_OK) {
        return email_dead_aws_failure(letters, &error);
    }
    email_walk_catch_signals();
    int result = command->run(letters);
    awsc_client_destroy(letters->client);
    if (fflush(letters->cli->out) != 0 || ferror(letters->cli->out)) {
        fprintf(letters->cli->err, "%s: the output cannot be written\n", letters->cli->program);
        result = EMAIL_DEAD_AWS;
    }
    return email_walk_is_interrupted() ? EMAIL_DEAD_INTERRUPTED : result;
}

static const char *setting(const struct email_cli *cli, const char *name) {
    return cli->setting(cli->user, name);
}

int email_dead_letters(const struct email_cli *cli, int argc, char **argv) {
    struct email_dead_letters letters = {.cli = cli};
    const struct command *command = NULL;
    bool is_help = argc > 1 && strcmp(argv[1], "--help") == 0;
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
        command = argc > 1 && strcmp(argv[1], commands[i].name) == 0 ? &commands[i] : command;
        if (is_help) {
            fprintf(cli->out, commands[i].help, cli->program, cli->program);
            fputc('\n', cli->out);
        }
    }
    if (is_help) {
        fputs(common_help, cli->out);
        return EMAIL_DEAD_DONE;
    }
    if (command == NULL) {
        return usage_error(cli, "list, explain or resend is needed", "");
    }
    for (int i = 2; i < argc; i++) {
        if (strcmp(argv[i], "--help") == 0) {
            put_help(cli, command, cli->out);
            return EMAIL_DEAD_DONE;
        }
    }
    letters.options = (struct email_dead_options){
        .queue = setting(cli, "DEAD_LETTER_QUEUE_URL"),
        .main_queue = setting(cli, "EMAIL_QUEUE_URL"),
        .table = setting(cli, "IDEMPOTENCY_TABLE"),
    };
    int result = read_arguments(cli, command, argc, argv, &letters.options);
    return result == EMAIL_DEAD_DONE ? run(&letters, command) : result;
}
