/* Mustache with any template, partials and JSON: rendering is bounded, and gives what the second
 * renderer of mustache_oracle.h gives, with partials of the program and with those found while
 * rendering alike. What a value is escaped to is the value for a reader of HTML and URLs. Of a
 * template that the checks accept, hostile values have the elements, attributes and schemes of
 * links that harmless values have; a subject has no line of theirs. */
#include <string.h>

#include "fuzz/support/fuzz.h"
#include "fuzz/support/html.h"
#include "fuzz/support/mustache_oracle.h"
#include "services/base/json.h"
#include "services/email/limits.h"
#include "services/email/template_check.h"
#include "services/email/url.h"

#define MAX_OUTPUT_BYTES ((size_t)64 * 1024)
/* What harmless values consist of; no template has it. */
#define MARK '\x02'
/* A rendering that takes more is not done again, for the sake of speed. */
#define MANY_CALLS ((size_t)1024)

enum { PARTIALS = 2, MAX_PROGRAMS = 24 };

static const char *const partial_names[PARTIALS] = {"a", "b"};

/* A partial with an indentation, parsed while rendering. */
struct found_partial {
    char indent[64];
    size_t index;
    bool is_good;
    struct email_mustache_parsed parsed;
};

/* JSON as the data of a template. */
struct view {
    const struct svc_json *root;
    const char *sources[PARTIALS];
    bool is_harmless;   /* a MARK for each byte of a text */
    bool is_marked;     /* a value as it is, with how it is to be escaped */
    bool is_incomplete; /* a partial was missing, or not good */
    size_t calls;       /* of the functions below */
    struct found_partial found[MAX_PROGRAMS];
    size_t found_count;
};

static const struct svc_json *json_of(struct email_mustache_value value) {
    return value.pointer;
}

static bool get(void *user, struct email_mustache_value from, const char *name, size_t name_bytes,
                struct email_mustache_value *found) {
    struct view *view = user;
    char member[EMAIL_MUSTACHE_MAX_NAME + 1];
    view->calls++;
    FUZZ_CHECK(name_bytes < sizeof member, "a name of %zu bytes", name_bytes);
    memcpy(member, name, name_bytes);
    member[name_bytes] = '\0';
    found->pointer = svc_json_get(json_of(from), member);
    return svc_json_has(json_of(from), member);
}

static enum email_mustache_truth truth(void *user, struct email_mustache_value value,
                                       size_t *count) {
    bool is_true = true;
    ((struct view *)user)->calls++;
    if (svc_json_type(json_of(value)) == SVC_JSON_ARRAY) {
        *count = svc_json_count(json_of(value));
        return *count > 0 ? EMAIL_MUSTACHE_LIST : EMAIL_MUSTACHE_FALSE;
    }
    if (svc_json_type(json_of(value)) == SVC_JSON_NULL ||
        (svc_json_bool(json_of(value), &is_true) && !is_true))
        return EMAIL_MUSTACHE_FALSE;
    return EMAIL_MUSTACHE_TRUE;
}

static struct email_mustache_value at(void *user, struct email_mustache_value list, size_t index) {
    ((struct view *)user)->calls++;
    FUZZ_CHECK(index < svc_json_count(json_of(list)), "entry %zu of %zu", index,
               svc_json_count(json_of(list)));
    return (struct email_mustache_value){svc_json_at(json_of(list), index), 0};
}

/* A value as it is, between marks. */
static void write_marked(void *user, const struct svc_json *value, bool is_raw,
                         struct svc_buf *out) {
    const char *text = svc_json_text(value);
    double number = 0;
    (void)user;
    svc_buf_append_char(out, is_raw ? 1 : MARK);
    if (text)
        svc_buf_append_text(out, text);
    else if (svc_json_double(value, &number))
        svc_buf_printf(out, "%g", number);
    svc_buf_append_char(out, MARK);
}

/* A value as the mailer writes it: links are URLs that were checked. */
static bool write_value(void *user, struct email_mustache_value value, enum email_escape escape,
                        struct svc_buf *out) {
    struct view *view = user;
    char url[EMAIL_URL_BYTES];
    const char *text = svc_json_text(json_of(value)), *why = NULL;
    double number = 0;
    view->calls++;
    if (view->is_marked) {
        write_marked(NULL, json_of(value), escape == EMAIL_ESCAPE_NONE, out);
        return svc_buf_status(out) == SVC_OK;
    }
    if (!text)
        return !svc_json_double(json_of(value), &number) || svc_buf_printf(out, "%g", number);
    const bool is_url = escape == EMAIL_ESCAPE_URL;
    if (is_url) {
        if (!email_url_check(text, strlen(text), EMAIL_MAX_URL_BYTES, url, &why))
            strcpy(url, "https://a.example/");
        text = url;
    }
    const size_t size_bytes = strlen(text);
    if (!view->is_harmless)
        return email_put_escaped(text, size_bytes, escape, out);
    static const char mark = MARK;
    for (size_t i = 0; i < size_bytes; i++) {
        const bool stays = text[i] == '\n' || (is_url && i < 8);
        email_put_escaped(stays ? text + i : &mark, 1, escape, out);
    }
    return svc_buf_status(out) == SVC_OK;
}

