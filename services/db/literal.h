/* Literals for conditions on a view that is a UNION: MariaDB pushes those into the branches, but
 * none with a parameter of a prepared statement (a '?' is not copied), and without them the whole
 * view is read. No text can end a literal: its bytes are written in hexadecimal. Everything else
 * travels as parameters. Each returns whether everything so far fitted, as the functions of buf.h.
 */
#ifndef DB_LITERAL_H
#define DB_LITERAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "services/base/buf.h"

/* _utf8mb4 X'4F5244': compared as the column is. Bytes that are not UTF-8 are refused by the
 * server.
 */
bool db_literal_text(struct svc_buf *sql, const char *bytes, size_t size_bytes);
/* TIMESTAMP'2026-02-01 00:00:00.000000'; a time outside of DB_TIME_MIN_US and _MAX_US becomes that
 * bound. */
bool db_literal_time(struct svc_buf *sql, int64_t since_1970_us);

#endif
