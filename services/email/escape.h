/* Escaping of values by the place they stand in. */
#ifndef EMAIL_ESCAPE_H
#define EMAIL_ESCAPE_H

#include <stdbool.h>
#include <stddef.h>

#include "services/base/buf.h"

enum email_escape {
    EMAIL_ESCAPE_NONE,      /* as it is: {{{name}}}; no template of a mail's HTML may have it */
    EMAIL_ESCAPE_HTML,      /* text between tags: & < > " ' as entities, line breaks as <br> */
    EMAIL_ESCAPE_ATTRIBUTE, /* the same in a quoted attribute, line breaks as blanks */
    EMAIL_ESCAPE_URL,       /* a whole attribute that is followed as a link: https URLs alone */
    EMAIL_ESCAPE_URL_PART,  /* behind https:, mailto: or tel: in such an attribute */
    EMAIL_ESCAPE_PLAIN,     /* the text part */
    EMAIL_ESCAPE_SUBJECT    /* one line */
};

/* Appends `text`, escaped. URL: text was checked by email_url_check. */
bool email_put_escaped(const char *text, size_t size_bytes, enum email_escape escape,
                       struct svc_buf *out);

#endif