static const char *load(void *user, const char *name) {
    const struct view *view = user;
    for (size_t i = 0; i < PARTIALS; i++)
        if (!strcmp(partial_names[i], name))
            return view->sources[i];
    return NULL;
}

static const struct email_mustache_program *find_partial(void *user, const char *name,
                                                         const char *indent) {
    struct view *view = user;
    struct email_mustache_error error;
    size_t index = 0;
    view->calls++;
    while (index < PARTIALS && strcmp(partial_names[index], name) != 0)
        index++;
    for (size_t i = 0; i < view->found_count; i++)
        if (view->found[i].index == index && !strcmp(view->found[i].indent, indent))
            return view->found[i].is_good ? &view->found[i].parsed.program : NULL;
    if (index == PARTIALS || view->found_count == MAX_PROGRAMS) {
        view->is_incomplete = true;
        return NULL;
    }
    struct found_partial *partial = &view->found[view->found_count++];
    partial->index = index;
    snprintf(partial->indent, sizeof partial->indent, "%s", indent);
    partial->is_good = email_mustache_parse(view->sources[index], indent, NULL, &partial->parsed,
                                            &error) == SVC_OK;
    view->is_incomplete |= !partial->is_good;
    return partial->is_good ? &partial->parsed.program : NULL;
}

/* ---------------------------------------------------------------------- rendering */

/* Renders once; how much work a program may cause does not depend on its data alone. */
static enum svc_status render(const struct email_mustache_parsed *parsed, struct view *view,
                              struct svc_buf *out) {
    const struct email_mustache_data data = {.user = view,
                                             .root = {view->root, 0},
                                             .get = get,
                                             .truth = truth,
                                             .at = at,
                                             .write = write_value,
                                             .partial = find_partial};
    svc_buf_init(out, MAX_OUTPUT_BYTES);
    view->calls = 0;
    const enum svc_status status = email_mustache_render(&parsed->program, &data, out);
    FUZZ_CHECK(status == SVC_OK || status == SVC_TOO_LARGE, "status %d", (int)status);
    /* For each step names are looked for in all contexts, with all their parts. */
    FUZZ_CHECK(view->calls <=
                   EMAIL_MUSTACHE_MAX_STEPS * (EMAIL_MUSTACHE_MAX_DEPTH + EMAIL_MUSTACHE_MAX_NAME),
               "%zu calls", view->calls);
    return status;
}

static void check_same(const struct svc_buf *a, const struct svc_buf *b, const char *what) {
    FUZZ_CHECK(a->size_bytes == b->size_bytes &&
                   !memcmp(svc_buf_text(a), svc_buf_text(b), a->size_bytes),
               "%s: \"%.80s\" and \"%.80s\"", what, svc_buf_text(a), svc_buf_text(b));
}

static enum svc_status render_twice(const struct email_mustache_parsed *parsed, struct view *view,
                                    struct svc_buf *out) {
    struct svc_buf again;
    const enum svc_status status = render(parsed, view, out);
    if (view->calls > MANY_CALLS)
        return status;
    FUZZ_CHECK(render(parsed, view, &again) == status, "rendered once only");
    check_same(out, &again, "twice");
    svc_buf_clear(&again);
    return status;
}

static void check_program(const struct email_mustache_parsed *parsed) {
    FUZZ_CHECK(parsed->program.count <= EMAIL_MUSTACHE_MAX_OPS, "%zu ops", parsed->program.count);
    for (size_t i = 0; i < parsed->program.count; i++) {
        const struct email_mustache_op *op = &parsed->program.ops[i];
        FUZZ_CHECK(strlen(op->text) == op->size_bytes, "op %zu is \"%s\"", i, op->text);
        if (op->kind == EMAIL_MUSTACHE_SECTION || op->kind == EMAIL_MUSTACHE_INVERTED)
            FUZZ_CHECK(op->skip > i && op->skip <= parsed->program.count, "op %zu skips to %u", i,
                       op->skip);
    }
}

/* ---------------------------------------------------------------------- the same text */

