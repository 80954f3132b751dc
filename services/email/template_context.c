/* Where in an HTML document a variable stands: see template_check.h. This follows the tokenizer of
 * HTML as far as well-formed templates need it; what it does not understand is a fault. */
#include <stdio.h>
#include <string.h>

#include "services/base/text.h"
#include "services/email/template_check.h"
#include "services/email/view.h"

enum where {
    IN_TEXT,
    IN_TAG_NAME,    /* after < or </ */
    IN_TAG,         /* between attributes */
    IN_ATTRIBUTE,   /* in an attribute's name */
    BEFORE_VALUE,   /* after = */
    IN_VALUE,       /* between quotes */
    IN_BARE_VALUE,  /* without quotes */
    IN_COMMENT,     /* <!-- */
    IN_DECLARATION, /* <! */
    IN_RAW          /* the text of script, style, ... */
};

enum { NAME_BYTES = 24, BEGIN_BYTES = 12 };

struct context {
    enum where where;
    char quote;
    char tag[NAME_BYTES];       /* lower case; "/p" for an end tag */
    char attribute[NAME_BYTES]; /* lower case */
    char begin[BEGIN_BYTES];    /* of the value, lower case */
    size_t value_bytes;         /* of the value up to here */
    char last[NAME_BYTES];      /* what was read last, for the ends of comments and raw text */
};

static char to_lower(char c) {
    return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

static void add_char(char *name, size_t capacity, char c) {
    size_t used = strlen(name);
    if (used + 1 < capacity) {
        name[used] = to_lower(c);
        name[used + 1] = '\0';
    }
}

/* Keeps the last bytes read. */
static void slide(char *last, char c) {
    size_t used = strlen(last);
    if (used + 1 == NAME_BYTES) {
        memmove(last, last + 1, used);
        used--;
    }
    last[used] = to_lower(c);
    last[used + 1] = '\0';
}

static bool is_raw(const char *tag) {
    static const char *const tags[] = {"script",  "style",    "xmp",      "iframe",
                                       "noembed", "noframes", "noscript", "plaintext"};
    return SVC_IS_ONE_OF(tag, tags);
}

static void end_tag(struct context *context) {
    context->where = is_raw(context->tag) ? IN_RAW : IN_TEXT;
    context->last[0] = '\0';
}

static void begin_tag(struct context *context) {
    context->where = IN_TAG_NAME;
    context->tag[0] = context->attribute[0] = '\0';
}

static void read_in_tag(struct context *context, char c) {
    if (c == '>') {
        end_tag(context);
    } else if (strchr(" \t\r\n/", c) != NULL) {
        context->where = IN_TAG;
    } else if (c == '=' && context->where != IN_TAG_NAME) {
        context->where = BEFORE_VALUE; /* of the name before it, blanks between or not */
    } else if (context->where == IN_TAG) {
        context->where = IN_ATTRIBUTE;
        context->attribute[0] = '\0';
        add_char(context->attribute, sizeof(context->attribute), c);
    } else if (context->where == IN_TAG_NAME) {
        add_char(context->tag, sizeof(context->tag), c);
    } else {
        add_char(context->attribute, sizeof(context->attribute), c);
    }
}

static void read_value(struct context *context, char c) {
    if (context->where == BEFORE_VALUE) {
        if (c == '"' || c == '\'') {
            context->where = IN_VALUE;
            context->quote = c;
            context->begin[0] = '\0';
            context->value_bytes = 0;
        } else if (strchr(" \t\r\n", c) == NULL) {
            context->where = IN_BARE_VALUE;
            if (c == '>') {
                end_tag(context);
            }
        }
    } else if (context->where == IN_VALUE) {
        if (c == context->quote) {
            context->where = IN_TAG;
            context->quote = '\0';
            context->attribute[0] = '\0';
        } else {
            add_char(context->begin, sizeof(context->begin), c);
            context->value_bytes++;
        }
    } else if (c == '>') {
        end_tag(context);
    } else if (strchr(" \t\r\n", c) != NULL) {
        context->where = IN_TAG;
        context->attribute[0] = '\0';
    }
}

static void read_char(struct context *context, char c) {
    char end[NAME_BYTES + 2];
    slide(context->last, c);
    switch (context->where) {
    case IN_TEXT:
        if (c == '<') {
            begin_tag(context);
        }
        break;
    case IN_TAG_NAME:
        if (c == '!' && context->tag[0] == '\0') {
            context->where = IN_DECLARATION;
            memcpy(context->last, "<!", 3);
            break;
        }
        if (c == '/' && context->tag[0] == '\0') {
            add_char(context->tag, sizeof(context->tag), c);
            break;
        }
        read_in_tag(context, c);
        break;
    case IN_TAG:
    case IN_ATTRIBUTE:
        read_in_tag(context, c);
        break;
    case BEFORE_VALUE:
    case IN_VALUE:
    case IN_BARE_VALUE:
        read_value(context, c);
        break;
    case IN_DECLARATION:
        if (strcmp(context->last, "<!--") == 0) {
            context->where = IN_COMMENT;
            context->last[0] = '\0';
        } else if (c == '>') {
            context->where = IN_TEXT;
        }
        break;
    case IN_COMMENT:
        if (svc_ends_with(context->last, "-->")) {
            context->where = IN_TEXT;
        }
        break;
    case IN_RAW:
        snprintf(end, sizeof(end), "</%s", context->tag);
        if (svc_ends_with(context->last, end)) {
            context->where = IN_TAG_NAME;
            snprintf(context->tag, sizeof(context->tag), "%.*s", NAME_BYTES - 1, end + 1);
        }
        break;
    }
}

/* Whether a section may end here that began there. */
static bool same_place(const struct context *a, const struct context *b) {
    if (a->where != b->where || a->quote != b->quote) {
        return false;
    }
    if (a->where == IN_TEXT) {
        return true;
    }
    return strcmp(a->tag, b->tag) == 0 &&
           (a->where != IN_VALUE ||
            (strcmp(a->attribute, b->attribute) == 0 && strcmp(a->begin, b->begin) == 0));
}

static bool is_link(const char *attribute) {
    static const char *const links[] = {"href",   "src",  "action",     "formaction", "background",
                                        "poster", "cite", "xlink:href", "data",       "longdesc",
                                        "srcset", "ping", "manifest",   "codebase",   "usemap"};
    return SVC_IS_ONE_OF(attribute, links);
}

/* The escaping of a link's variable; NONE: there is none that is safe. */
static enum email_escape link_escape(const struct context *context, bool is_url) {
    static const char *const schemes[] = {"https:", "mailto:", "tel:"};
    if (context->value_bytes == 0) {
        return is_url ? EMAIL_ESCAPE_URL : EMAIL_ESCAPE_NONE;
    }
    for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
        if (strncmp(context->begin, schemes[i], strlen(schemes[i])) == 0) {
            return EMAIL_ESCAPE_URL_PART;
        }
    }
    return EMAIL_ESCAPE_NONE;
}

