/* The command that checks messages: see cli_render.h. */
#include <stdlib.h>
#include <string.h>

#include "services/email/cli_render.h"
#include "services/email/message.h"

static void put_usage(const struct email_cli *cli, FILE *out) {
    fprintf(
        out,
        "usage: %s check [FILE]\n"
        "\n"
        "Reads messages, one JSON object a line, from FILE or the standard input, and writes a\n"
        "line for each: OK, or the reason for which the sender would refuse it. Exit status: 0\n"
        "all are good, 1 some are not, 2 usage, 3 a file cannot be read.\n",
        cli->program);
}

/* One line, without its end. */
static bool check_line(const struct email_cli *cli, const char *line, size_t size_bytes) {
    struct email_message message;
    struct email_error error;
    enum svc_status status = email_message_parse(line, size_bytes, &message, &error);
    if (status == SVC_OK) {
        fputs("OK\n", cli->out);
    } else {
        fprintf(cli->out, "%s: %s\n", email_reason_name(error.reason), error.detail);
    }
    email_message_clear(&message);
    return status == SVC_OK;
}

/* Lines of any length; what is beyond a message's limit is counted and not kept. */
static bool check_lines(const struct email_cli *cli, FILE *in, char *line, size_t capacity) {
    bool all_good = true;
    size_t size = 0;
    for (int c = 0; c != EOF;) {
        c = fgetc(in);
        if (c != '\n' && c != EOF) {
            if (size < capacity) {
                line[size++] = (char)c;
            }
        } else if (size > 0) {
            all_good = check_line(cli, line, size) && all_good;
            size = 0;
        }
    }
    return all_good;
}

int email_cli_check(const struct email_cli *cli, int argc, char **argv) {
    const size_t capacity = EMAIL_MAX_MESSAGE_BYTES + 1;
    if (argc > 2 || (argc == 2 && argv[1][0] == '-' && argv[1][1] != '\0')) {
        bool is_help = argc == 2 && strcmp(argv[1], "--help") == 0;
        put_usage(cli, is_help ? cli->out : cli->err);
        return is_help ? EMAIL_CLI_OK : EMAIL_CLI_USAGE;
    }
    bool is_file = argc == 2 && strcmp(argv[1], "-") != 0;
    FILE *in = is_file ? fopen(argv[1], "rb") : cli->in;
    char *line = malloc(capacity);
    if (in == NULL || line == NULL) {
        fprintf(cli->err, "%s: %s cannot be opened\n", cli->program, is_file ? argv[1] : "-");
        free(line);
        return EMAIL_CLI_IO;
    }
    bool all_good = check_lines(cli, in, line, capacity);
    bool is_read = !ferror(in) && fflush(cli->out) == 0;
    free(line);
    if (is_file) {
        fclose(in);
    }
    return !is_read ? EMAIL_CLI_IO : all_good ? EMAIL_CLI_OK : EMAIL_CLI_REFUSED;
}
