/* The commands for dead letters: `email-sender dead-letters list|explain|resend`. A person's tools,
 * outside of Lambda, with the credentials that the AWS CLI would use. */
#ifndef EMAIL_DEAD_LETTERS_H
#define EMAIL_DEAD_LETTERS_H

#include <stdbool.h>
#include <stdint.h>

#include "lambda/handlers/email/dead_letters_view.h"
#include "lambda/handlers/email/dead_letters_walk.h"
#include "services/aws/client.h"
#include "services/email/cli_render.h"

enum email_dead_exit {
    EMAIL_DEAD_DONE = 0,
    EMAIL_DEAD_REFUSED = 1, /* or nothing was found */
    EMAIL_DEAD_USAGE = 2,
    EMAIL_DEAD_AWS = 3,
    EMAIL_DEAD_INTERRUPTED = 130 /* as the shell reports SIGINT */
};

struct email_dead_options {
    const char *queue;      /* the dead-letter queue's URL */
    const char *to_queue;   /* NULL: the one that the message came from, else main_queue */
    const char *main_queue; /* EMAIL_QUEUE_URL; NULL: not set */
    const char *table;      /* IDEMPOTENCY_TABLE; NULL: not set */
    const char *reason, *template_name, *id;
    uint64_t limit; /* 0: none */
    bool is_json, is_dry_run, is_yes, overrides_unknown, is_forced;
};

struct email_dead_letters {
    const struct email_cli *cli;
    struct email_dead_options options;
    struct awsc_client *client;
};

/* argv[0] is "dead-letters". Returns an exit status. */
int email_dead_letters(const struct email_cli *cli, int argc, char **argv);

/* ---------------------------------------------------------------------- the parts */

/* Whether a message is one of those that --reason and --template ask for. */
bool email_dead_is_wanted(const struct email_dead_letters *letters,
                          const struct email_dead_view *view);
/* Writes what failed; returns EMAIL_DEAD_AWS. */
int email_dead_aws_failure(const struct email_dead_letters *letters,
                           const struct awsc_error *error);

int email_dead_list(const struct email_dead_letters *letters);
int email_dead_explain(const struct email_dead_letters *letters);
int email_dead_resend(const struct email_dead_letters *letters);

#endif
