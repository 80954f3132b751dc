/* Where in an HTML document a variable stands: see template_check.h. This follows the tokenizer of
 * HTML as far as well-formed templates need it; what it does not understand is a fault. */
#include <stdio.h>
#include <string.h>

#include "services/base/text.h"
#include "services/email/template_check.h"
#include "services/email/view.h"

enum where {
    IN_TEXT,
    AFTER_OPEN,     /* < */
    AFTER_END_OPEN, /* </ */
    AFTER_MARKUP,   /* <! and perhaps a hyphen */
    IN_TAG_NAME,
    IN_TAG,         /* between attributes */
    IN_ATTRIBUTE,   /* in an attribute's name */
    AFTER_NAME,     /* behind a name and blanks */
    AFTER_SLASH,    /* of "/>" */
    BEFORE_VALUE,   /* after = */
    IN_VALUE,       /* between quotes */
    IN_BARE_VALUE,  /* without quotes */
    IN_COMMENT,     /* <!-- */
    IN_DECLARATION, /* <!doctype, <?, </ without a name: up to the next > */
    IN_RAW          /* the text of style, title, textarea */
};

enum { NAME_BYTES = 24, BEGIN_BYTES = 12 };

struct context {
    enum where where;
    char quote;
    bool is_unknown;            /* an element whose text this does not follow */
    char tag[NAME_BYTES];       /* lower case; "/p" for an end tag */
    char attribute[NAME_BYTES]; /* lower case */
    char begin[BEGIN_BYTES];    /* of the value, lower case */
    size_t value_bytes;         /* of the value, or comment, up to here */
    char last[NAME_BYTES];      /* of a comment or raw text: what was read last */
};

