/* The states of an order: events in any order, judged by a model of this file, which states the
 * rules as ranks and conditions instead of tables; invariants after every event; and the final
 * state is the same in whatever order the same events arrive (unless a deposit is reversed, or one
 * of them was refused). */
#include "fuzz/support/fuzz.h"
#include "services/webhook/order_state.h"

#include <string.h>

enum { PARCELS = 2, REFUNDS = 3, MAX_EVENTS = 48, TOTAL_WON = 10 };

struct state {
    struct webhook_order order;
    struct webhook_order_parcel parcels[PARCELS];
    struct webhook_order_refund refunds[REFUNDS];
};

enum subject { PAYMENT, PARCEL, REFUND, SUBJECTS };

struct event {
    uint8_t subject, which, kind;
    int64_t amount_won;
};

static struct event take_event(struct fuzz_input *input) {
    const uint8_t choice = fuzz_take_u8(input);
    const uint8_t amount = fuzz_take_u8(input);
    struct event event = {.subject = choice % SUBJECTS, .kind = choice / SUBJECTS % 6};
    event.which = (uint8_t)(choice / SUBJECTS / 6 % (event.subject == PARCEL ? PARCELS : REFUNDS));
    /* Mostly amounts that matter; now and then wild ones. */
    event.amount_won = amount < 0xf0   ? amount % 13 - 1
                       : amount < 0xf8 ? INT64_MAX - amount % 2
                                       : INT64_MIN + amount % 2;
    if (event.subject == PAYMENT && amount % 4)
        event.amount_won = TOTAL_WON;
    return event;
}

static struct webhook_decision apply(struct state *state, const struct event *event) {
    switch (event->subject) {
    case PAYMENT:
        return webhook_apply_payment(&state->order, (enum webhook_payment_event)event->kind,
                                     event->amount_won);
    case PARCEL:
        return webhook_apply_parcel(&state->order, &state->parcels[event->which],
                                    (enum webhook_parcel_event)event->kind);
    default:
        return webhook_apply_refund(&state->order, &state->refunds[event->which],
                                    (enum webhook_refund_event)event->kind, event->amount_won);
    }
}

/* ---------------------------------------------------------------------- the model */

/* What each outcome must be, and what becomes of `state`. Payments: cancelled > paid > failed >
 * pending > unpaid; each event stands for the state of its rank. */
static struct webhook_decision model_payment(struct state *state, const struct event *event) {
    struct webhook_order *order = &state->order;
    if (event->kind > WEBHOOK_ON_DEPOSIT_REVERSED)
        return (struct webhook_decision){WEBHOOK_IMPOSSIBLE, 0};
    const bool completes = event->kind == WEBHOOK_ON_PAYMENT_COMPLETED;
    const bool reverses = event->kind == WEBHOOK_ON_DEPOSIT_REVERSED;
    const int now = (int)order->payment; /* the enum is in the order of the ranks */
    const int next = reverses ? 1 : event->kind + 1;
    struct webhook_decision decision = {WEBHOOK_MOVED, 0};
    if (completes && event->amount_won != order->total_won)
        return (struct webhook_decision){WEBHOOK_AMOUNT_CONFLICT, 0};
    if (reverses && now == WEBHOOK_PAID) {
        if (order->refunded_won)
            return (struct webhook_decision){WEBHOOK_IMPOSSIBLE, 0};
        order->payment = WEBHOOK_PAYMENT_IS_PENDING;
        order->paid_won = 0;
        decision.effects = order->is_shipped ? WEBHOOK_ALARM : 0;
        return decision;
    }
    if (completes && now == WEBHOOK_CANCELLED) {
        decision.outcome = WEBHOOK_LATE;
        decision.effects = order->paid_won ? 0 : WEBHOOK_ALARM;
    } else if (next <= now) {
        decision.outcome = next == now ? WEBHOOK_REPEATED : WEBHOOK_LATE;
    } else {
        order->payment = (enum webhook_payment_state)next;
        decision.effects = completes ? WEBHOOK_MAIL_CONFIRMATION : 0;
        /* A reversal before any payment is a pending one; shipped goods cannot be there. */
        decision.effects |= reverses && order->is_shipped ? WEBHOOK_ALARM : 0;
    }
    if (completes)
        order->paid_won = order->total_won;
    return decision;
}

