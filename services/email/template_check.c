/* Templates against the schema: see template_check.h. */
#include <stdio.h>
#include <string.h>

#include "services/email/limits.h"
#include "services/email/template_check.h"
#include "services/email/view.h"

struct check {
    const struct email_template_info *info;
    struct email_mustache_parsed *parsed;
    struct email_template_fault *fault;
    const char *sections[EMAIL_MUSTACHE_MAX_DEPTH + 1]; /* those around, not inverted ones */
    size_t depth;
};

static bool refuse(struct email_template_fault *fault, const char *name, const char *what) {
    snprintf(fault->detail, sizeof(fault->detail), "{{%.64s}} %s", name, what);
    return false;
}

static bool in_section(const struct check *check, const char *name) {
    for (size_t i = 0; i < check->depth; i++) {
        if (strcmp(check->sections[i], name) == 0) {
            return true;
        }
    }
    return false;
}

static bool check_variable(const struct check *check, const char *name) {
    struct email_view_name found;
    if (strcmp(name, ".") == 0) {
        /* Stands for the section around, which was found good, and is set. */
        if (check->depth == 0 || strcmp(check->sections[check->depth - 1], "items") == 0 ||
            strcmp(check->sections[check->depth - 1], "sender") == 0) {
            return refuse(check->fault, name, "shows an object or list");
        }
        return true;
    }
    if (!email_view_name(check->info, name, in_section(check, "items"), &found)) {
        return refuse(check->fault, name, "is not a field of this template");
    }
    if (found.is_object || found.type == EMAIL_ITEM_LIST) {
        return refuse(check->fault, name, "shows an object or list");
    }
    if (found.is_optional && !in_section(check, name)) {
        return refuse(check->fault, name, "may be absent, and is in no section of its name");
    }
    return true;
}

static bool check_ops(struct check *check, size_t from, size_t to) {
    struct email_view_name found;
    for (size_t i = from; i < to;) {
        const struct email_mustache_op *op = &check->parsed->ops[i];
        bool is_section = op->kind == EMAIL_MUSTACHE_SECTION || op->kind == EMAIL_MUSTACHE_INVERTED;
        if (op->kind == EMAIL_MUSTACHE_VARIABLE && !check_variable(check, op->text)) {
            return false;
        }
        if (!is_section) {
            i++;
            continue;
        }
        if (!email_view_name(check->info, op->text, in_section(check, "items"), &found)) {
            return refuse(check->fault, op->text, "is not a field of this template");
        }
        if (op->kind == EMAIL_MUSTACHE_SECTION) {
            check->sections[check->depth++] = op->text;
        }
        if (!check_ops(check, i + 1, op->skip)) {
            return false;
        }
        check->depth -= op->kind == EMAIL_MUSTACHE_SECTION;
        i = op->skip;
    }
    return true;
}

bool email_check_part(const struct email_template_info *info, enum email_part part,
                      struct email_mustache_parsed *parsed, struct email_template_fault *fault) {
    struct check check = {.info = info, .parsed = parsed, .fault = fault};
    if (!check_ops(&check, 0, parsed->program.count)) {
        return false;
    }
    if (part == EMAIL_PART_HTML) {
        return email_check_contexts(info, parsed, fault);
    }
    for (size_t i = 0; i < parsed->program.count; i++) {
        parsed->ops[i].escape =
            part == EMAIL_PART_SUBJECT ? EMAIL_ESCAPE_SUBJECT : EMAIL_ESCAPE_PLAIN;
    }
    return true;
}

/* ---------------------------------------------------------------------- all parts together */

static bool is_used(const struct email_mustache_parsed *parsed, const char *name) {
    for (size_t i = 0; i < parsed->program.count; i++) {
        const struct email_mustache_op *op = &parsed->ops[i];
        if ((op->kind == EMAIL_MUSTACHE_VARIABLE || op->kind == EMAIL_MUSTACHE_SECTION) &&
            strcmp(op->text, name) == 0) {
            return true;
        }
    }
    return false;
}

