/* The sentences of a report that depend on the settings, in the page's language. */
#ifndef SETTLE_REPORT_TEXT_H
#define SETTLE_REPORT_TEXT_H

#include "services/base/buf.h"
#include "services/email/schema.h"
#include "services/settlement/rules.h"

/* How the commission is computed and rounded, and its VAT; then the rates of what has none of its
 * own. Each fits on the page (SETTLE_MAX_HTML_TEXT_CHARACTERS). */
#define SETTLE_RULES_SENTENCE_BYTES 512
void settle_rules_sentence(const struct settle_rules *rules, enum email_language language,
                           char out[SETTLE_RULES_SENTENCE_BYTES]);
void settle_rates_sentence(const struct settle_rules *rules, enum email_language language,
                           char out[SETTLE_RULES_SENTENCE_BYTES]);
/* "지급 완료" of "paid"; "" of "" and of a state that is none of the four. */
const char *settle_payout_state_text(const char *state, enum email_language language);

#endif
