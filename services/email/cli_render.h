/* The commands that need no AWS: render a mail, check messages, write the JSON Schema. They are
 * part of the function's binary, and of mail-render. */
#ifndef EMAIL_CLI_RENDER_H
#define EMAIL_CLI_RENDER_H

#include <stdio.h>

enum email_cli_exit {
    EMAIL_CLI_OK = 0,
    EMAIL_CLI_REFUSED = 1, /* the message is refused; the reason is on `err` */
    EMAIL_CLI_USAGE = 2,
    EMAIL_CLI_IO = 3 /* a file cannot be read, or the output not be written */
};

struct email_cli {
    const char *program; /* for messages: "email-sender" */
    FILE *in, *out, *err;
    /* Settings of the sender by their names (SENDER_NAME, SENDER_EMAIL, SENDER_PHONE,
     * SENDER_ADDRESS, FROM_EMAIL); NULL where one is not set: an example stands in. */
    const char *(*setting)(void *user, const char *name);
    void *user;
    long long now_ms;
};

/* render TEMPLATE DATA.json [--lang ko|en] [--to ADDRESS] [--html|--text|--subject|--raw]; argv[0]
 * is "render". Returns an exit status. */
int email_cli_render(const struct email_cli *cli, int argc, char **argv);
/* schema: writes the JSON Schema of messages. */
int email_cli_schema(const struct email_cli *cli, int argc, char **argv);
/* check [FILE]: whether the sender would take messages, one a line. */
int email_cli_check(const struct email_cli *cli, int argc, char **argv);

#endif
