/* Sentences about rules and payouts: see report_text.h. */
#include "services/settlement/report_text.h"

#include <stdio.h>
#include <string.h>

static const char *rounding_text(enum settle_rounding rounding, enum email_language language) {
    static const char *const texts[SETTLE_ROUNDINGS][EMAIL_LANGUAGES] = {
        [SETTLE_ROUND_HALF_UP] = {"반올림", "rounded half up"},
        [SETTLE_ROUND_HALF_EVEN] = {"오사오입", "rounded half to even"},
        [SETTLE_ROUND_DOWN] = {"버림", "rounded down"},
    };
    return texts[rounding][language];
}

static const char *basis_text(enum settle_basis basis, enum email_language language) {
    static const char *const texts[SETTLE_BASES][EMAIL_LANGUAGES] = {
        [SETTLE_ON_GROSS] = {"판매금액", "sales"},
        [SETTLE_ON_LIST] = {"할인 전 금액", "amount before discounts"},
        [SETTLE_ON_PAID] = {"구매자 결제금액", "amount paid by the buyer"},
    };
    return texts[basis][language];
}

void settle_rules_sentence(const struct settle_rules *rules, enum email_language language,
                           char out[SETTLE_RULES_SENTENCE_BYTES]) {
    const char *basis = basis_text(rules->basis, language);
    const char *fee = rounding_text(rules->fee_rounding, language);
    const char *vat = rounding_text(rules->vat_rounding, language);
    if (language == EMAIL_EN) {
        snprintf(out, SETTLE_RULES_SENTENCE_BYTES,
                 rules->rates_include_vat
                     ? "Of each line: commission = %s × rate, VAT included, %s; VAT = commission "
                       "÷ 11, %s"
                     : "Of each line: supply value = %s × rate, %s; VAT = supply value ÷ 10, %s",
                 basis, fee, vat);
    } else {
        snprintf(out, SETTLE_RULES_SENTENCE_BYTES,
                 rules->rates_include_vat
                     ? "건별 수수료(부가세 포함) = %s × 수수료율, 원 미만 %s. 부가세 = 수수료 ÷ "
                       "11, 원 미만 %s"
                     : "건별 수수료 공급가액 = %s × 수수료율, 원 미만 %s. 부가세 = 공급가액 ÷ 10, "
                       "원 미만 %s",
                 basis, fee, vat);
    }
}

void settle_rates_sentence(const struct settle_rules *rules, enum email_language language,
                           char out[SETTLE_RULES_SENTENCE_BYTES]) {
    snprintf(out, SETTLE_RULES_SENTENCE_BYTES,
             language == EMAIL_EN
                 ? "Rate where no other is agreed: %d.%02d %%; on shipping fees: %d.%02d %%"
                 : "별도로 정하지 않은 상품의 수수료율 %d.%02d%%, 배송비의 수수료율 %d.%02d%%",
             rules->default_rate_bp / 100, rules->default_rate_bp % 100,
             rules->shipping_rate_bp / 100, rules->shipping_rate_bp % 100);
}

const char *settle_payout_state_text(const char *state, enum email_language language) {
    static const struct {
        const char *state, *texts[EMAIL_LANGUAGES];
    } states[] = {
        {"scheduled", {"지급 예정", "Scheduled"}},
        {"held", {"지급 보류", "On hold"}},
        {"paid", {"지급 완료", "Paid"}},
        {"failed", {"지급 실패", "Failed"}},
    };
    for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
        if (strcmp(state, states[i].state) == 0) {
            return states[i].texts[language];
        }
    }
    return "";
}
