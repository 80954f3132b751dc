#!/usr/bin/python3
"""Mails as the local SES received them, read by Python's email and two HTML parsers.

received.py messages            messages for the queue, one JSON object a line, in the order of check
received.py check FOLDER        checks FOLDER/N.eml, the mail of message N

Run by tests/lambda/test_email_received.mjs, which sends the messages through the function.
"""
import functools
import json
import pathlib
import sys

import hostile
import mail
import mime

SENDER = "no-reply@openmarket.example"
HEADERS = {"From", "To", "Subject", "Date", "Message-ID", "MIME-Version", "Content-Type", "Reply-To"}
UNSUBSCRIBE = {"List-Unsubscribe", "List-Unsubscribe-Post"}


@functools.lru_cache(None)
def cases():
    """(template, language, hostile value or None, message), in the order in which they are sent."""
    found = []
    for template in mail.TEMPLATES:
        for language in mail.LANGUAGES:
            found.append((template, language, None, mail.sample(template, language)))
    for number, template in enumerate(mail.TEMPLATES):
        for index, value in enumerate(hostile.HOSTILE):
            if "\0" not in value:
                language = mail.LANGUAGES[(index + number) % 2]
                paths = hostile.text_fields(template)[0]
                data = hostile.with_value(template, language, paths, value[:64])
                found.append((template, language, value[:64], data))
    return [(template, language, value,
             {"template": template, "language": language, "toEmail": f"c{n}@example.com", "data": data})
            for n, (template, language, value, data) in enumerate(found)]


def read(folder, number):
    message = mime.parse((folder / f"{number}.eml").read_bytes())
    assert message.get_content_type() == "multipart/alternative", message.get_content_type()
    parts = list(message.iter_parts())
    assert [part.get_content_type() for part in parts] == ["text/plain", "text/html"]
    assert [part.get_content_charset() for part in parts] == ["utf-8", "utf-8"]
    # MIME's line ends are CRLF, and a part may end with one of its own.
    text, page = [part.get_content().replace("\r\n", "\n") for part in parts]
    return message, text.rstrip("\n"), page.rstrip("\n")


def check_headers(message, case, number):
    template, language, value, _ = case
    wanted = HEADERS | (UNSUBSCRIBE if template == "PROMOTIONAL" else set())
    assert set(message.keys()) == wanted, f"{case[:3]}: {sorted(set(message.keys()) ^ wanted)}"
    assert [a.addr_spec for a in message["To"].addresses] == [f"c{number}@example.com"]
    sender = message["From"].addresses
    assert [(a.display_name, a.addr_spec) for a in sender] == [("오픈마켓", SENDER)], str(sender)
    if template == "PROMOTIONAL":
        link = mail.sample(template, language)["unsubscribeUrl"]
        assert message["List-Unsubscribe"] == f"<{link}>", message["List-Unsubscribe"]
        assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        assert message["Subject"].startswith("(광고) "), message["Subject"]
        assert message["Subject"].count("(광고)") == 1
        if value is not None and "광고" not in value:
            assert hostile.shown(value) in hostile.flat(message["Subject"]), f"{value!r}"
    elif language == "ko":
        assert message["Subject"] == mime.SUBJECTS[template]


def samples_arrive_as_they_are_rendered(folder):
    for number, case in enumerate(cases()):
        template, language, value, content = case
        if value is None:
            message, text, page = read(folder, number)
            check_headers(message, case, number)
            for form, arrived in (("text", text), ("html", page)):
                rendered = mail.render(template, content, form, language).rstrip("\n")
                differing = [pair for pair in zip(arrived.split("\n"), rendered.split("\n"))
                             if pair[0] != pair[1]]
                assert arrived == rendered, f"{case[:2]} {form}: {differing[:3]}"
            expected = mail.render(template, content, "subject", language).rstrip("\n")
            assert message["Subject"] == expected, f"{message['Subject']!r} != {expected!r}"


def hostile_values_arrive_as_text(folder):
    for number, case in enumerate(cases()):
        template, language, value, _ = case
        if value is not None:
            message, text, page = read(folder, number)
            check_headers(message, case, number)
            hostile.check_parts(template, language, value, page, text)


def no_mail_is_missing(folder):
    found = {int(path.stem) for path in folder.glob("*.eml")}
    assert found == set(range(len(cases()))), sorted(found ^ set(range(len(cases()))))


def main():
    if sys.argv[1:] == ["messages"]:
        for _, _, _, message in cases():
            print(json.dumps(message))
    elif len(sys.argv) == 3 and sys.argv[1] == "check":
        folder = pathlib.Path(sys.argv[2])
        tests = [samples_arrive_as_they_are_rendered, hostile_values_arrive_as_text, no_mail_is_missing]

        def bound(test):
            run = lambda: test(folder)
            run.__name__ = test.__name__
            return run
        mail.main([bound(test) for test in tests])
    else:
        print(__doc__.strip(), file=sys.stderr)
        sys.exit(2)


if __name__ == "__main__":
    main()
