/* The CSV of a report: UTF-8 with a byte order mark, RFC 4180 (CRLF), a row for each line and rows
 * with the totals behind them. Amounts are whole won and numbers plain ("-12000", "5.00"), times
 * are in KST. The same lines give the same bytes.
 *
 * Text cells are always quoted, so that no separator of another locale ends them. A spreadsheet
 * takes a cell that begins with = + - @ or a control for a formula, and one that looks like a
 * number or a date for that: 20260901000123 becomes 2.02609E+13. Such a text gets a leading
 * apostrophe, as OWASP recommends, and so does one that begins with an apostrophe: who removes the
 * first apostrophe of a text cell has the text itself. Numbers of our own, negative ones included,
 * are untouched. Text longer than SETTLE_MAX_CSV_TEXT_BYTES is cut and ends with "…".
 *
 * Nothing is kept: the caller sends `out` on and resets it between lines, so that any number of
 * lines takes the memory of one. */
#ifndef SETTLE_CSV_H
#define SETTLE_CSV_H

#include <stdbool.h>

#include "services/base/buf.h"
#include "services/settlement/labels.h"
#include "services/settlement/line.h"
#include "services/settlement/totals.h"

/* Less than the 32,767 characters of a cell of Excel. */
#define SETTLE_MAX_CSV_TEXT_BYTES 4096
/* What one call appends at most: three texts, of which a byte that is not UTF-8 takes three, and
 * the numbers. */
#define SETTLE_MAX_CSV_APPEND_BYTES (10 * SETTLE_MAX_CSV_TEXT_BYTES)

/* Each returns whether everything so far fitted into `out`. The head is the mark and the names of
 * the columns; the totals are a row for each kind that has lines, their sum, and the check that
 * gross = commission + net. */
bool settle_csv_put_head(enum settle_moment moment, struct svc_buf *out);
bool settle_csv_put_line(const struct settle_line *line, struct svc_buf *out);
bool settle_csv_put_totals(const struct settle_totals *totals, struct svc_buf *out);

#endif
