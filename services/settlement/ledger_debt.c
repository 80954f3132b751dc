/* What a seller owes from earlier periods of the same type. It is what the newest report before
 * carried out: normally of the period before. If that one failed, or was never made, it has no
 * balance, and the debt of the report before it is still owed. */
#include <string.h>

#include "services/settlement/ledger_internal.h"

/* How far back: a bound for the server, not a term after which a debt ends. */
static const int32_t days_back[SETTLE_PERIOD_TYPES] = {
    [SETTLE_DAILY] = 31, [SETTLE_WEEKLY] = 84, [SETTLE_MONTHLY] = 366};

bool settle_ledger_debt_days(const struct settle_period *period, struct settle_debt_days *days) {
    struct settle_period before;
    struct svc_error ignored;
    if (settle_period_around(period->type, period->first_day - 1, period->from_ms, &before,
                             &ignored) != SVC_OK) {
        return false;
    }
    const int32_t oldest = period->first_day - days_back[period->type];
    settle_day_write(before.first_day, days->before_first);
    settle_day_write(before.last_day, days->before_last);
    settle_day_write(oldest > SETTLE_FIRST_DAY ? oldest : SETTLE_FIRST_DAY, days->oldest);
    settle_day_write(period->first_day, days->first);
    return true;
}

static bool take_debt(void *user, const struct db_value *row) {
    *(int64_t *)user = row[0].type != DB_NULL && row[0].integer < 0 ? row[0].integer : 0;
    return true;
}

enum svc_status settle_ledger_read_debt(struct db *db, const struct settle_period *period,
                                        const char *seller_id, int64_t *debt_won,
                                        struct db_error *error) {
    static const struct db_column columns[] = {{.type = DB_INT, .nullable = true}};
    static const struct db_statement read = {SETTLE_DEBT_SQL("?"), columns, 1};
    struct settle_debt_days days;
    *debt_won = 0;
    if (!settle_ledger_debt_days(period, &days)) {
        return SVC_OK;
    }
    const struct db_value values[] = {db_text(settle_period_type_name(period->type)),
                                      db_text(days.oldest), db_text(days.first),
                                      db_text(seller_id)};
    return settle_ledger_sql(db, &read, values, SETTLE_COUNT(values), take_debt, debt_won, NULL,
                             error);
}
