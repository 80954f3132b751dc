/* Names of a report's objects. Pure. */
#ifndef SETTLE_OBJECT_KEY_H
#define SETTLE_OBJECT_KEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "services/base/buf.h"
#include "services/settlement/period.h"

#define SETTLE_OBJECT_KEY_BYTES 160

enum settle_format { SETTLE_CSV, SETTLE_HTML, SETTLE_JSON };
#define SETTLE_FORMATS 3

const char *settle_format_extension(enum settle_format format);    /* "csv" */
const char *settle_format_content_type(enum settle_format format); /* "text/csv; charset=utf-8" */

/* "settlements/monthly/2026-09-01/seller-42.csv" for version 0, the newest of a report. An older
 * one: "settlements/monthly/2026-09-01/seller-42.v1.csv"; of a custom period with its last day,
 * because others may begin with the same day: "settlements/custom/2026-09-01/
 * seller-42.2026-09-15.v1.csv". false, and "" in `out`: the id is not valid (request.h). */
bool settle_object_key(const struct settle_period *period, const char *seller_id,
                       enum settle_format format, uint32_t version,
                       char out[SETTLE_OBJECT_KEY_BYTES]);

/* Appends a file name for people, for the Content-Disposition of the object: "정산_2026-09_바다상회
 * .csv". `business_name` is any text, or ""; what file systems forbid is left out of it. The result
 * is UTF-8. false: `out` is full. */
bool settle_put_file_name(const struct settle_period *period, const char *business_name,
                          enum settle_format format, struct svc_buf *out);

#endif