static const char *choose(const struct context *context, bool is_url, enum email_escape *escape) {
    switch (context->where) {
    case IN_TEXT:
        *escape = EMAIL_ESCAPE_HTML;
        return NULL;
    case IN_VALUE:
        if (context->attribute[0] == '\0') {
            return "stands in an attribute without a name";
        }
        if (strncmp(context->attribute, "on", 2) == 0 || strcmp(context->attribute, "style") == 0 ||
            strcmp(context->attribute, "srcdoc") == 0 ||
            strcmp(context->attribute, "http-equiv") == 0) {
            return "stands in an attribute that is code or style";
        }
        if (strcmp(context->tag, "meta") == 0) {
            return "stands in a <meta>";
        }
        *escape =
            is_link(context->attribute) ? link_escape(context, is_url) : EMAIL_ESCAPE_ATTRIBUTE;
        return *escape != EMAIL_ESCAPE_NONE
                   ? NULL
                   : "stands in a link, of which it is neither an https URL nor behind https:, "
                     "mailto: or tel:";
    case IN_RAW:
        return "stands in a script or style";
    case IN_COMMENT:
    case IN_DECLARATION:
        return "stands in a comment or declaration";
    case BEFORE_VALUE:
    case IN_BARE_VALUE:
        return "stands in an attribute without quotes";
    default:
        return "stands in a tag outside of its attributes' values";
    }
}

struct walk {
    const struct email_template_info *info;
    struct email_mustache_op *ops;
    struct email_template_fault *fault;
};

static bool refuse(const struct walk *walk, const struct email_mustache_op *op, const char *what) {
    snprintf(walk->fault->detail, sizeof(walk->fault->detail), "{{%.64s}} %s", op->text, what);
    return false;
}

static bool check_variable(const struct walk *walk, struct email_mustache_op *op,
                           struct context *context, bool in_items) {
    struct email_view_name name;
    bool is_url = email_view_name(walk->info, op->text, in_items, &name) && name.type == EMAIL_URL;
    if (op->escape == EMAIL_ESCAPE_NONE) {
        return refuse(walk, op, "is not escaped");
    }
    const char *what = choose(context, is_url, &op->escape);
    if (what != NULL) {
        return refuse(walk, op, what);
    }
    if (context->where == IN_VALUE) {
        context->value_bytes++; /* the value goes on behind something */
    }
    return true;
}

static bool walk_ops(const struct walk *walk, size_t from, size_t to, struct context *context,
                     bool in_items) {
    for (size_t i = from; i < to;) {
        struct email_mustache_op *op = &walk->ops[i];
        if (op->kind == EMAIL_MUSTACHE_TEXT) {
            for (size_t k = 0; k < op->size_bytes; k++) {
                read_char(context, op->text[k]);
            }
        } else if (op->kind == EMAIL_MUSTACHE_VARIABLE) {
            if (!check_variable(walk, op, context, in_items)) {
                return false;
            }
        } else if (op->kind == EMAIL_MUSTACHE_PARTIAL) {
            return refuse(walk, op, "is a partial that was not included");
        } else {
            const struct context before = *context;
            bool is_list = op->kind == EMAIL_MUSTACHE_SECTION && strcmp(op->text, "items") == 0;
            if (!walk_ops(walk, i + 1, op->skip, context, in_items || is_list)) {
                return false;
            }
            if (!same_place(&before, context)) {
                return refuse(walk, op, "ends at another place of the document than it begins at");
            }
            *context = before;
            i = op->skip;
            continue;
        }
        i++;
    }
    return true;
}

bool email_check_contexts(const struct email_template_info *info,
                          struct email_mustache_parsed *parsed,
                          struct email_template_fault *fault) {
    struct context context = {.where = IN_TEXT};
    const struct walk walk = {info, parsed->ops, fault};
    if (!walk_ops(&walk, 0, parsed->program.count, &context, false)) {
        return false;
    }
    if (context.where != IN_TEXT) {
        snprintf(fault->detail, sizeof(fault->detail), "the document ends inside of a tag");
        return false;
    }
    return true;
}
