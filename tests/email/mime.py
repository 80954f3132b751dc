#!/usr/bin/python3
"""The raw mail, read by Python's email: headers, parts, charset, subjects, lines."""
import email
import email.header
import email.policy
import email.utils
import sys

import mail

SUBJECTS = {"ORDER_CONFIRMATION": "주문이 완료되었습니다 - OpenMarket",
            "SHIPPING_NOTIFICATION": "상품이 발송되었습니다 - OpenMarket",
            "PASSWORD_RESET": "비밀번호 재설정 - OpenMarket",
            "SETTLEMENT_REPORT": "정산 리포트 - OpenMarket"}


def raw(template, data, language="ko", arguments=(), **settings):
    status, out, err = mail.run(["render", template, "-", "--lang", language, "--raw", *arguments],
                                data, **settings)
    assert status == 0, err.decode()
    return out


def parse(content):
    message = email.message_from_bytes(content, policy=email.policy.SMTP)
    for part in message.walk():
        assert not part.defects, f"{part.get_content_type()}: {part.defects}"
        for name, value in part.items():
            assert not value.defects, f"{name}: {value.defects}"
    return message


def every_mail_is_read_as_it_was_rendered():
    for template in mail.TEMPLATES:
        for language in mail.LANGUAGES:
            data = mail.sample(template, language)
            message = parse(raw(template, data, language))
            parts = list(message.iter_parts())
            assert message.get_content_type() == "multipart/alternative"
            assert [part.get_content_type() for part in parts] == ["text/plain", "text/html"]
            for part, form in zip(parts, ["text", "html"]):
                assert part.get_content_charset() == "utf-8"
                rendered = mail.render(template, data, form, language)
                assert part.get_content() == rendered, f"{template} {language}: {form}"
            subject = mail.render(template, data, "subject", language).rstrip("\n")
            assert message["Subject"] == subject, f"{message['Subject']!r} != {subject!r}"


def korean_subjects_are_those_of_the_contract():
    for template, subject in SUBJECTS.items():
        assert parse(raw(template, mail.sample(template)))["Subject"] == subject
    data = {**mail.sample("PROMOTIONAL"), "subject": None}
    assert parse(raw("PROMOTIONAL", data))["Subject"] == "(광고) 특별한 혜택을 확인하세요 - OpenMarket"


def addresses_are_read_back():
    message = parse(raw("ORDER_CONFIRMATION", mail.sample("ORDER_CONFIRMATION"),
                        arguments=["--to", "kim@한국.kr"]))
    assert message["From"].addresses[0].display_name == "오픈마켓"
    assert message["From"].addresses[0].addr_spec == "no-reply@openmarket.example"
    assert [a.addr_spec for a in message["To"].addresses] == ["kim@" + "한국".encode("idna").decode() + ".kr"]
    assert abs(message["Date"].datetime.timestamp() - __import__("time").time()) < 600
    assert message["Date"].datetime.utcoffset().total_seconds() == 9 * 3600
    assert set(message.keys()) == {"From", "To", "Subject", "Date", "MIME-Version", "Content-Type"}


def advertising_can_be_refused_by_one_click():
    message = parse(raw("PROMOTIONAL", mail.sample("PROMOTIONAL")))
    assert message["List-Unsubscribe"] == "<https://openmarket.example/unsubscribe?u=8841&t=5b1f0c>"
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    for template in mail.TEMPLATES:
        if template != "PROMOTIONAL":
            assert parse(raw(template, mail.sample(template)))["List-Unsubscribe"] is None


def display_names_of_all_kinds_are_read_back():
    names = ["OpenMarket", "Open, Market", "Kim \"Q\" Lee", "오픈마켓", "오픈마켓 고객센터 " * 8 + "끝",
             "a=?b", "=?UTF-8?B?eA==?=", "é" * 60, "😀" * 40, "(comment)", "a@b", "x" * 78, "a  b",
             "semi;colon: <x>".replace("<x>", "")]
    for name in names:
        quoted = name.replace("\\", "\\\\").replace("\"", "\\\"")
        content = raw("ORDER_CONFIRMATION", mail.sample("ORDER_CONFIRMATION"),
                      FROM_EMAIL=f"\"{quoted}\" <a@b.kr>")
        message = parse(content)
        found = message["From"].addresses
        assert len(found) == 1 and found[0].addr_spec == "a@b.kr", f"{name}: {found}"
        # Python 3.11's new policy keeps blanks between encoded words of a name, which RFC 2047 drops;
        # its older decoder does not.
        head = email.message_from_bytes(content)["From"]
        read = str(email.header.make_header(email.header.decode_header(head.rsplit(" <", 1)[0])))
        if read.startswith("\""):
            read = email.utils.unquote(read)
        assert name in (read, found[0].display_name), f"{read!r} != {name!r}"


def subjects_of_all_lengths_are_read_back():
    for size in mail.some(list(range(1, 40)) + [60, 100, 150]):
        for letter in ("가", "a", "😀", "é"):
            data = {**mail.sample("PROMOTIONAL"), "subject": letter * size}
            content = raw("PROMOTIONAL", data)
            assert parse(content)["Subject"] == "(광고) " + letter * size
            head = content.split(b"\r\n\r\n")[0]
            for line in head.split(b"\r\n"):
                assert len(line) <= 76 or line.startswith(b"List-"), line


def lines_are_what_smtp_takes():
    for template in mail.TEMPLATES:
        content = raw(template, mail.sample(template))
        content.decode("ascii")
        assert content.endswith(b"--\r\n")
        for line in content.split(b"\r\n"):
            assert len(line) <= 998 and b"\n" not in line and b"\r" not in line
            assert line.startswith(b"List-Unsubscribe") or len(line) <= 78, line


def nothing_of_the_data_becomes_a_header():
    evil = "x\r\nBcc: victim@example.com\r\n\r\n--=_text_and_html\r\nContent-Type: x/y\r\n"
    for template in mail.TEMPLATES:
        data = mail.sample(template)
        for name, value in data.items():
            if isinstance(value, str) and not value.startswith("https:") and not value.startswith("20"):
                data[name] = evil[:64] if name != "description" else evil
        message = parse(raw(template, data))
        assert message["Bcc"] is None and len(list(message.iter_parts())) == 2
        assert not {"bcc", "x"} & {name.lower() for name in message.keys()}


if __name__ == "__main__":
    sys.exit(mail.main([
        every_mail_is_read_as_it_was_rendered, korean_subjects_are_those_of_the_contract,
        addresses_are_read_back, advertising_can_be_refused_by_one_click,
        display_names_of_all_kinds_are_read_back, subjects_of_all_lengths_are_read_back,
        lines_are_what_smtp_takes, nothing_of_the_data_becomes_a_header]))
