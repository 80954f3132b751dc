/* See store_rows.h: the inbox, the order, what is stored of it. */
#include "services/webhook/store_rows.h"

#include <string.h>

#include "services/base/text.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct db_value webhook_db_ms(int64_t ms) {
    return ms >= DB_TIME_MIN_US / 1000 && ms <= DB_TIME_MAX_US / 1000 ? db_time(ms * 1000)
                                                                      : db_null();
}

struct db_value webhook_db_text(const char *text) {
    return text == NULL || text[0] == '\0' ? db_null() : db_text(text);
}

enum svc_status webhook_write_row(struct db *db, const char *sql, const struct db_value *values,
                                  size_t count, struct db_error *error) {
    const struct db_statement statement = {.sql = sql};
    const struct db_query query = {.statement = &statement, .values = values, .value_count = count};
    return db_run(db, &query, NULL, error);
}

/* ---------------------------------------------------------------------- the inbox */

static struct db_value request_id_of(const char *request_id) {
    request_id = request_id != NULL ? request_id : "";
    return db_text_of(request_id, svc_utf8_fit(request_id, WEBHOOK_MAX_REQUEST_ID_BYTES));
}

enum svc_status webhook_insert_inbox(struct db *db, const char *sender, const char *event_key,
                                     const char *order_id, const char *request_id, int64_t now_ms,
                                     struct db_error *error) {
    const struct db_value values[] = {db_text(sender), db_text(event_key), db_text(order_id),
                                      request_id_of(request_id), webhook_db_ms(now_ms)};
    return webhook_write_row(
        db,
        "INSERT INTO inbox (sender, event_key, order_id, request_id, received_at) "
        "VALUES (?, ?, ?, ?, ?)",
        values, COUNT(values), error);
}

struct found {
    struct db_value request_id;
    bool is_stored, is_ours;
};

static bool take_request(void *user, const struct db_value *row) {
    struct found *found = user;
    found->is_stored = true;
    found->is_ours = row[0].size_bytes == found->request_id.size_bytes &&
                     memcmp(row[0].bytes, found->request_id.bytes, row[0].size_bytes) == 0;
    return true;
}

enum svc_status webhook_find_inbox(struct db *db, const char *sender, const char *event_key,
                                   const char *request_id, bool *is_stored, bool *is_ours,
                                   struct db_error *error) {
    static const struct db_column columns[] = {
        {.type = DB_TEXT, .max_bytes = 4 * WEBHOOK_MAX_REQUEST_ID_BYTES}};
    static const struct db_statement statement = {
        "SELECT request_id FROM inbox WHERE sender = ? AND event_key = ? LOCK IN SHARE MODE",
        columns, 1};
    struct found found = {.request_id = request_id_of(request_id)};
    const struct db_value values[] = {db_text(sender), db_text(event_key)};
    const struct db_query query = {&statement, values, COUNT(values), take_request, &found};
    const enum svc_status status = db_run(db, &query, NULL, error);
    *is_stored = found.is_stored;
    *is_ours = found.is_ours;
    return status;
}

/* ---------------------------------------------------------------------- the order */

/* The order comes first in the join, and its lock with it: what the others hold is read when no
 * other event can change it any more. */
#define SELECT_ORDER                                                                               \
    "SELECT o.order_id, o.total_won, o.payment_state, s.payment_state, s.paid_won, "               \
    "s.refunded_won, s.is_shipped, s.payment_method, s.transaction_id, s.paid_at, "                \
    "s.payment_changed_at, s.paid_by"
#define FROM_ORDER " FROM webhook_orders o LEFT JOIN order_states s ON s.order_id = ? "

enum {
    ORDER_ID,
    TOTAL,
    PLATFORM_STATE,
    STATE,
    PAID,
    REFUNDED,
    IS_SHIPPED,
    METHOD,
    TRANSACTION,
    PAID_AT,
    CHANGED_AT,
    PAID_BY,
    ORDER_COLUMNS,
    SUBJECT_ID = ORDER_COLUMNS,
    SUBJECT_STATE,
    SUBJECT_AMOUNT
};

