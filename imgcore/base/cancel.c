/* Cancellation of a call: see cancel.h. */
#include "imgcore/base/cancel.h"

#include "imgcore/base/error.h"

void ic_cancel_init(struct ic_cancel *cancel, const struct imgcore_options *options) {
    cancel->is_cancelled = options->is_cancelled;
    cancel->user = options->cancel_user;
    cancel->cancelled = false;
    pthread_mutex_init(&cancel->lock, NULL); /* does not fail: a default mutex allocates nothing */
}

void ic_cancel_clear(struct ic_cancel *cancel) {
    pthread_mutex_destroy(&cancel->lock);
}

bool ic_cancel_ask(struct ic_cancel *cancel) {
    pthread_mutex_lock(&cancel->lock);
    if (!cancel->cancelled) {
        cancel->cancelled = cancel->is_cancelled(cancel->user);
    }
    const bool cancelled = cancel->cancelled;
    pthread_mutex_unlock(&cancel->lock);
    return cancelled;
}

enum imgcore_status ic_cancel_settle(struct ic_cancel *cancel, enum imgcore_status status,
                                     struct imgcore_error *error) {
    if (cancel == NULL || status == IMGCORE_OK || status == IMGCORE_CANCELLED) {
        return status;
    }
    pthread_mutex_lock(&cancel->lock);
    const bool cancelled = cancel->cancelled;
    pthread_mutex_unlock(&cancel->lock);
    return cancelled ? ic_fail_cancelled(error) : status;
}
