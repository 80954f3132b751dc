/* What a template must fulfil, checked when the project is built. */
#ifndef EMAIL_TEMPLATE_CHECK_H
#define EMAIL_TEMPLATE_CHECK_H

#include <stdbool.h>

#include "services/email/mustache.h"
#include "services/email/schema.h"
#include "services/email/templates.h"

struct email_template_fault {
    char detail[256]; /* a sentence */
};

/* Decides how each variable of an HTML part is escaped, by where it stands in the document, and
 * sets its op's `escape`. A fault: a place where no escaping is safe (style, a comment, a tag's or
 * attribute's name, an attribute without quotes, one that is code or style, a document that a
 * section leaves in another place than it found it), {{{name}}}, a link that no https URL is, or
 * whose scheme is neither https, mailto nor tel; and an element that has its own rules for what is
 * a tag, with or without a variable: script, svg, iframe, select and others. */
bool email_check_contexts(const struct email_template_info *info,
                          struct email_mustache_parsed *parsed, struct email_template_fault *fault);

/* Checks one part against the schema, and sets its escapes: every name is one of the template's (or
 * of view.h's), one that may be absent stands in a section of its own name; no variable shows an
 * object or list. */
bool email_check_part(const struct email_template_info *info, enum email_part part,
                      struct email_mustache_parsed *parsed, struct email_template_fault *fault);

/* Checks what takes all parts together: HTML and text show every required field, the HTML states
 * its language. PROMOTIONAL: the subject begins with (광고), and both parts carry the sender's
 * name, address, telephone and e-mail, the unsubscribe link (in HTML as a link), and 수신거부
 * beside "unsubscribe". `parts` is indexed by enum email_part. */
bool email_check_template(const struct email_template_info *info, enum email_language language,
                          const struct email_mustache_parsed parts[EMAIL_PARTS],
                          struct email_template_fault *fault);

#endif
