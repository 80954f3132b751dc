#!/usr/bin/python3
"""Hostile values in every field of every mail: what is rendered has the elements and attributes of a
harmless mail, by two independent parsers, and shows the value as text; or the message is refused."""
import copy
import functools
import html.parser
import json
import re
import sys
import unicodedata

import html5lib

import mail

HOSTILE = [
    "<script>alert(1)</script>", "</td></tr></table><script src=//x.example></script>",
    "<img src=x onerror=alert(1)>", "<svg/onload=alert(1)>", "\" onmouseover=\"alert(1)",
    "' onmouseover='alert(1)", "\"><b>", "'><b>", "--><script>", "<!--", "<![CDATA[", "]]>",
    "</title><script>", "</style><script>", "<style>*{display:none}</style>", "&lt;script&gt;", "&#60;b&#62;",
    "&quot;&amp;", "{{customerName}}", "{{{toEmail}}}", "{{#items}}", "{{/items}}", "{{> footer}}",
    "{{=<% %>=}}", "%3Cscript%3E", "javascript:alert(1)", "data:text/html,<script>", "`${alert(1)}`",
    "a\r\nBcc: x@y.example\r\n\r\nbody", "a\nb", "a\rb", "a\tb", "a\x00b", "a\x01\x08\x0b\x1b[31mb\x7f",
    "\u202egnp.exe", "\u2066a\u2069\u200f", "a\u2028b\u2029c\u0085d", "😀👩‍👩‍👧‍👦🇰🇷", "e" + "\u0301" * 30,
    "\ufeffa\ufffe\uffff", "=?UTF-8?B?PGI+?=", "(광고) 가격", "-" * 40, ".\r\n.\r\n", "한글 '따옴표' \"쌍\"",
    "<a href=\"javascript:alert(1)\">x</a>", "<base href=https://x.example/>",
    "<meta http-equiv=refresh content=0>", "<plaintext>", "<iframe srcdoc='<script>'>", "\\\"\\'",
    "<" * 30, "&" * 30, "<?php echo 1 ?>", "<%= 1 %>", "[[x]]", "x" * 50,
]
BAD_URLS = [
    "javascript:alert(1)", "JAVASCRIPT:alert(1)", "java\nscript:alert(1)", " javascript:alert(1)",
    "\x01javascript:alert(1)", "data:text/html,<script>alert(1)</script>", "vbscript:x", "http://a.kr/",
    "//a.kr/", "/relative", "", "https:", "https://", "https://a", "https://user:pw@a.kr/",
    "https://a.kr/\r\nX: y", "https://a.kr\x00/", "file:///etc/passwd", "ftp://a.kr/", "mailto:a@b.kr",
    "https://a.kr/\ud800", "https://\u202ea.kr/", "https://a.kr:x/", "&#106;avascript:alert(1)",
]
URLS = [
    "https://a.kr/\"onmouseover=\"alert(1)", "https://a.kr/'><script>", "https://a.kr/<b>",
    "https://a.kr/?a=1&b=2&amp;c=3&lt;", "https://a.kr/한글?이름=값#조각", "https://a.kr/\\\\evil",
    "https://한국.kr/", "https://a.kr/{{toEmail}}", "https://a.kr/?q=`${x}`", "https://a.kr/a b",
    "https://a.kr/😀", "https://a.kr/javascript:alert(1)", "https://a.kr//x.example/",
]


class Structure(html.parser.HTMLParser):
    """Elements with their attributes; the values of links apart, and all text."""

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.elements, self.links, self.text = [], [], []

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, tuple(name if name == "href" else (name, value)
                                         for name, value in attrs)))
        self.links += [value for name, value in attrs if name == "href"]

    def handle_endtag(self, tag):
        self.elements.append("/" + tag)

    def handle_comment(self, data):
        self.elements.append(("comment", data))

    def handle_decl(self, decl):
        self.elements.append(("declaration", decl))

    def handle_data(self, data):
        self.text.append(data)


def by_stdlib(page):
    parser = Structure()
    parser.feed(page)
    parser.close()
    return parser


def by_html5(page):
    """The tree as browsers build it: (element, attributes but the links' values) in order."""
    parser = html5lib.HTMLParser(strict=False)
    tree = parser.parse(page)
    found = []
    for element in tree.iter():
        attributes = tuple(sorted((name, "" if name == "href" else value)
                                  for name, value in element.attrib.items()))
        found.append((str(element.tag), attributes))
    return found, "".join(tree.itertext())


