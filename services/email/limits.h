/* Every limit of the mailer's messages, templates and output, by name. */
#ifndef EMAIL_LIMITS_H
#define EMAIL_LIMITS_H

#include <stddef.h>

/* A message as it stands in a queue: its bytes, and its objects, lists and values, those of fields
 * that are ignored included. json-c takes 700 bytes for an empty object: 256 KiB of them would take
 * 70 MB. The largest message that the schema allows has 103 containers and 310 values. */
#define EMAIL_MAX_MESSAGE_BYTES      ((size_t)256 * 1024)
#define EMAIL_MAX_MESSAGE_CONTAINERS ((size_t)1024)
#define EMAIL_MAX_MESSAGE_VALUES     ((size_t)8192)
#define EMAIL_MAX_FIELDS             12  /* of one template */
#define EMAIL_MAX_ITEMS              100 /* lines of an order that a mail lists */
#define EMAIL_MAX_ID_BYTES           ((size_t)128)

/* RFC 5321, 4.5.3.1: local part, domain, and the path without its angle brackets. */
#define EMAIL_MAX_LOCAL_BYTES   ((size_t)64)
#define EMAIL_MAX_LABEL_BYTES   ((size_t)63)
#define EMAIL_MAX_DOMAIN_BYTES  ((size_t)253)
#define EMAIL_MAX_ADDRESS_BYTES ((size_t)254)
/* A display name with its address, in UTF-8, before it is encoded. */
#define EMAIL_MAX_MAILBOX_BYTES ((size_t)512)

/* After percent-encoding. */
#define EMAIL_MAX_URL_BYTES ((size_t)2048)
/* SES takes header values of up to 870 characters; List-Unsubscribe is "<URL>". */
#define EMAIL_MAX_UNSUBSCRIBE_URL_BYTES ((size_t)860)

/* Combining marks on one character; the rest of a flood is dropped. Vietnamese needs 2, Thai 3,
 * pointed Hebrew 4. */
#define EMAIL_MAX_COMBINING_MARKS 6

/* Rendered parts. The largest message allowed needs under 400 KiB of HTML with the templates of
 * this folder (tests/services/test_email_render.c measures it). */
#define EMAIL_MAX_SUBJECT_BYTES ((size_t)1024)
#define EMAIL_MAX_HTML_BYTES    ((size_t)1024 * 1024)
#define EMAIL_MAX_TEXT_BYTES    ((size_t)512 * 1024)
#define EMAIL_MAX_RAW_BYTES     ((size_t)4 * 1024 * 1024)

/* Templates: sections in each other and partials in each other, name parts, delimiters, a file. */
#define EMAIL_MUSTACHE_MAX_DEPTH     16
#define EMAIL_MUSTACHE_MAX_PARTIALS  8
#define EMAIL_MUSTACHE_MAX_DELIMITER 16
#define EMAIL_MUSTACHE_MAX_NAME      ((size_t)128)
#define EMAIL_MUSTACHE_MAX_OPS       ((size_t)16 * 1024)
#define EMAIL_MUSTACHE_MAX_SOURCE    ((size_t)256 * 1024)
/* Bytes that a parse reads, a partial as often as it is included: lists of partials in each other
 * grow with the power of their depth. */
#define EMAIL_MUSTACHE_MAX_READ ((size_t)1024 * 1024)
/* Tags, texts and entries of lists that one rendering goes through; sections of lists in each other
 * grow with the power of their depth, also where they write nothing. The largest message allowed
 * takes under 10,000. */
#define EMAIL_MUSTACHE_MAX_STEPS ((size_t)64 * 1024)

#endif