static struct webhook_decision model_parcel(struct state *state, const struct event *event) {
    struct webhook_order_parcel *parcel = &state->parcels[event->which];
    if (event->kind > WEBHOOK_ON_DELIVERED)
        return (struct webhook_decision){WEBHOOK_IMPOSSIBLE, 0};
    const int now = (int)parcel->state, next = event->kind + 1;
    if (next <= now)
        return (struct webhook_decision){next == now ? WEBHOOK_REPEATED : WEBHOOK_LATE, 0};
    const bool leaves = now <= WEBHOOK_PREPARING && next >= WEBHOOK_IN_TRANSIT;
    unsigned effects =
        leaves && next <= WEBHOOK_OUT_FOR_DELIVERY ? (unsigned)WEBHOOK_MAIL_SHIPPING : 0;
    if (leaves && state->order.payment == WEBHOOK_CANCELLED)
        effects = WEBHOOK_ALARM;
    else if (leaves && state->order.payment != WEBHOOK_PAID)
        return (struct webhook_decision){WEBHOOK_IMPOSSIBLE, 0};
    state->order.is_shipped |= next >= WEBHOOK_IN_TRANSIT;
    parcel->state = (enum webhook_parcel_state)next;
    return (struct webhook_decision){WEBHOOK_MOVED, effects};
}

static struct webhook_decision model_refund(struct state *state, const struct event *event) {
    struct webhook_order_refund *refund = &state->refunds[event->which];
    struct webhook_order *order = &state->order;
    if (event->kind > WEBHOOK_ON_REFUND_REJECTED || order->paid_won == 0)
        return (struct webhook_decision){WEBHOOK_IMPOSSIBLE, 0};
    const int now = (int)refund->state, next = event->kind + 1;
    const bool is_known = now != WEBHOOK_REFUND_UNKNOWN;
    const bool is_final = now >= WEBHOOK_REFUND_IS_COMPLETED;
    if (event->amount_won < 1 || event->amount_won > order->paid_won ||
        (is_known && event->amount_won != refund->amount_won))
        return (struct webhook_decision){WEBHOOK_AMOUNT_CONFLICT, 0};
    if (next == now)
        return (struct webhook_decision){WEBHOOK_REPEATED, 0};
    if (is_final && next >= WEBHOOK_REFUND_IS_COMPLETED)
        return (struct webhook_decision){WEBHOOK_IMPOSSIBLE, 0};
    if (next < now)
        return (struct webhook_decision){WEBHOOK_LATE, 0};
    if (next == WEBHOOK_REFUND_IS_COMPLETED) {
        if (order->refunded_won + event->amount_won > order->paid_won)
            return (struct webhook_decision){WEBHOOK_AMOUNT_CONFLICT, 0};
        order->refunded_won += event->amount_won;
    }
    refund->state = (enum webhook_refund_state)next;
    refund->amount_won = event->amount_won;
    return (struct webhook_decision){WEBHOOK_MOVED, 0};
}

static struct webhook_decision model(struct state *state, const struct event *event) {
    return event->subject == PAYMENT  ? model_payment(state, event)
           : event->subject == PARCEL ? model_parcel(state, event)
                                      : model_refund(state, event);
}

/* ---------------------------------------------------------------------- checks */

static bool is_same(const struct state *a, const struct state *b) {
    bool is_equal =
        a->order.payment == b->order.payment && a->order.paid_won == b->order.paid_won &&
        a->order.refunded_won == b->order.refunded_won &&
        a->order.total_won == b->order.total_won && a->order.is_shipped == b->order.is_shipped;
    for (size_t i = 0; i < PARCELS; i++)
        is_equal &= a->parcels[i].state == b->parcels[i].state;
    for (size_t i = 0; i < REFUNDS; i++)
        is_equal &= a->refunds[i].state == b->refunds[i].state &&
                    a->refunds[i].amount_won == b->refunds[i].amount_won;
    return is_equal;
}

