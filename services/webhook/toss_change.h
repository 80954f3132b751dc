/* A payment that Toss confirmed as the steps it makes of an order. Pure.
 *
 *   READY, IN_PROGRESS      pending
 *   WAITING_FOR_DEPOSIT     pending; of an order that is paid, deposit_reversed
 *   DONE                    completed
 *   PARTIAL_CANCELED        completed, one refund for each cancellation that is done
 *   CANCELED                if it was paid: completed, the refunds, cancelled; else cancelled
 *   ABORTED, EXPIRED        failed */
#ifndef WEBHOOK_TOSS_CHANGE_H
#define WEBHOOK_TOSS_CHANGE_H

#include "services/webhook/change.h"
#include "services/webhook/toss.h"

#define WEBHOOK_MAX_STEPS (WEBHOOK_MAX_CANCELS + 2)

/* The steps, up to WEBHOOK_MAX_STEPS, borrowed from `payment`. A WAITING_FOR_DEPOSIT is given as
 * WEBHOOK_ON_DEPOSIT_REVERSED: the store takes it as pending unless the order is paid. */
size_t webhook_toss_steps(const struct webhook_toss_payment *payment, struct webhook_step *steps);

#endif