def flat(text):
    """Text as it is shown: blanks and controls are one blank."""
    return " ".join("".join(" " if unicodedata.category(c) in ("Cc", "Zl", "Zp") else c
                            for c in text).split())


def shown(value):
    """What a mail shows of a value: clean.h."""
    value = re.sub("[\u202a-\u202e\u2066-\u2069\ufeff\ufff9-\ufffb]", "", value)
    value = re.sub("(\u0301{6})\u0301+", r"\1", value)
    return flat(value)


def text_fields(template):
    """Paths of fields that take any text; and those that take URLs."""
    data = mail.sample(template)
    texts = [[name] for name, value in data.items()
             if isinstance(value, str) and not value.startswith("https:") and
             name not in ("orderDate", "estimatedDelivery", "validUntil")]
    urls = [[name] for name, value in data.items()
            if isinstance(value, str) and value.startswith("https:")]
    if "items" in data:
        texts.append(["items", 1, "name"])
    return texts, urls


def with_value(template, language, paths, value):
    data = mail.sample(template, language)
    for path in paths:
        place = data
        for step in path[:-1]:
            place = place[step]
        place[path[-1]] = value
    return data


@functools.lru_cache(None)
def harmless_structure(template, language, has_break):
    """Of the mail with "x" in all its texts; a line break shows in a description alone."""
    data = with_value(template, language, text_fields(template)[0], "x")
    if has_break and "description" in data:
        data["description"] = "x\nx"
    page = mail.render(template, data, "html", language)
    return by_stdlib(page), by_html5(page)[0]


def check_parts(template, language, value, page, text):
    """Whether the parts of a mail with this value in every text have the elements of a harmless one,
    and show the value."""
    paths = text_fields(template)[0]
    where = f"{template} {language} {value!r}"
    has_break = re.search("[\n\r\u0085\u2028\u2029]", value) is not None
    expected, expected_tree = harmless_structure(template, language, has_break)
    ours = by_stdlib(page)
    tree, tree_text = by_html5(page)
    if ["description"] in paths and has_break:
        # How many line breaks there are depends on the value; nothing else does.
        for found in (ours.elements, tree):
            while any(is_break(element) for element in found):
                found.remove(next(element for element in found if is_break(element)))
        expected = copy.deepcopy(expected)
        expected.elements = [element for element in expected.elements if not is_break(element)]
        expected_tree = [element for element in expected_tree if not is_break(element)]
    assert ours.elements == expected.elements, f"{where}: elements by html.parser"
    assert ours.links == expected.links, f"{where}: links"
    assert tree == expected_tree, f"{where}: elements by html5lib"
    times = len([path for path in paths if path != ["subject"]])
    for seen in (flat(tree_text), flat("".join(ours.text))):
        assert seen.count(shown(value)) >= times, f"{where}: is not shown"
    assert flat(text).count(shown(value)) >= times, f"{where}: not in the text part"
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f\u0080-\u009f\u202a-\u202e\u2066-\u2069]", text), where


def check_text(template, language, value):
    data = with_value(template, language, text_fields(template)[0], value)
    arguments = ["render", template, "-", "--lang", language]
    status, out, err = mail.run(arguments + ["--html"], data)
    where = f"{template} {language} {value!r}"
    if "\0" in value:
        assert status == 1 and b"BAD_FIELD" in err, f"{where}: {err.decode()}"
        return
    assert status == 0, f"{where}: {err.decode()}"
    text_status, text, _ = mail.run(arguments + ["--text"], data)
    assert text_status == 0, where
    check_parts(template, language, value, out.decode("utf-8"), text.decode("utf-8"))


def is_break(element):
    return str(element[0]).rsplit("}", 1)[-1] == "br"


def hostile_text_is_text_everywhere():
    for number, template in enumerate(mail.TEMPLATES):
        for index, value in mail.some(list(enumerate(HOSTILE))):
            check_text(template, mail.LANGUAGES[(index + number) % 2], value[:64])