#define ORDER_COLUMN_LIST                                                                          \
    [ORDER_ID] = {.type = DB_TEXT, .max_bytes = 4096},                                             \
    [TOTAL] = {.type = DB_DECIMAL, .nullable = true},                                              \
    [PLATFORM_STATE] = {.type = DB_TEXT, .nullable = true, .max_bytes = 256},                      \
    [STATE] = {.type = DB_TEXT, .nullable = true, .max_bytes = 64},                                \
    [PAID] = {.type = DB_INT, .nullable = true}, [REFUNDED] = {.type = DB_INT, .nullable = true},  \
    [IS_SHIPPED] = {.type = DB_INT, .nullable = true},                                             \
    [METHOD] = {.type = DB_TEXT, .nullable = true, .max_bytes = WEBHOOK_METHOD_BYTES - 1},         \
    [TRANSACTION] = {.type = DB_TEXT,                                                              \
                     .nullable = true,                                                             \
                     .max_bytes = WEBHOOK_TRANSACTION_BYTES - 1},                                  \
    [PAID_AT] = {.type = DB_TIME, .nullable = true},                                               \
    [CHANGED_AT] = {.type = DB_TIME, .nullable = true},                                            \
    [PAID_BY] = {.type = DB_TEXT, .nullable = true, .max_bytes = WEBHOOK_SENDER_BYTES - 1}
#define SUBJECT_COLUMN_LIST                                                                        \
    [SUBJECT_ID] = {.type = DB_TEXT, .nullable = true, .max_bytes = 256}, [SUBJECT_STATE] = {      \
                                                                              .type = DB_TEXT,     \
                                                                              .nullable = true,    \
                                                                              .max_bytes = 96}

static const struct db_column payment_columns[] = {ORDER_COLUMN_LIST};
static const struct db_column parcel_columns[] = {ORDER_COLUMN_LIST, SUBJECT_COLUMN_LIST};
static const struct db_column refund_columns[] = {
    ORDER_COLUMN_LIST, SUBJECT_COLUMN_LIST, [SUBJECT_AMOUNT] = {.type = DB_INT, .nullable = true}};

static const struct db_statement lock_payment = {SELECT_ORDER FROM_ORDER
                                                 "WHERE o.order_id = ? FOR UPDATE",
                                                 payment_columns, COUNT(payment_columns)};
static const struct db_statement lock_parcels = {
    SELECT_ORDER ", p.tracking_number, p.state" FROM_ORDER
                 "LEFT JOIN order_parcels p ON p.order_id = ? WHERE o.order_id = ? FOR UPDATE",
    parcel_columns, COUNT(parcel_columns)};
static const struct db_statement lock_refunds = {
    SELECT_ORDER ", r.refund_id, r.state, r.amount_won" FROM_ORDER
                 "LEFT JOIN order_refunds r ON r.order_id = ? WHERE o.order_id = ? FOR UPDATE",
    refund_columns, COUNT(refund_columns)};

struct reading {
    const struct webhook_change *change;
    enum webhook_subject subject; /* whose rows come with the order */
    struct webhook_known *known;
    struct webhook_entry *entries;
    bool is_wrong; /* a state that does not exist */
};

static bool is_text(const struct db_value *value, const char *text) {
    const size_t length = strlen(text);
    return value->size_bytes == length && memcmp(value->bytes, text, length) == 0;
}

/* The state of a name; -1: there is none. */
static int find_state(const struct db_value *value, enum webhook_subject subject) {
    for (int i = 0;; i++) {
        const char *name = subject == WEBHOOK_SUBJECT_PAYMENT
                               ? webhook_payment_state_name((enum webhook_payment_state)i)
                           : subject == WEBHOOK_SUBJECT_PARCEL
                               ? webhook_parcel_state_name((enum webhook_parcel_state)i)
                               : webhook_refund_state_name((enum webhook_refund_state)i);
        if (name == NULL) {
            return -1;
        }
        if (is_text(value, name)) {
            return i;
        }
    }
}

static int64_t ms_of(const struct db_value *value) {
    return value->type == DB_NULL ? WEBHOOK_NO_TIME : value->integer / 1000;
}

/* The platform may have moved an order by itself: confirmed a transfer, or cancelled what nobody
 * paid. That is taken over while no payment is known here; afterwards the state here counts. */
static int payment_of(const struct db_value *row, bool has_states) {
    const int platform = row[PLATFORM_STATE].type == DB_NULL
                             ? -1
                             : find_state(&row[PLATFORM_STATE], WEBHOOK_SUBJECT_PAYMENT);
    if (!has_states) {
        return platform;
    }
    const int own = find_state(&row[STATE], WEBHOOK_SUBJECT_PAYMENT);
    return own >= 0 && own < WEBHOOK_PAID && platform >= WEBHOOK_PAID ? platform : own;
}

