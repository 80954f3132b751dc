/* The statements of an event's transaction, each a function. For store.c and payout.c. Errors:
 * those of db_run. */
#ifndef WEBHOOK_STORE_ROWS_H
#define WEBHOOK_STORE_ROWS_H

#include "services/db/statement.h"
#include "services/webhook/store_decide.h"

/* An id of a request as `inbox` holds it. */
#define WEBHOOK_MAX_REQUEST_ID_BYTES 64

/* The whole milliseconds since 1970 as a value; NULL for WEBHOOK_NO_TIME and for years that the
 * database does not have. */
struct db_value webhook_db_ms(int64_t ms);
/* A text; NULL for "" and NULL. */
struct db_value webhook_db_text(const char *text);

/* A statement that returns no rows. */
enum svc_status webhook_write_row(struct db *db, const char *sql, const struct db_value *values,
                                  size_t count, struct db_error *error);

/* order_id NULL: none. DB_FAULT_DUPLICATE_KEY: the event is stored already. */
enum svc_status webhook_insert_inbox(struct db *db, const char *sender, const char *event_key,
                                     const char *order_id, const char *request_id, int64_t now_ms,
                                     struct db_error *error);
/* Whose request stored the event. Waits for a transaction that is about to. */
enum svc_status webhook_find_inbox(struct db *db, const char *sender, const char *event_key,
                                   const char *request_id, bool *is_stored, bool *is_ours,
                                   struct db_error *error);

/* Locks the order and reads what is known of it and of its parcels or refunds, in one statement.
 * known->is_found: the platform has an order of exactly this id. BAD_RESPONSE: a state that does
 * not exist. */
enum svc_status webhook_lock_order(struct db *db, const struct webhook_change *change,
                                   struct webhook_known *known, struct webhook_entry *entries,
                                   struct db_error *error);

/* Each stores what the plan changes, if anything. */
enum svc_status webhook_save_order(struct db *db, const char *order_id,
                                   const struct webhook_known *known,
                                   const struct webhook_plan *plan, int64_t now_ms,
                                   struct db_error *error);
enum svc_status webhook_save_subjects(struct db *db, const struct webhook_change *change,
                                      const struct webhook_entry *entries,
                                      const struct webhook_plan *plan, int64_t now_ms,
                                      struct db_error *error);
enum svc_status webhook_save_history(struct db *db, const struct webhook_change *change,
                                     const struct webhook_entry *entries, int64_t now_ms,
                                     struct db_error *error);
/* Calls the platform's procedures. */
enum svc_status webhook_call_platform(struct db *db, const struct webhook_change *change,
                                      const struct webhook_known *known,
                                      const struct webhook_entry *entries,
                                      const struct webhook_plan *plan, int64_t now_ms,
                                      struct db_error *error);

#endif
