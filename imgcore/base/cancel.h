/* Cancellation of a call by its caller: imgcore_options.is_cancelled, asked at every check.
 *
 * The codecs and the pipeline check often enough that the work between two checks is small: a strip
 * of rows, a row of MCUs of one scan, a piece of compressed data. They return IMGCORE_CANCELLED
 * like any other failure. Several threads of one call may check at the same time. */
#ifndef IC_CANCEL_H
#define IC_CANCEL_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

#include "imgcore/imgcore.h"

struct ic_cancel {
    bool (*is_cancelled)(void *user); /* the caller's function; NULL: the call is never cancelled */
    void *user;
    pthread_mutex_t lock; /* held while is_cancelled runs */
    bool cancelled;       /* it has returned true and is not called again; protected by lock */
};

/* Takes the function from a caller's options. Clear it at the end of the call. */
void ic_cancel_init(struct ic_cancel *cancel, const struct imgcore_options *options);
void ic_cancel_clear(struct ic_cancel *cancel);

/* Calls the caller's function, which is not NULL, unless it has returned true before. */
bool ic_cancel_ask(struct ic_cancel *cancel);

/* Returns the status of a call that has ended with `status`: if it has failed and is cancelled,
 * too, that counts, also where damage was found before the next check, or by another thread. Does
 * not call the caller's function. `cancel` NULL: the call cannot be cancelled. */
enum imgcore_status ic_cancel_settle(struct ic_cancel *cancel, enum imgcore_status status,
                                     struct imgcore_error *error);

/* Whether the call is cancelled. `cancel` NULL: never. Costs a comparison without a function. */
static inline bool ic_is_cancelled(struct ic_cancel *cancel) {
    return cancel != NULL && cancel->is_cancelled != NULL && ic_cancel_ask(cancel);
}

#endif
