/* An HTML tokenizer of its own for the targets whose code writes HTML: what a document consists of,
 * so that a document with hostile values can be compared with one of harmless values.
 *
 * Written from the WHATWG standard's "Tokenization". Its limits: no tree is built, scripts and
 * CDATA are raw text up to their end tag, and of named character references those are known that
 * the project writes and the legacy ones that end without a semicolon. */
#ifndef FUZZ_SUPPORT_HTML_H
#define FUZZ_SUPPORT_HTML_H

#include <stddef.h>

#include "services/base/buf.h"

struct fuzz_html {
    struct svc_buf
        structure;        /* "<p class style></p><!--comment-->": elements and attribute names */
    struct svc_buf text;  /* decoded: text, and behind it the values of attributes in order */
    struct svc_buf links; /* decoded values of href, src, action, ...: one a line */
    struct svc_buf code;  /* as it is: scripts, styles, values of style and on... attributes */
    size_t faults;        /* of the tokenizer: '<' without a tag, a duplicate attribute, an end
                           * inside a tag, an attribute without quotes */
};

/* Ends the program if memory is short. Cleared with fuzz_html_clear. */
void fuzz_html_read(const char *html, size_t size_bytes, struct fuzz_html *found);
void fuzz_html_clear(struct fuzz_html *html);

/* Crashes unless `hostile` has the structure of `harmless`, the same count of links, and the same
 * text where that is not 'x'. The harmless document has an 'x' for each byte of a hostile value. */
void fuzz_html_check_same(const struct fuzz_html *hostile, const struct fuzz_html *harmless);

/* Crashes unless every link begins with one of https:, mailto:, tel: and '#'. */
void fuzz_html_check_links(const struct fuzz_html *html);

#endif
