/* What templates see: the fields of the message's template by name, and besides them
 *
 *   toEmail            the recipient
 *   language, year     "ko" or "en"; the year now in KST
 *   sender.name, sender.email, sender.phone, sender.address    of the settings
 *   in {{#items}}: name, quantity, price, and amount = price x quantity
 *
 * The same names serve the checks at build time (email_view_name) and rendering. */
#ifndef EMAIL_VIEW_H
#define EMAIL_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "services/email/message.h"
#include "services/email/mustache.h"

/* Who sends: for the footer. Each NULL or "" where unknown; PROMOTIONAL needs all four. */
struct email_sender {
    const char *name, *email, *phone, *address;
};

struct email_view {
    const struct email_message *message;
    const struct email_sender *sender;
    int year;
};

/* Data for email_mustache_render; the view is borrowed. */
struct email_mustache_data email_view_data(const struct email_view *view);

/* What a name stands for outside of all lists, or inside {{#items}}. */
struct email_view_name {
    enum email_type type;
    bool is_optional; /* may be absent: belongs into a section of its name */
    bool is_object;   /* sender: good for a section alone */
};
bool email_view_name(const struct email_template_info *info, const char *name, bool in_items,
                     struct email_view_name *found);

#endif