static void take_order(struct reading *reading, const struct db_value *row) {
    struct webhook_known *known = reading->known;
    struct webhook_order *order = &known->order;
    known->has_states = row[STATE].type != DB_NULL;
    const int payment = payment_of(row, known->has_states);
    reading->is_wrong |= payment < 0;
    order->payment = (enum webhook_payment_state)(payment < 0 ? 0 : payment);
    /* Without an amount in won, it is none that a payment can have. */
    order->total_won = row[TOTAL].type == DB_NULL ? 0 : row[TOTAL].integer;
    known->paid_at_ms = known->changed_ms = WEBHOOK_NO_TIME;
    if (known->has_states) {
        order->paid_won = row[PAID].integer;
        order->refunded_won = row[REFUNDED].integer;
        order->is_shipped = row[IS_SHIPPED].integer != 0;
        known->paid_at_ms = ms_of(&row[PAID_AT]);
        known->changed_ms = ms_of(&row[CHANGED_AT]);
    }
    if (order->payment == WEBHOOK_PAID && order->paid_won == 0) {
        order->paid_won = order->total_won;
    }
    if (row[METHOD].type != DB_NULL) {
        svc_copy_text(known->method, sizeof(known->method), row[METHOD].bytes);
    }
    if (row[PAID_BY].type != DB_NULL) {
        svc_copy_text(known->paid_by, sizeof(known->paid_by), row[PAID_BY].bytes);
    }
    if (row[TRANSACTION].type != DB_NULL) {
        svc_copy_text(known->transaction, sizeof(known->transaction), row[TRANSACTION].bytes);
    }
}

/* A parcel or refund of the order, for the step that has it. */
static void take_subject(struct reading *reading, const struct db_value *row) {
    if (row[SUBJECT_ID].type == DB_NULL) {
        return;
    }
    const bool is_parcel = reading->subject == WEBHOOK_SUBJECT_PARCEL;
    const bool has_number = row[SUBJECT_ID].size_bytes > 0;
    const int state = find_state(&row[SUBJECT_STATE], reading->subject);
    reading->known->has_numbered |= is_parcel && has_number;
    reading->known->has_unnumbered |= is_parcel && !has_number && state == WEBHOOK_PREPARING;
    for (size_t i = 0; i < reading->change->step_count; i++) {
        struct webhook_entry *entry = &reading->entries[i];
        if (entry->first != i || reading->change->steps[i].subject != reading->subject ||
            !is_text(&row[SUBJECT_ID], webhook_step_id(&reading->change->steps[i]))) {
            continue;
        }
        reading->is_wrong |= state < 0;
        entry->is_stored = true;
        if (is_parcel) {
            entry->parcel.state = (enum webhook_parcel_state)(state < 0 ? 0 : state);
        } else {
            entry->refund.state = (enum webhook_refund_state)(state < 0 ? 0 : state);
            entry->refund.amount_won = row[SUBJECT_AMOUNT].integer;
        }
        return;
    }
}

static bool take_row(void *user, const struct db_value *row) {
    struct reading *reading = user;
    /* The platform's collation may find another order: one in upper case, or with accents. */
    if (!is_text(&row[ORDER_ID], reading->change->order_id)) {
        return true;
    }
    if (!reading->known->is_found) {
        reading->known->is_found = true;
        take_order(reading, row);
    }
    if (reading->subject != WEBHOOK_SUBJECT_PAYMENT) {
        take_subject(reading, row);
    }
    return true;
}

enum svc_status webhook_lock_order(struct db *db, const struct webhook_change *change,
                                   struct webhook_known *known, struct webhook_entry *entries,
                                   struct db_error *error) {
    struct reading reading = {.change = change, .known = known, .entries = entries};
    const struct db_value id = db_text(change->order_id);
    const struct db_value values[] = {id, id, id};
    memset(known, 0, sizeof(*known));
    webhook_entries_init(change, entries);
    for (size_t i = 0; i < change->step_count; i++) {
        if (change->steps[i].subject != WEBHOOK_SUBJECT_PAYMENT) {
            reading.subject = change->steps[i].subject;
        }
    }
    const struct db_statement *statement =
        reading.subject == WEBHOOK_SUBJECT_PAYMENT  ? &lock_payment
        : reading.subject == WEBHOOK_SUBJECT_PARCEL ? &lock_parcels
                                                    : &lock_refunds;
    const struct db_query query = {statement, values, statement == &lock_payment ? 2 : 3, take_row,
                                   &reading};
    const enum svc_status status = db_run(db, &query, NULL, error);
    if (status == SVC_OK && reading.is_wrong) {
        return db_fail(error, SVC_BAD_RESPONSE, DB_FAULT_RESULT,
                       "an order, parcel or refund is in a state that does not exist");
    }
    return status;
}