static char to_lower(char c) {
    return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

static bool is_letter(char c) {
    return to_lower(c) >= 'a' && to_lower(c) <= 'z';
}

static bool is_blank(char c) {
    return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\f';
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
    static const char *const tags[] = {"style", "title", "textarea"};
    return SVC_IS_ONE_OF(tag, tags);
}

/* Elements in which tags are read by other rules, depending on the reader and on what stands around
 * them. No mail has a use for one. */
static bool is_unknown(const char *tag) {
    static const char *const tags[] = {"script",  "noscript",  "xmp",      "iframe",
                                       "noembed", "plaintext", "noframes", "svg",
                                       "math",    "select",    "frameset", "template"};
    return SVC_IS_ONE_OF(tag, tags);
}

static void end_tag(struct context *context) {
    context->where = is_raw(context->tag) ? IN_RAW : IN_TEXT;
    context->is_unknown = context->is_unknown || is_unknown(context->tag);
    context->last[0] = '\0';
}

static void begin_name(struct context *context, enum where where, char *name, char c) {
    context->where = where;
    name[0] = '\0';
    add_char(name, NAME_BYTES, c);
}

/* Behind the tag's name, outside of values. */
static void read_in_tag(struct context *context, char c) {
    if (c == '>') {
        end_tag(context);
    } else if (c == '/') {
        context->where = AFTER_SLASH;
    } else if (is_blank(c)) {
        context->where =
            context->where == IN_ATTRIBUTE || context->where == AFTER_NAME ? AFTER_NAME : IN_TAG;
    } else if (context->where == IN_TAG_NAME) {
        add_char(context->tag, sizeof(context->tag), c);
    } else if (c == '=' && (context->where == IN_ATTRIBUTE || context->where == AFTER_NAME)) {
        context->where = BEFORE_VALUE;
    } else if (context->where == IN_ATTRIBUTE) {
        add_char(context->attribute, sizeof(context->attribute), c);
    } else {
        begin_name(context, IN_ATTRIBUTE, context->attribute, c);
    }
}

static void read_value(struct context *context, char c) {
    if (context->where == BEFORE_VALUE) {
        if (c == '"' || c == '\'') {
            context->where = IN_VALUE;
            context->quote = c;
            context->begin[0] = '\0';
            context->value_bytes = 0;
        } else if (c == '>') {
            end_tag(context);
        } else if (!is_blank(c)) {
            context->where = IN_BARE_VALUE;
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
    } else if (is_blank(c)) {
        context->where = IN_TAG;
    }
}

/* What begins with <, up to the name of a tag. */
static void read_open(struct context *context, char c) {
    if (context->where == AFTER_OPEN && c == '/') {
        context->where = AFTER_END_OPEN;
    } else if (context->where == AFTER_OPEN && c == '!') {
        context->where = AFTER_MARKUP;
        context->last[0] = '\0';
    } else if (is_letter(c)) {
        const bool is_end = context->where == AFTER_END_OPEN;
        begin_name(context, IN_TAG_NAME, context->tag, is_end ? '/' : c);
        if (is_end) {
            add_char(context->tag, sizeof(context->tag), c);
        }
    } else if (context->where == AFTER_END_OPEN) {
        context->where = c == '>' ? IN_TEXT : IN_DECLARATION;
    } else {
        /* Text, in which < may stand alone. */
        context->where = c == '<' ? AFTER_OPEN : c == '?' ? IN_DECLARATION : IN_TEXT;
    }
}

static void read_markup(struct context *context, char c) {
    if (c == '-' && context->last[0] == '-') {
        context->where = IN_COMMENT;
        context->last[0] = '\0';
        context->value_bytes = 0;
    } else if (c == '-') {
        slide(context->last, c);
    } else {
        context->where = c == '>' ? IN_TEXT : IN_DECLARATION;
    }
}

/* A comment ends with "-->" or "--!>"; "<!-->" and "<!--->" are comments too. */
static void read_comment(struct context *context, char c) {
    const bool is_short =
        context->value_bytes == 0 || (context->value_bytes == 1 && context->last[0] == '-');
    if (c == '>' &&
        (is_short || svc_ends_with(context->last, "--") || svc_ends_with(context->last, "--!"))) {
        context->where = IN_TEXT;
        return;
    }
    slide(context->last, c);
    context->value_bytes++;
}

/* Raw text ends with the end tag of its element alone: </style> and not </styles>. */
static void read_raw(struct context *context, char c) {
    char end[NAME_BYTES + 2];
    snprintf(end, sizeof(end), "</%s", context->tag);
    if ((is_blank(c) || c == '/' || c == '>') && svc_ends_with(context->last, end)) {
        memcpy(context->tag, "/", 2); /* of what name does not matter any more */
        context->where = IN_TAG;
        read_in_tag(context, c);
        return;
    }
    slide(context->last, c);
}

static void read_char(struct context *context, char c) {
    switch (context->where) {
    case IN_TEXT:
        context->where = c == '<' ? AFTER_OPEN : IN_TEXT;
        break;
    case AFTER_OPEN:
    case AFTER_END_OPEN:
        read_open(context, c);
        break;
    case AFTER_MARKUP:
        read_markup(context, c);
        break;
    case IN_TAG_NAME:
    case IN_TAG:
    case IN_ATTRIBUTE:
    case AFTER_NAME:
    case AFTER_SLASH:
        read_in_tag(context, c);
        break;
    case BEFORE_VALUE:
    case IN_VALUE:
    case IN_BARE_VALUE:
        read_value(context, c);
        break;
    case IN_COMMENT:
        read_comment(context, c);
        break;
    case IN_DECLARATION:
        context->where = c == '>' ? IN_TEXT : IN_DECLARATION;
        break;
    case IN_RAW:
        read_raw(context, c);
        break;
    }
}

/* Whether a section may end here that began there: not within a name, a comment or anything else
 * that reads on differently with what the section adds. */
static bool same_place(const struct context *a, const struct context *b) {
    if (a->where != b->where || a->quote != b->quote) {
        return false;
    }
    switch (a->where) {
    case IN_TEXT:
        return true;
    case IN_TAG:
        return strcmp(a->tag, b->tag) == 0;
    case IN_RAW:
        return strcmp(a->tag, b->tag) == 0 && strchr(a->last, '<') == NULL &&
               strchr(b->last, '<') == NULL;
    case IN_VALUE:
        return strcmp(a->tag, b->tag) == 0 && strcmp(a->attribute, b->attribute) == 0 &&
               strcmp(a->begin, b->begin) == 0;
    default:
        return false;
    }
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
        if (strcmp(context->tag, "style") == 0 || strchr(context->last, '<') != NULL) {
            return "stands in a style, or behind a < in a title";
        }
        *escape = EMAIL_ESCAPE_HTML;
        return NULL;
    case IN_COMMENT:
    case IN_DECLARATION:
    case AFTER_MARKUP:
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
            if (context->is_unknown) {
                snprintf(walk->fault->detail, sizeof(walk->fault->detail),
                         "<%s> is no element for a mail", context->tag);
                return false;
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
