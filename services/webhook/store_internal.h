/* What store.c and payout.c share. */
#ifndef WEBHOOK_STORE_INTERNAL_H
#define WEBHOOK_STORE_INTERNAL_H

#include "services/webhook/store.h"

/* Ends the transaction's work without anything stored: returned by it, so that all is rolled back;
 * and afterwards, whether that was it: then the call has succeeded. */
enum svc_status webhook_refuse_change(struct webhook_stored *stored,
                                      enum webhook_stored_outcome outcome, struct db_error *error);
bool webhook_is_refused_change(enum svc_status status, struct webhook_stored *stored,
                               struct db_error *error);

/* After a COMMIT of unknown outcome, `failure`: the inbox has the event if it was done. Else
 * returns `failure`, with maybe_done if the inbox could not be asked. */
enum svc_status webhook_resolve_commit(const struct webhook_store *store, const char *sender,
                                       const char *event_key, const char *request_id,
                                       enum svc_status failure, struct webhook_stored *stored,
                                       struct db_error *error);

#endif
