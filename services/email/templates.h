/* The templates as they are compiled into the binary: services/email/tools/compile_templates.c
 * makes the table's file of the template folder when the project is built, and refuses templates
 * that template_check.h finds fault with. */
#ifndef EMAIL_TEMPLATES_H
#define EMAIL_TEMPLATES_H

#include "services/email/mustache.h"
#include "services/email/schema.h"

enum email_part { EMAIL_PART_SUBJECT, EMAIL_PART_HTML, EMAIL_PART_TEXT, EMAIL_PARTS };

extern const struct email_mustache_program email_programs[EMAIL_TEMPLATES][EMAIL_LANGUAGES]
                                                         [EMAIL_PARTS];

#endif
