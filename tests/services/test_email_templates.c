/* Where a variable of a template stands, and what a template must fulfil. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "services/email/template_check.h"

static bool check(enum email_template id, enum email_part part, const char *source,
                  struct email_mustache_parsed *parsed, struct email_template_fault *fault) {
    struct email_mustache_error error;
    if (email_mustache_parse(source, "", NULL, parsed, &error) != SVC_OK) {
        fail_msg("%s: %s", source, error.detail);
    }
    return email_check_part(email_template_info(id), part, parsed, fault);
}

static void test_each_place_has_its_escaping(void **state) {
    (void)state;
    static const struct {
        const char *source;
        enum email_escape escape; /* of the first variable */
    } cases[] = {
        {"{{title}}", EMAIL_ESCAPE_HTML},
        {"<p>{{title}}</p>", EMAIL_ESCAPE_HTML},
        {"<title>{{title}}</title>", EMAIL_ESCAPE_HTML},
        {"<p title=\"x {{title}}\">", EMAIL_ESCAPE_ATTRIBUTE},
        {"<p title='{{title}}'>", EMAIL_ESCAPE_ATTRIBUTE},
        {"<img ALT = \"{{title}}\" />", EMAIL_ESCAPE_ATTRIBUTE},
        {"<a href=\"{{shopUrl}}\">", EMAIL_ESCAPE_URL},
        {"<A\nHREF='{{shopUrl}}'>", EMAIL_ESCAPE_URL},
        {"<img src=\"{{shopUrl}}\">", EMAIL_ESCAPE_URL},
        {"<p title=\"{{shopUrl}}\">", EMAIL_ESCAPE_ATTRIBUTE},
        {"<a href=\"mailto:{{sender.email}}\">", EMAIL_ESCAPE_URL_PART},
        {"<a href=\"tel:{{sender.phone}}\">", EMAIL_ESCAPE_URL_PART},
        {"<a href=\"https://a.example/?n={{title}}\">", EMAIL_ESCAPE_URL_PART},
        {"<!-- > --><b>{{title}}</b>", EMAIL_ESCAPE_HTML},
        {"<!--[if mso]><table><![endif]-->{{title}}", EMAIL_ESCAPE_HTML},
        {"<!doctype html>{{title}}", EMAIL_ESCAPE_HTML},
        {"<style>a > b { }</style>{{title}}", EMAIL_ESCAPE_HTML},
        {"<style>\n</STYLE >{{title}}", EMAIL_ESCAPE_HTML},
        {"<p a='>'>{{title}}", EMAIL_ESCAPE_HTML},
        {"<!-->{{title}}", EMAIL_ESCAPE_HTML},
        {"<!--->{{title}}", EMAIL_ESCAPE_HTML},
        {"<!-x>{{title}}", EMAIL_ESCAPE_HTML},
        {"</>{{title}}", EMAIL_ESCAPE_HTML},
        {"1 < 2 << <b a=1>{{title}}", EMAIL_ESCAPE_HTML},
        {"<title>{{#promoCode}}a{{/promoCode}}{{title}}</title>", EMAIL_ESCAPE_HTML},
        {"<p a =\n'{{title}}'/ b>", EMAIL_ESCAPE_ATTRIBUTE},
        {"<br/>{{title}}", EMAIL_ESCAPE_HTML},
        {"a < b {{=[ ]=}}> [title]", EMAIL_ESCAPE_HTML},
        {"<p {{#promoCode}}class=\"x\"{{/promoCode}}>{{title}}", EMAIL_ESCAPE_HTML},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct email_mustache_parsed parsed;
        struct email_template_fault fault;
        if (!check(EMAIL_PROMOTIONAL, EMAIL_PART_HTML, cases[i].source, &parsed, &fault)) {
            fail_msg("%s: %s", cases[i].source, fault.detail);
        }
        bool is_found = false;
        for (size_t k = 0; k < parsed.program.count; k++) {
            if (parsed.ops[k].kind == EMAIL_MUSTACHE_VARIABLE) {
                is_found = true;
                if (parsed.ops[k].escape != cases[i].escape) {
                    fail_msg("%s: %d", cases[i].source, parsed.ops[k].escape);
                }
            }
        }
        assert_true(is_found);
        email_mustache_clear(&parsed);
    }
}

