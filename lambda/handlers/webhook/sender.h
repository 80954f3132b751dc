/* The senders: for each path, who may send there and what is done with a request.
 *
 * A new sender is a file sender_NAME.c with its `take`, and a line in senders.c; if it has a path
 * of its own, that is a line in services/webhook/route.c. */
#ifndef WEBHOOK_SENDER_H
#define WEBHOOK_SENDER_H

#include "lambda/handlers/webhook/call.h"
#include "lambda/handlers/webhook/function.h"

enum webhook_auth {
    WEBHOOK_AUTH_SIGNED,   /* signed with a secret of a sender: call->signature is verified */
    WEBHOOK_AUTH_INTERNAL, /* signed with an internal secret, by Standard Webhooks */
    WEBHOOK_AUTH_OWN       /* `take` decides: what it needs differs from event to event */
};

struct webhook_sender {
    const char *name; /* for the log and metrics, before more is known */
    enum webhook_auth auth;
    /* Fills the reply in any case. The database is not used before the request is authenticated. */
    void (*take)(struct webhook_function *function, struct webhook_call *call,
                 struct webhook_reply *reply);
};

/* NULL: nobody has this path. */
const struct webhook_sender *webhook_sender_of(enum webhook_handler handler);

/* Verifies the call's signature. false: the reply is set. */
bool webhook_authenticate(struct webhook_function *function, enum webhook_keys_for purpose,
                          struct webhook_call *call, struct webhook_reply *reply);

/* The senders' files. */
void webhook_take_platform(struct webhook_function *function, struct webhook_call *call,
                           struct webhook_reply *reply);
void webhook_take_toss(struct webhook_function *function, struct webhook_call *call,
                       struct webhook_reply *reply);
void webhook_take_unsubscribe(struct webhook_function *function, struct webhook_call *call,
                              struct webhook_reply *reply);
void webhook_take_confirmed(struct webhook_function *function, struct webhook_call *call,
                            struct webhook_reply *reply);
void webhook_take_transactions(struct webhook_function *function, struct webhook_call *call,
                               struct webhook_reply *reply);

#endif