def hostile_urls_are_refused_or_encoded():
    for template in mail.TEMPLATES:
        for path in text_fields(template)[1]:
            messages = [{"template": template, "toEmail": "a@b.kr",
                         "data": with_value(template, "ko", [path], value)} for value in BAD_URLS]
            _, out, _ = mail.run(["check"], "".join(json.dumps(m) + "\n" for m in messages))
            for value, result in zip(BAD_URLS, out.decode().splitlines()):
                is_optional = value == "" and path[0] in ("trackingUrl", "reportUrl")
                assert is_optional or not result.startswith("OK"), f"{template} {path} {value!r}"
            expected = by_stdlib(mail.render(template, mail.sample(template), "html"))
            for value in mail.some(URLS):
                page = mail.render(template, with_value(template, "ko", [path], value), "html")
                ours = by_stdlib(page)
                assert ours.elements == expected.elements, f"{template} {path} {value!r}"
                for link in ours.links:
                    assert re.fullmatch(r"(https://[a-z0-9.-]+(:\d+)?/[!#-;=?-\[\]_a-z~]*|"
                                        r"mailto:[A-Za-z0-9.@+-]+|tel:[0-9+-]+)", link), link


def the_sender_of_the_settings_is_text_too():
    data = mail.sample("PROMOTIONAL")
    expected = by_stdlib(mail.render("PROMOTIONAL", data, "html"))
    for value in mail.some(HOSTILE):
        if "\0" in value:
            continue
        settings = {"SENDER_NAME": value, "SENDER_PHONE": value, "SENDER_ADDRESS": value}
        status, out, err = mail.run(["render", "PROMOTIONAL", "-", "--html"], data, **settings)
        if re.search("[\x01-\x1f\x7f]", value):
            assert status == 1 and b"BAD_SENDER" in err, f"{value!r}"
        else:
            assert by_stdlib(out.decode("utf-8")).elements == expected.elements, f"{value!r}"


def refuses(data, reason):
    status, out, err = mail.run(["render", "ORDER_CONFIRMATION", "-", "--html"], data)
    assert status == 1 and out == b"" and reason in err, (status, err)
    assert b"canary" not in err, err


def long_deep_and_broken_bodies_are_refused():
    good = mail.sample("ORDER_CONFIRMATION")
    refuses({**good, "customerName": "canary" * 17000}, b"BAD_FIELD: data.customerName")
    refuses({**good, "items": [{"name": "x", "quantity": 1, "price": 1}] * 101}, b"data.items")
    refuses({**good, "customerName": ["canary"]}, b"data.customerName")
    refuses("[" * 100 + "]" * 100, b"BAD_JSON")
    for text in ['{"customerName":"\\ud800"}', '{"customerName":"\\udc00\\ud800"}', "{'a':1}", "",
                 '{"customerName":"a","customerName":"canary"}', "canary", '{"a":"\x01"}', '{"a":NaN}']:
        refuses(text, b"BAD_JSON")
    status, _, err = mail.run(["render", "ORDER_CONFIRMATION", "-"], b'{"a":"\xff\xfe"}')
    assert status == 1 and b"BAD_JSON" in err
    status, _, _ = mail.run(["render", "ORDER_CONFIRMATION", "-"], b'{"a":"' + b"x" * 300000 + b'"}')
    assert status == 3


def unknown_templates_options_and_files_are_reported():
    for arguments, expected in [(["render", "NONE", "-"], 1), (["render"], 2), (["render", "A"], 2),
                                (["render", "A", "b", "c"], 2), (["render", "A", "b", "--x"], 2),
                                (["render", "A", "b", "--lang", "fr"], 2), (["render", "A", "/none"], 3),
                                (["render", "--help"], 0), (["schema", "x"], 2), (["--help"], 0), ([], 2),
                                (["check", "/none"], 3), (["check", "--help"], 0), (["schema", "--help"], 0),
                                (["check", "--x"], 2)]:
        status, out, err = mail.run(arguments, "{}")
        assert status == expected, f"{arguments}: {status}"
        assert (out if expected == 0 else err) != b"", arguments


if __name__ == "__main__":
    sys.exit(mail.main([
        hostile_text_is_text_everywhere, hostile_urls_are_refused_or_encoded,
        the_sender_of_the_settings_is_text_too, long_deep_and_broken_bodies_are_refused,
        unknown_templates_options_and_files_are_reported]))