static void test_places_that_no_escaping_is_safe_in(void **state) {
    (void)state;
    static const char *const sources[] = {
        "<script>var a = \"{{title}}\";</script>",
        "<style>p { color: {{title}} }</style>",
        "<style>a</st{{title}}",
        "<!-- {{title}} -->",
        "<!--[if mso]><a href=\"{{shopUrl}}\"><![endif]-->",
        "<!doctype {{title}}>",
        "<p title={{title}}>",
        "<p title=x{{title}}>",
        "<p title= {{title}}>",
        "<p {{title}}>",
        "<p {{title}}=\"a\">",
        "<{{title}}>",
        "<p{{title}}>",
        "</{{title}}>",
        "<p onclick=\"f('{{title}}')\">",
        "<p ONLOAD='{{title}}'>",
        "<p style=\"color:{{title}}\">",
        "<p style = \"color:{{title}}\">",
        "<p title=\"a\" =\"{{title}}\">",
        "<p title=a =\"{{title}}\">",
        "<meta content=\"{{title}}\">",
        "<meta http-equiv=\"refresh\" content=\"0;url={{shopUrl}}\">",
        "<iframe srcdoc=\"{{title}}\">",
        "<noscript>{{title}}</noscript>",
        "<a href=\"{{title}}\">",
        "<a href=\" {{shopUrl}}\">",
        "<a href=\"http://a.example/{{title}}\">",
        "<a href=\"javascript:f('{{title}}')\">",
        "<a href=\"/{{title}}\">",
        "<a href=\"{{title}}://a\">",
        "<img src=\"{{title}}\">",
        "<td background=\"{{title}}\">",
        "<p>{{{title}}}</p>",
        "<p>{{&title}}</p>",
        "<p title=\"{{#promoCode}}a\"{{/promoCode}}>",
        "{{#promoCode}}<p title=\"{{/promoCode}}",
        "{{#promoCode}}<style>{{/promoCode}}",
        "<a {{#promoCode}}href=\"https:{{/promoCode}}",
        "<a href=\"{{#promoCode}}https:{{/promoCode}}{{title}}\">",
        "<p>{{title}}</p><p title=\"",
        "{{title}}<!-- never closed",
        "<style></styles>{{title}}</style>",
        "<!--><style> -->{{title}}</style>",
        "<!-- --!><style> -->{{title}}</style>",
        "</ a=\"><style>{{title}}</style>\">",
        "< a=\"><style>{{title}}</style>\">",
        "<title><p a=\"</title><style>{{title}}</style>\">",
        "<title></tit{{title}}le></title>",
        "<style\f>{{title}}</style>",
        "<p a / =\"{{title}}\">",
        "<p h{{#promoCode}}ref{{/promoCode}}=\"{{title}}\">",
        "<p title {{#promoCode}}onclick {{/promoCode}}=\"{{title}}\">",
        "<!--{{#promoCode}}a{{/promoCode}}>{{title}}-->",
        "<script></script>",
        "<svg><style><p title=\"</style>{{title}}\"></svg>",
        "{{> partial}}",
    };
    for (size_t i = 0; i < sizeof(sources) / sizeof(sources[0]); i++) {
        struct email_mustache_parsed parsed;
        struct email_template_fault fault;
        if (check(EMAIL_PROMOTIONAL, EMAIL_PART_HTML, sources[i], &parsed, &fault)) {
            fail_msg("%s is taken", sources[i]);
        }
        email_mustache_clear(&parsed);
    }
}