static void check_invariants(const struct state *state) {
    const struct webhook_order *order = &state->order;
    int64_t completed_won = 0;
    for (size_t i = 0; i < REFUNDS; i++)
        if (state->refunds[i].state == WEBHOOK_REFUND_IS_COMPLETED)
            completed_won += state->refunds[i].amount_won;
    FUZZ_CHECK(order->refunded_won == completed_won, "%lld refunded, %lld completed",
               (long long)order->refunded_won, (long long)completed_won);
    FUZZ_CHECK(order->refunded_won >= 0 && order->refunded_won <= order->paid_won,
               "more refunded than paid");
    FUZZ_CHECK(order->paid_won == 0 || order->paid_won == order->total_won, "%lld paid",
               (long long)order->paid_won);
    FUZZ_CHECK(order->payment != WEBHOOK_PAID || order->paid_won == order->total_won,
               "paid without its amount");
    FUZZ_CHECK(order->total_won == TOTAL_WON, "another total");
}

/* Whether what was final before is so still. */
static void check_final(const struct state *before, const struct state *after) {
    FUZZ_CHECK(before->order.payment != WEBHOOK_CANCELLED ||
                   after->order.payment == WEBHOOK_CANCELLED,
               "a cancelled order moved");
    for (size_t i = 0; i < PARCELS; i++)
        FUZZ_CHECK(after->parcels[i].state >= before->parcels[i].state, "a parcel moved back");
    for (size_t i = 0; i < REFUNDS; i++)
        FUZZ_CHECK(before->refunds[i].state < WEBHOOK_REFUND_IS_COMPLETED ||
                       after->refunds[i].state == before->refunds[i].state,
                   "a final refund moved");
}

/* Applies one event; returns its outcome. */
static enum webhook_outcome step(struct state *state, const struct event *event) {
    const struct state before = *state;
    struct state expected = before;
    const struct webhook_decision due = model(&expected, event);
    const struct webhook_decision got = apply(state, event);
    FUZZ_CHECK(got.outcome == due.outcome && got.effects == due.effects,
               "subject %d, event %d: outcome %d with effects %u, not %d with %u", event->subject,
               event->kind, (int)got.outcome, got.effects, (int)due.outcome, due.effects);
    FUZZ_CHECK(is_same(state, &expected), "subject %d, event %d: another state", event->subject,
               event->kind);
    check_invariants(state);
    check_final(&before, state);
    /* A repetition changes nothing, and no mail is sent twice. */
    struct state again = *state;
    const struct webhook_decision second = apply(&again, event);
    FUZZ_CHECK(is_same(&again, state) && second.outcome != WEBHOOK_MOVED && second.effects == 0,
               "subject %d, event %d: the repetition had an effect", event->subject, event->kind);
    return got.outcome;
}

static bool is_refused(enum webhook_outcome outcome) {
    return outcome == WEBHOOK_IMPOSSIBLE || outcome == WEBHOOK_AMOUNT_CONFLICT;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes) {
    struct fuzz_input input = {data, size_bytes};
    struct state state = {.order = {.total_won = TOTAL_WON}};
    struct state shuffled = state;
    struct event events[MAX_EVENTS];
    const uint32_t seed = fuzz_take_u32(&input);
    size_t count = 0;
    bool commutes = true;
    while (input.size_bytes && count < MAX_EVENTS) {
        events[count] = take_event(&input);
        commutes &= !is_refused(step(&state, &events[count]));
        commutes &=
            events[count].subject != PAYMENT || events[count].kind != WEBHOOK_ON_DEPOSIT_REVERSED;
        count++;
    }
    /* The same events in another order. */
    uint32_t random = seed;
    for (size_t i = count; i > 1; i--) {
        random = random * 1664525 + 1013904223;
        const size_t other = (random >> 8) % i;
        const struct event swapped = events[i - 1];
        events[i - 1] = events[other];
        events[other] = swapped;
    }
    for (size_t i = 0; i < count; i++)
        commutes &= !is_refused(step(&shuffled, &events[i]));
    FUZZ_CHECK(!commutes || is_same(&state, &shuffled), "the order of the events counts");
    return 0;
}
