#!/usr/bin/python3
"""The compiler of templates: a folder of a user's own replaces files, and faults end the build."""
import subprocess
import sys

import mail

BUILT_IN = mail.ROOT / "services/email/templates"


def compile_templates(*folders, out):
    done = subprocess.run([str(mail.COMPILER), str(out), str(BUILT_IN), *map(str, folders)],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    return done.returncode, done.stderr.decode("utf-8")


def read(name):
    return (BUILT_IN / name).read_text(encoding="utf-8")


def write(folder, name, text):
    path = folder / "own" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def refused(folder, name, text, expected):
    for path in sorted((folder / "own").rglob("*"), reverse=True):
        path.unlink() if path.is_file() else path.rmdir()
    write(folder, name, text)
    status, err = compile_templates(folder / "own", out=folder / "out.c")
    assert status == 1 and expected in err, f"{name}: {status} {err or 'taken'}; expected {expected}"
    assert not (folder / "out.c").exists(), "something was written"


def the_templates_of_the_project_are_good(folder):
    status, err = compile_templates(out=folder / "out.c")
    assert status == 0 and err == "", err
    assert (folder / "out.c").read_bytes() == (mail.ROOT / "build/email/templates.c").read_bytes() or \
        "own" in (mail.ROOT / "build/email/folders").read_text(encoding="utf-8")


def single_files_are_replaced(folder):
    write(folder, "password_reset.ko.txt",
          "Subject: 새 제목\n\n{{userName}} {{resetUrl}} {{expiresIn}}\n")
    write(folder, "partials/header.html", "<table><tr><td>OWN HEADER</td></tr>\n")
    status, err = compile_templates(folder / "own", out=folder / "out.c")
    assert status == 0, err
    made = (folder / "out.c").read_text(encoding="utf-8")
    assert made.count("OWN HEADER") == 10
    assert "".join(f"\\{byte:03o}" for byte in "새 제목".split()[0].encode()) in made


def names_are_checked_with_file_and_line(folder):
    text = read("password_reset.ko.html").replace("{{> footer}}", "{{userNmae}}\n{{> footer}}")
    line = text[:text.index("{{userNmae}}")].count("\n") + 1
    refused(folder, "password_reset.ko.html", text,
            f"own/password_reset.ko.html:{line}: {{{{userNmae}}}} is not a field of this template")
    refused(folder, "password_reset.en.txt",
            "Subject: x\n\n{{userName}} {{resetUrl}}\n{{expiresIn}}\n{{#shopUrl}}{{/shopUrl}}\n",
            "own/password_reset.en.txt:5: {{shopUrl}} is not a field of this template")
    refused(folder, "order_confirmation.ko.txt",
            "Subject: x\n\n{{customerName}} {{orderNumber}}\n{{totalAmount}}\n",
            "own/order_confirmation.ko.txt:4: {{totalAmount}} may be absent")


def syntax_is_checked_with_file_and_line(folder):
    refused(folder, "password_reset.ko.txt", "Subject: x\n\n{{userName}}\n{{resetUrl\n",
            "own/password_reset.ko.txt:4: a tag does not end")
    refused(folder, "password_reset.ko.html", "<html lang=\"ko\">\n{{#userName}}", "a section does not end")
    refused(folder, "password_reset.ko.html", "{{> nothing}}", "there is no such partial: {{>nothing}}")
    refused(folder, "partials/footer.ko.html", "x{{> footer}}", "a partial includes itself")
    refused(folder, "password_reset.ko.txt", "Betreff: x\n\ny", "does not begin with \"Subject: ...\"")
    refused(folder, "password_reset.ko.txt", "Subject: x\ny", "does not begin with \"Subject: ...\"")
    refused(folder, "password_reset.ko.txt", "", "does not begin with \"Subject: ...\"")


def unsafe_places_end_the_build(folder):
    for bad, expected in [
            ("<script>var a = 1;</script>", "no element for a mail"), ("<svg></svg>", "no element for a mail"),
            ("<style>p { color: {{userName}} }</style>", "stands in a style"),
            ("<p title={{userName}}>", "without quotes"), ("<!-- {{userName}} -->", "in a comment"),
            ("<p style=\"color:{{userName}}\">", "code or style"), ("{{{userName}}}", "is not escaped"),
            ("<a href=\"{{userName}}\">", "stands in a link"), ("<p onclick='{{userName}}'>", "code or style"),
            ("{{#userName}}<p title=\"{{/userName}}", "ends at another place")]:
        refused(folder, "password_reset.ko.html", read("password_reset.ko.html").replace(
            "{{> footer}}", bad + "\n{{> footer}}"), expected)
    # The same through a partial, which is seen where it is included.
    refused(folder, "partials/footer.ko.html", "<p title={{year}}>", "without quotes")


def required_fields_must_be_used(folder):
    refused(folder, "password_reset.ko.txt", "Subject: x\n\n{{userName}} {{expiresIn}}\n",
            "the text part lacks resetUrl")
    refused(folder, "shipping_notification.en.html",
            read("shipping_notification.en.html").replace("{{carrier}}", "x"), "the HTML part lacks carrier")
    refused(folder, "partials/open.ko.html", read("partials/open.ko.html").replace("lang=\"ko\"", ""),
            "the HTML part lacks lang=\"ko\"")


def advertising_must_carry_what_the_law_asks(folder):
    name, text = "promotional.en.txt", read("promotional.en.txt")
    refused(folder, name, text.replace("(광고) ", ""), "the subject does not begin with \"(광고) \"")
    refused(folder, name, text.replace("(광고) ", "(광고) (광고) "), "or has it twice")
    refused(folder, name, text.replace("Subject: (광고) ", "Subject: {{#subject}}(광고) {{/subject}}"),
            "the subject does not begin with \"(광고) \"")
    for kind, part in (("html", "HTML"), ("txt", "text")):
        name = f"partials/footer_promotional.ko.{kind}"
        text = read(name)
        refused(folder, name, text.replace("{{sender.address}}", ""), f"the {part} part lacks sender.address")
        refused(folder, name, text.replace("{{sender.phone}}", "1"), f"the {part} part lacks sender.phone")
        refused(folder, name, text.replace("수신거부", "거부"), f"the {part} part lacks 수신거부")
        refused(folder, name, text.replace(">unsubscribe<", "><").replace(" unsubscribe here", ""),
                f"the {part} part lacks unsubscribe")
        refused(folder, name, "{{#discount}}" + text + "{{/discount}}",
                f"the {part} part lacks sender.name")
        refused(folder, name, text.replace("{{unsubscribeUrl}}", "https://a.kr/"),
                f"the {part} part lacks unsubscribeUrl")


if __name__ == "__main__":
    sys.exit(mail.main([
        the_templates_of_the_project_are_good, single_files_are_replaced,
        names_are_checked_with_file_and_line, syntax_is_checked_with_file_and_line,
        unsafe_places_end_the_build, required_fields_must_be_used,
        advertising_must_carry_what_the_law_asks]))
