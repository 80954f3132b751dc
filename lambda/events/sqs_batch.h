/* The batch driver: calls a handler for each message of an SQS event and writes the result that an
 * event source mapping with ReportBatchItemFailures reads.
 *
 *   static enum lev_sqs_result send_mail(void *user, const struct lev_sqs_record *record);
 *   ...
 *   const struct lev_sqs_driver driver = {.handle = send_mail, .user = mailer,
 *       .clock = clock, .log = log, .deadline_ms = invocation->deadline_ms, .min_left_ms = 3000};
 *   status = lev_sqs_run(&event, &driver, &result->body, NULL);
 *
 * The result is {"batchItemFailures":[{"itemIdentifier":"MESSAGE ID"}]}: these messages become
 * visible again, all others are deleted from the queue.
 *
 * - One message that fails does not stop the others.
 * - In a FIFO queue the first failure of a message group stops the group: its later messages are
 *   reported as failed without a call, so that the order is kept when they come again. Other groups
 *   go on. A standard queue has no order, even where its messages have a group (fair queues).
 * - A message that stands twice in the event is handled once; both share the result.
 * - Before each message the time left is compared with min_left_ms. If less is left, no further
 *   message is taken: the rest is reported as failed without a call. The first message is taken as
 *   long as any time is left, because a next invocation would not have more. Of the time at the
 *   start, at most a fifth counts as min_left_ms: four fifths of every invocation take messages,
 *   however short its timeout is.
 *
 * SETTINGS OF THE QUEUE. SQS counts a receive for every message of a batch, also for one that comes
 * back untouched, and its redrive policy compares that count (ApproximateReceiveCount) with
 * maxReceiveCount. So a batch that does not fit into the timeout uses up the receives of messages
 * that the handler never had. Required:
 *
 * - timeout of the function >= 2 x batch size x the time of a usual message, and >= 5 x
 * min_left_ms,
 * - visibility timeout of the queue >= 6 x that timeout (plus the batch window): otherwise a
 * message comes again while it is being handled,
 * - maxReceiveCount >= 10: some receives are spent on throttling and on messages left untouched. In
 * a standard queue a message is left untouched that often only if most batches are too slow. */
#ifndef LEV_SQS_BATCH_H
#define LEV_SQS_BATCH_H

#include <stddef.h>
#include <stdint.h>

#include "lambda/events/sqs.h"
#include "services/base/buf.h"
#include "services/base/clock.h"
#include "services/base/log.h"
#include "services/base/status.h"

enum lev_sqs_result {
    LEV_SQS_DONE,  /* the message is deleted; also where it can never succeed */
    LEV_SQS_RETRY, /* the message comes again, until the queue's redrive policy moves it to the
                      dead-letter queue */
    LEV_SQS_STOP   /* the message comes again, and no further one is taken: too little time is left,
                      or what all of them need is not available */
};

/* Called once for each message. It logs its own failures: the driver has no reasons to log. */
typedef enum lev_sqs_result lev_sqs_handle_fn(void *user, const struct lev_sqs_record *record);

struct lev_sqs_driver {
    lev_sqs_handle_fn *handle;
    void *user;
    const struct svc_clock *clock;
    const struct svc_log *log; /* NULL: nothing is logged */
    int64_t deadline_ms;       /* of the monotonic clock; SVC_NO_DEADLINE */
    int64_t min_left_ms;       /* what one message needs, so that it is not cut off; more than a
                                  fifth of the time left at the start counts as that fifth */
};

/* What became of the records; the sum of the five is their number. */
struct lev_sqs_counts {
    size_t done, retried; /* handled, by the handler's result */
    size_t blocked;       /* not handled: an earlier message of the group failed */
    size_t untouched;     /* not handled, or not to the end: stopped, or too little time left */
    size_t repeated;      /* not handled: the same message as an earlier one */
};

/* The smaller of `wanted_ms` and the fifth of the time left now: called where the invocation
 * starts.
 */
#define LEV_MIN_LEFT_DIVISOR 5
int64_t lev_min_left_ms(const struct svc_clock *clock, int64_t deadline_ms, int64_t wanted_ms);

/* Whether a further item may be taken: `taken` have been, in this invocation. The rule of the
 * driver (see above), for events that have no result for each item. */
bool lev_time_for_next(const struct svc_clock *clock, int64_t deadline_ms, int64_t min_left_ms,
                       size_t taken);

/* Handles the messages in the event's order and appends the result to `result`. `counts` NULL is
 * allowed. What is left untouched is one WARN line, and so are the messages of stopped groups.
 * The memory is reserved before the first call of the handler, so that no message is handled and
 * then comes again because the result cannot be written.
 * Errors: NO_MEMORY; TOO_LARGE (the limit of `result`). No message was handled then: the invocation
 * fails, and all of them come again. */
enum svc_status lev_sqs_run(const struct lev_sqs_event *event, const struct lev_sqs_driver *driver,
                            struct svc_buf *result, struct lev_sqs_counts *counts);

#endif