static void test_names_are_those_of_the_schema(void **state) {
    (void)state;
    static const struct {
        const char *source, *fault; /* NULL: none */
    } cases[] = {
        {"{{customerName}} {{toEmail}} {{language}} {{year}}", NULL},
        {"{{#items}}{{name}} {{quantity}} {{price}} {{amount}} {{customerName}}{{/items}}", NULL},
        {"{{#orderDate}}{{orderDate}} {{.}}{{/orderDate}}", NULL},
        {"{{#sender}}{{#sender.name}}{{sender.name}}{{/sender.name}}{{/sender}}", NULL},
        {"{{^items}}none{{/items}}", NULL},
        {"{{custmerName}}", "{{custmerName}} is not a field of this template"},
        {"{{#custmerName}}{{/custmerName}}", "{{custmerName}} is not a field of this template"},
        {"{{resetUrl}}", "{{resetUrl}} is not a field of this template"},
        {"{{name}}", "{{name}} is not a field of this template"},
        {"{{^items}}{{name}}{{/items}}", "{{name}} is not a field of this template"},
        {"{{items.name}}", "{{items.name}} is not a field of this template"},
        {"{{sender.fax}}", "{{sender.fax}} is not a field of this template"},
        {"{{orderDate}}", "{{orderDate}} may be absent, and is in no section of its name"},
        {"{{^orderDate}}{{orderDate}}{{/orderDate}}",
         "{{orderDate}} may be absent, and is in no section of its name"},
        {"{{sender.name}}", "{{sender.name}} may be absent, and is in no section of its name"},
        {"{{items}}", "{{items}} shows an object or list"},
        {"{{#items}}{{.}}{{/items}}", "{{.}} shows an object or list"},
        {"{{.}}", "{{.}} shows an object or list"},
        {"{{#sender}}{{sender}}{{/sender}}", "{{sender}} shows an object or list"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        for (int part = 0; part < EMAIL_PARTS; part++) {
            struct email_mustache_parsed parsed;
            struct email_template_fault fault = {""};
            bool is_good = check(EMAIL_ORDER_CONFIRMATION, (enum email_part)part, cases[i].source,
                                 &parsed, &fault);
            if (is_good != (cases[i].fault == NULL) ||
                (!is_good && strcmp(fault.detail, cases[i].fault) != 0)) {
                fail_msg("%s: %s", cases[i].source, fault.detail);
            }
            email_mustache_clear(&parsed);
        }
    }
}

static void test_each_escaping_of_the_same_text(void **state) {
    (void)state;
    static const char text[] = "a&b<c>d\"e'f\ng h@i+j/k?l%m한";
    static const struct {
        enum email_escape escape;
        const char *expected;
    } cases[] = {
        {EMAIL_ESCAPE_NONE, text},
        {EMAIL_ESCAPE_HTML, "a&amp;b&lt;c&gt;d&quot;e&#39;f<br>\ng h@i+j/k?l%m한"},
        {EMAIL_ESCAPE_ATTRIBUTE, "a&amp;b&lt;c&gt;d&quot;e&#39;f g h@i+j/k?l%m한"},
        {EMAIL_ESCAPE_URL, "a&amp;b&lt;c&gt;d&quot;e&#39;f g h@i+j/k?l%m한"},
        {EMAIL_ESCAPE_URL_PART, "a%26b%3Cc%3Ed%22e%27f%0Ag%20h@i+j%2Fk%3Fl%25m%ED%95%9C"},
        {EMAIL_ESCAPE_PLAIN, text},
        {EMAIL_ESCAPE_SUBJECT, "a&b<c>d\"e'f g h@i+j/k?l%m한"},
    };
    struct svc_buf out;
    svc_buf_init(&out, 1000);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        svc_buf_reset(&out);
        assert_true(email_put_escaped(text, strlen(text), cases[i].escape, &out));
        assert_string_equal(svc_buf_text(&out), cases[i].expected);
    }
    svc_buf_clear(&out);
}

/* What is in the binary: no variable of a mail's HTML is unescaped. */
static void test_the_compiled_templates_escape_all(void **state) {
    (void)state;
    size_t variables = 0;
    for (int i = 0; i < EMAIL_TEMPLATES * EMAIL_LANGUAGES; i++) {
        for (int part = 0; part < EMAIL_PARTS; part++) {
            const struct email_mustache_program *program =
                &email_programs[i / EMAIL_LANGUAGES][i % EMAIL_LANGUAGES][part];
            assert_true(program->count > 0);
            for (size_t k = 0; k < program->count; k++) {
                const struct email_mustache_op *op = &program->ops[k];
                assert_true(op->kind != EMAIL_MUSTACHE_PARTIAL);
                assert_true(op->kind == EMAIL_MUSTACHE_TEXT || strlen(op->text) == op->size_bytes);
                if (op->kind == EMAIL_MUSTACHE_VARIABLE) {
                    variables++;
                    assert_int_equal(part == EMAIL_PART_HTML, op->escape >= EMAIL_ESCAPE_HTML &&
                                                                  op->escape < EMAIL_ESCAPE_PLAIN);
                }
            }
        }
    }
    assert_true(variables > 150);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_place_has_its_escaping),
        cmocka_unit_test(test_places_that_no_escaping_is_safe_in),
        cmocka_unit_test(test_names_are_those_of_the_schema),
        cmocka_unit_test(test_each_escaping_of_the_same_text),
        cmocka_unit_test(test_the_compiled_templates_escape_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