/* Whether every mail shows it: outside of sections but those of its own name. */
static bool is_always_shown(const struct email_mustache_parsed *parsed, const char *name,
                            enum email_escape escape, bool any_escape) {
    for (size_t i = 0; i < parsed->program.count;) {
        const struct email_mustache_op *op = &parsed->ops[i];
        bool is_named = strcmp(op->text, name) == 0;
        if (op->kind == EMAIL_MUSTACHE_VARIABLE && is_named &&
            (any_escape || op->escape == escape)) {
            return true;
        }
        bool is_section = op->kind == EMAIL_MUSTACHE_SECTION || op->kind == EMAIL_MUSTACHE_INVERTED;
        i = is_section && !(op->kind == EMAIL_MUSTACHE_SECTION && is_named) ? op->skip : i + 1;
    }
    return false;
}

static bool has_words(const struct email_mustache_parsed *parsed, const char *words) {
    for (size_t i = 0; i < parsed->program.count; i++) {
        if (parsed->ops[i].kind == EMAIL_MUSTACHE_TEXT &&
            strstr(parsed->ops[i].text, words) != NULL) {
            return true;
        }
    }
    return false;
}

static size_t count_marks(const struct email_mustache_parsed *parsed) {
    size_t count = 0;
    for (size_t i = 0; i < parsed->program.count; i++) {
        const struct email_mustache_op *op = &parsed->ops[i];
        const char *at = op->kind == EMAIL_MUSTACHE_TEXT ? op->text : "";
        while ((at = strstr(at, "광고")) != NULL) {
            count++;
            at++;
        }
    }
    return count;
}

static bool lacks(struct email_template_fault *fault, enum email_part part, const char *what) {
    snprintf(fault->detail, sizeof(fault->detail), "the %s part lacks %s",
             part == EMAIL_PART_HTML ? "HTML" : "text", what);
    return false;
}

/* Korean law on advertising mail, and RFC 8058's counterpart in the body. */
static bool check_promotional(const struct email_mustache_parsed *part, enum email_part id,
                              struct email_template_fault *fault) {
    static const char *const sender[] = {"sender.name", "sender.email", "sender.phone",
                                         "sender.address"};
    for (size_t i = 0; i < sizeof(sender) / sizeof(sender[0]); i++) {
        if (!is_always_shown(part, sender[i], EMAIL_ESCAPE_NONE, true)) {
            return lacks(fault, id, sender[i]);
        }
    }
    if (!is_always_shown(part, "unsubscribeUrl",
                         id == EMAIL_PART_HTML ? EMAIL_ESCAPE_URL : EMAIL_ESCAPE_PLAIN, false)) {
        return lacks(fault, id, "a link to {{unsubscribeUrl}}");
    }
    if (!has_words(part, "수신거부") && !has_words(part, "수신 거부")) {
        return lacks(fault, id, "수신거부, how to refuse in Korean");
    }
    return has_words(part, "nsubscribe") ||
           lacks(fault, id, "unsubscribe, how to refuse in English");
}

bool email_check_template(const struct email_template_info *info, enum email_language language,
                          const struct email_mustache_parsed parts[EMAIL_PARTS],
                          struct email_template_fault *fault) {
    static const char mark[] = "(광고) ";
    char lang[16];
    snprintf(lang, sizeof(lang), "lang=\"%s\"", email_language_name(language));
    if (!has_words(&parts[EMAIL_PART_HTML], lang)) {
        return lacks(fault, EMAIL_PART_HTML, lang);
    }
    for (size_t i = 0; i < info->field_count; i++) {
        const char *name = info->fields[i].name;
        for (int part = EMAIL_PART_HTML; part < EMAIL_PARTS; part++) {
            if (info->fields[i].is_required && !is_used(&parts[part], name)) {
                return lacks(fault, (enum email_part)part, name);
            }
        }
    }
    if (!info->is_promotional) {
        return true;
    }
    const struct email_mustache_parsed *subject = &parts[EMAIL_PART_SUBJECT];
    if (subject->program.count == 0 || subject->ops[0].kind != EMAIL_MUSTACHE_TEXT ||
        strncmp(subject->ops[0].text, mark, strlen(mark)) != 0 || count_marks(subject) != 1) {
        snprintf(fault->detail, sizeof(fault->detail),
                 "the subject does not begin with \"%s\", or has it twice", mark);
        return false;
    }
    return check_promotional(&parts[EMAIL_PART_HTML], EMAIL_PART_HTML, fault) &&
           check_promotional(&parts[EMAIL_PART_TEXT], EMAIL_PART_TEXT, fault);
}
