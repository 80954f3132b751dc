/* See literal.h. */
#include "services/db/literal.h"

#include "services/base/clock.h"
#include "services/db/value.h"

enum { US_PER_MS = 1000 };

bool db_literal_text(struct svc_buf *sql, const char *bytes, size_t size_bytes) {
    static const char digits[] = "0123456789ABCDEF";
    (void)svc_buf_append_text(sql, "_utf8mb4 X'");
    for (size_t i = 0; i < size_bytes; i++) {
        const unsigned char byte = (unsigned char)bytes[i];
        (void)svc_buf_append_char(sql, digits[byte >> 4]);
        (void)svc_buf_append_char(sql, digits[byte & 0xf]);
    }
    return svc_buf_append_char(sql, '\'');
}

bool db_literal_time(struct svc_buf *sql, int64_t since_1970_us) {
    const int64_t us = since_1970_us < DB_TIME_MIN_US   ? DB_TIME_MIN_US
                       : since_1970_us > DB_TIME_MAX_US ? DB_TIME_MAX_US
                                                        : since_1970_us;
    int64_t ms = us / US_PER_MS, rest_us = us % US_PER_MS;
    if (rest_us < 0) {
        rest_us += US_PER_MS;
        ms--;
    }
    const struct svc_date date = svc_date_from_ms(ms);
    return svc_buf_printf(sql, "TIMESTAMP'%04d-%02d-%02d %02d:%02d:%02d.%06d'", date.year,
                          date.month, date.day, date.hour, date.minute, date.second,
                          date.ms * US_PER_MS + (int)rest_us);
}