/* Called before the checks decide how values are escaped. */
static void check_oracle(const char *source, const struct email_mustache_parsed *parsed,
                         struct view *view) {
    const struct mustache_oracle oracle = {view, load, write_marked};
    struct svc_buf out, expected;
    view->is_marked = true;
    svc_buf_init(&expected, 2 * MAX_OUTPUT_BYTES);
    if (render(parsed, view, &out) == SVC_OK && !view->is_incomplete) {
        FUZZ_CHECK(mustache_oracle_render(&oracle, source, view->root, &expected),
                   "it ends, and there not");
        check_same(&out, &expected, "there");
    }
    view->is_marked = false;
    svc_buf_clear(&out);
    svc_buf_clear(&expected);
}

static char line_to_blank(char c) {
    return c == '\n' ? ' ' : c;
}

/* The value as text between tags, as an attribute and as a part of a URL, read back. */
static void check_escaped(const char *value) {
    struct fuzz_html found;
    struct svc_buf html, url;
    const size_t size_bytes = strlen(value);
    size_t lines = 0;
    for (size_t i = 0; i < size_bytes; i++)
        lines += value[i] == '\n';
    svc_buf_init(&html, (size_t)1 << 20);
    email_put_escaped(value, size_bytes, EMAIL_ESCAPE_HTML, &html);
    fuzz_html_read(svc_buf_text(&html), html.size_bytes, &found);
    FUZZ_CHECK(!strcmp(svc_buf_text(&found.text), value) &&
                   found.structure.size_bytes == lines * strlen("<br>"),
               "\"%s\" is \"%s\"", value, svc_buf_text(&html));
    fuzz_html_clear(&found);
    svc_buf_reset(&html);
    svc_buf_append_text(&html, "<p title=\"");
    email_put_escaped(value, size_bytes, EMAIL_ESCAPE_ATTRIBUTE, &html);
    svc_buf_append_text(&html, "\">");
    fuzz_html_read(svc_buf_text(&html), html.size_bytes, &found);
    FUZZ_CHECK(!strcmp(svc_buf_text(&found.structure), "<p title>") &&
                   found.text.size_bytes == size_bytes + 1, /* and a line end */
               "\"%s\" is %s", value, svc_buf_text(&html));
    for (size_t i = 0; i < size_bytes; i++)
        FUZZ_CHECK(svc_buf_text(&found.text)[i] == line_to_blank(value[i]), "byte %zu of %s", i,
                   svc_buf_text(&html));
    fuzz_html_clear(&found);
    svc_buf_clear(&html);
    svc_buf_init(&url, (size_t)1 << 20);
    email_put_escaped(value, size_bytes, EMAIL_ESCAPE_URL_PART, &url);
    const char *at = svc_buf_text(&url);
    for (size_t i = 0; i < size_bytes; i++) {
        unsigned byte = (uint8_t)*at;
        if (*at == '%')
            FUZZ_CHECK(sscanf(at + 1, "%2X", &byte) == 1, "%s", at);
        else
            FUZZ_CHECK(!strchr("&<>\"'#?/:;= \t\n", *at) && byte < 0x7f, "0x%02x in a URL", byte);
        FUZZ_CHECK(byte == (uint8_t)value[i], "%.3s is 0x%02x", at, (uint8_t)value[i]);
        at += *at == '%' ? 3 : 1;
    }
    FUZZ_CHECK(*at == '\0', "%s is too much", at);
    svc_buf_clear(&url);
}

/* ---------------------------------------------------------------------- hostile values */

/* The scheme of each link, or the text where it has none. */
static void check_schemes(const struct fuzz_html *hostile, const struct fuzz_html *harmless) {
    const char *a = svc_buf_text(&hostile->links), *b = svc_buf_text(&harmless->links);
    while (*a && *b) {
        const size_t size_bytes = strcspn(b, ":\n");
        FUZZ_CHECK(strcspn(a, ":\n") == size_bytes && !memcmp(a, b, size_bytes),
                   "\"%.40s\" is linked where \"%.40s\" should", a, b);
        a += strcspn(a, "\n");
        b += strcspn(b, "\n");
        a += *a == '\n';
        b += *b == '\n';
    }
    FUZZ_CHECK(!*a && !*b, "another link");
}

