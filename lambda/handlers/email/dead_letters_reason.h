/* What the reasons of dead letters mean, and what can be done. */
#ifndef EMAIL_DEAD_LETTERS_REASON_H
#define EMAIL_DEAD_LETTERS_REASON_H

#include <stdbool.h>

/* Shown for messages that have no reason: their queue's redrive policy moved them. */
#define EMAIL_REASON_MOVED   "moved by SQS"
#define EMAIL_REASON_UNKNOWN "UNKNOWN_OUTCOME"

struct email_dead_reason {
    const char *name;    /* "BAD_FIELD" */
    const char *meaning; /* sentences */
    const char *advice;  /* sentences */
    bool is_final;       /* the function would refuse the same message again */
};

/* Never NULL: a name without a row gets the row of names that only say which call failed. */
const struct email_dead_reason *email_dead_reason_find(const char *name);
/* Whether a reason is the one a person asks for: letters of any case, and a blank, - or _ count as
 * equal. */
bool email_dead_reason_is(const char *reason, const char *wanted);

#endif
