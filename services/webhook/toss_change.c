/* A payment of Toss as steps: see toss_change.h. */
#include "services/webhook/toss_change.h"

static struct webhook_step payment_step(const struct webhook_toss_payment *payment,
                                        enum webhook_payment_event event) {
    return (struct webhook_step){.subject = WEBHOOK_SUBJECT_PAYMENT,
                                 .event = (int)event,
                                 .amount_won = payment->total_won,
                                 .happened_ms = event == WEBHOOK_ON_PAYMENT_COMPLETED
                                                    ? payment->approved_at_ms
                                                    : WEBHOOK_NO_TIME,
                                 .id = "",
                                 .name = payment->method,
                                 .reference = payment->payment_key,
                                 .detail = ""};
}

static struct webhook_step refund_step(const struct webhook_toss_payment *payment,
                                       const struct webhook_toss_cancel *cancel) {
    return (struct webhook_step){.subject = WEBHOOK_SUBJECT_REFUND,
                                 .event = (int)WEBHOOK_ON_REFUND_COMPLETED,
                                 .amount_won = cancel->amount_won,
                                 .happened_ms = cancel->canceled_at_ms,
                                 .id = cancel->transaction_key,
                                 .name = "",
                                 .reference = payment->payment_key,
                                 .detail = cancel->reason};
}

/* A payment that was approved: completed, with the refunds of what was cancelled since. */
static size_t paid_steps(const struct webhook_toss_payment *payment, struct webhook_step *steps) {
    size_t count = 0;
    steps[count++] = payment_step(payment, WEBHOOK_ON_PAYMENT_COMPLETED);
    for (size_t i = 0; i < payment->cancel_count && i < WEBHOOK_MAX_CANCELS; i++) {
        if (payment->cancels[i].status == WEBHOOK_CANCEL_DONE) {
            steps[count++] = refund_step(payment, &payment->cancels[i]);
        }
    }
    return count;
}

/* The last of the cancellations that are done; the others have times of their own. */
static int64_t cancelled_ms(const struct webhook_toss_payment *payment) {
    int64_t last_ms = WEBHOOK_NO_TIME;
    for (size_t i = 0; i < payment->cancel_count && i < WEBHOOK_MAX_CANCELS; i++) {
        const struct webhook_toss_cancel *cancel = &payment->cancels[i];
        if (cancel->status == WEBHOOK_CANCEL_DONE && cancel->canceled_at_ms > last_ms) {
            last_ms = cancel->canceled_at_ms;
        }
    }
    return last_ms;
}

size_t webhook_toss_steps(const struct webhook_toss_payment *payment, struct webhook_step *steps) {
    size_t count = 0;
    switch (payment->status) {
    case WEBHOOK_TOSS_READY:
    case WEBHOOK_TOSS_IN_PROGRESS:
        steps[count++] = payment_step(payment, WEBHOOK_ON_PAYMENT_PENDING);
        break;
    case WEBHOOK_TOSS_WAITING_FOR_DEPOSIT:
        steps[count++] = payment_step(payment, WEBHOOK_ON_DEPOSIT_REVERSED);
        break;
    case WEBHOOK_TOSS_DONE:
    case WEBHOOK_TOSS_PARTIAL_CANCELED:
        count = paid_steps(payment, steps);
        break;
    case WEBHOOK_TOSS_CANCELED:
        /* Without an approval it was cancelled before it was paid (a virtual account closed): its
         * cancellations give nothing back. */
        count = payment->approved_at_ms != WEBHOOK_NO_TIME ? paid_steps(payment, steps) : 0;
        steps[count] = payment_step(payment, WEBHOOK_ON_PAYMENT_CANCELLED);
        steps[count++].happened_ms = cancelled_ms(payment);
        break;
    case WEBHOOK_TOSS_ABORTED:
    case WEBHOOK_TOSS_EXPIRED:
        steps[count++] = payment_step(payment, WEBHOOK_ON_PAYMENT_FAILED);
        break;
    }
    return count;
}