static void check_html(const struct svc_buf *hostile, const struct svc_buf *harmless) {
    struct fuzz_html found, expected;
    fuzz_html_read(svc_buf_text(hostile), hostile->size_bytes, &found);
    fuzz_html_read(svc_buf_text(harmless), harmless->size_bytes, &expected);
    FUZZ_CHECK(!strcmp(svc_buf_text(&found.structure), svc_buf_text(&expected.structure)),
               "\"%s\" where \"%s\" should be", svc_buf_text(&found.structure),
               svc_buf_text(&expected.structure));
    FUZZ_CHECK(found.faults == expected.faults, "%zu faults, not %zu", found.faults,
               expected.faults);
    check_schemes(&found, &expected);
    FUZZ_CHECK(!strchr(svc_buf_text(&expected.structure), MARK), "a value in a tag or comment: %s",
               svc_buf_text(harmless));
    FUZZ_CHECK(!strchr(svc_buf_text(&expected.code), MARK), "a value in a script or style: %s",
               svc_buf_text(harmless));
    fuzz_html_clear(&found);
    fuzz_html_clear(&expected);
}

static size_t count_controls(const struct svc_buf *text) {
    size_t count = 0;
    for (size_t i = 0; i < text->size_bytes; i++)
        count += text->bytes[i] < ' ';
    return count;
}

static void check_part(const struct email_mustache_parsed *parsed, struct view *view,
                       enum email_part part) {
    struct svc_buf hostile, harmless;
    view->is_harmless = false;
    const enum svc_status status = render(parsed, view, &hostile);
    view->is_harmless = true;
    if (render(parsed, view, &harmless) == SVC_OK && status == SVC_OK) {
        if (part == EMAIL_PART_HTML)
            check_html(&hostile, &harmless);
        else if (part == EMAIL_PART_SUBJECT)
            FUZZ_CHECK(count_controls(&hostile) == count_controls(&harmless), "another line");
    }
    view->is_harmless = false;
    svc_buf_clear(&hostile);
    svc_buf_clear(&harmless);
}

/* The checks alone decide how values are escaped. */
static void check_parts(struct email_mustache_parsed *parsed, struct view *view, uint8_t choice) {
    const struct email_template_info *info =
        email_template_info((enum email_template)(choice % EMAIL_TEMPLATES));
    struct email_template_fault fault = {""};
    enum email_part part = EMAIL_PART_HTML;
    if (choice & 0x80) {
        part = choice & 0x40 ? EMAIL_PART_SUBJECT : EMAIL_PART_TEXT;
        if (email_check_part(info, part, parsed, &fault))
            check_part(parsed, view, part);
    } else if (email_check_contexts(info, parsed, &fault)) {
        check_part(parsed, view, part);
    }
    FUZZ_CHECK(memchr(fault.detail, '\0', sizeof fault.detail), "a detail without its end");
}

static void check_template(const char *source, struct view *view, uint8_t choice) {
    const struct email_mustache_loader loader = {load, view};
    struct email_mustache_parsed apart, whole;
    struct email_mustache_error error;
    struct svc_buf out, expected;
    const enum svc_status status = email_mustache_parse(source, "", NULL, &apart, &error);
    FUZZ_CHECK(status == SVC_OK || (status != SVC_INTERNAL && error.detail[0]), "status %d",
               (int)status);
    if (status == SVC_OK) {
        check_program(&apart);
        check_oracle(source, &apart, view);
        const enum svc_status rendered = render_twice(&apart, view, &out);
        const bool is_complete = rendered == SVC_OK && !view->is_incomplete;
        if (email_mustache_parse(source, "", &loader, &whole, &error) == SVC_OK) {
            check_program(&whole);
            check_oracle(source, &whole, view);
            if (render(&whole, view, &expected) == SVC_OK && is_complete)
                check_same(&out, &expected, "with partials");
            svc_buf_clear(&expected);
            if (view->calls <= MANY_CALLS)
                check_parts(&whole, view, choice);
        }
        email_mustache_clear(&whole);
        svc_buf_clear(&out);
    }
    email_mustache_clear(&apart);
}

static char *take_template(struct fuzz_input *input) {
    char *source = fuzz_take_line(input, '\x1e', NULL);
    for (char *mark = source; (mark = strchr(mark, MARK)) != NULL;)
        *mark = ' ';
    return source;
}

/* Template, partials a and b, JSON: parted by U+001E. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes) {
    struct fuzz_input input = {data, size_bytes};
    const uint8_t choice = fuzz_take_u8(&input);
    static struct view view;
    struct svc_json *document = NULL;
    memset(&view, 0, sizeof view);
    char *source = take_template(&input);
    char *a = take_template(&input);
    char *b = take_template(&input);
    svc_json_parse(input.data, input.size_bytes, 0, &document, NULL);
    view.root = document;
    view.sources[0] = a;
    view.sources[1] = b;
    check_template(source, &view, choice);
    check_escaped(source);
    for (size_t i = 0; i < view.found_count; i++)
        email_mustache_clear(&view.found[i].parsed);
    svc_json_free(document);
    free(source);
    free(a);
    free(b);
    return 0;
}
