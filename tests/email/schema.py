#!/usr/bin/python3
"""The exported JSON Schema, read by an independent validator (python3-jsonschema)."""
import copy
import json
import sys

import jsonschema

import mail

SCHEMA = json.loads((mail.ROOT / "services/email/message.schema.json").read_text(encoding="utf-8"))


def as_python(value):
    """Patterns are ECMAScript's, where $ is the end of the text and of nothing else."""
    if isinstance(value, dict):
        return {name: member[:-1] + r"\Z" if name == "pattern" and isinstance(member, str)
                else as_python(member) for name, member in value.items()}
    return [as_python(member) for member in value] if isinstance(value, list) else value


VALIDATOR = jsonschema.Draft202012Validator(as_python(SCHEMA))


def the_committed_schema_is_the_one_of_the_table():
    status, out, _ = mail.run(["schema"])
    assert status == 0
    committed = (mail.ROOT / "services/email/message.schema.json").read_bytes()
    assert out == committed, "renew it: mail-render schema >services/email/message.schema.json"


def the_schema_is_one_of_draft_2020_12():
    assert SCHEMA["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


def the_examples_of_the_contract_are_valid_and_rendered():
    files = sorted((mail.ROOT / "tests/email/examples").glob("*.json"))
    assert len(files) == 7
    for file in files:
        message = json.loads(file.read_text(encoding="utf-8"))
        faults = [fault.message for fault in VALIDATOR.iter_errors(message)]
        assert not faults, f"{file.name}: {faults}"
        status, _, err = mail.run(["render", message["template"], str(file), "--raw"])
        assert status == 0, f"{file.name}: {err.decode()}"


def the_samples_of_the_preview_are_valid():
    for template in mail.TEMPLATES:
        for language in mail.LANGUAGES:
            VALIDATOR.validate({"template": template, "toEmail": "a@b.kr",
                                "data": mail.sample(template, language)})


# Values for a field; what the sender checks beyond the schema is not among them.
VALUES = [
    None, "", " ", 0, 1, -1, 5, 99, 100, 101, 9999, 10000, 999999, 1000000, 999999999, 1000000000,
    999999999999, 1000000000000, -999999999999, -1000000000000, 1.0, 1.5, 1e3, -2.5, True, False, [],
    {}, [1], "0", "00", "1", "-1", "-0", "30%", "100%", "101%", "0%", "%", "58000", "58,000", "5,80",
    "58,0000", "999,999,999", "9,999,999,999", "1,000,000,000,000", "999999999999", "9,999", "58.0",
    " 58", "x", "x" * 64, "x" * 65, "x" * 100, "x" * 101, "x" * 150, "x" * 151, "x" * 4000, "x" * 4001,
    "한" * 100, "한" * 101, "😀" * 100, "a\nb", "<b>", "2026-10-05", "2026-13-05", "2026-10-32",
    "2026-1-5", "0999-10-05", "3026-10-05", "2026-10-05T10:20", "2026-10-05 10:20:30",
    "2026-10-05T10:20:30Z", "2026-10-05T10:20:30.123456789+09:00", "2026-10-05T10:20:30+0900",
    "2026-10-05T24:00:00Z", "2026-10-05T10:60:00Z", "2026-10-05T10:20:30", "2026-10-05T10:20:60Z",
    "2026-10-05T1:20:30Z", "2026-10-05T10:20:30+25:00", "2026-10-05x", "https://a.kr",
    "https://a.kr/?b=c#d", "HTTPS://A.KR/", "http://a.kr/", "https://", "https:///a", "https://u@a.kr",
    "javascript:alert(1)", "data:text/html,a", "//a.kr", "https://a.kr/한글", "https://한국.kr/",
    "https://a.kr/\n", "https://a.kr/" + "a" * 800, "https://a.kr/" + "a" * 2100, "\u202ex",
]
ITEMS = [[{"name": "a", "quantity": 1, "price": 1}], [{"name": "a", "quantity": 1}],
         [{"quantity": 1, "price": 1}], [{"name": "", "quantity": 1, "price": 1}], [None],
         [{"name": "a", "quantity": "1", "price": "1,000"}],
         [{"name": "a", "quantity": -1, "price": 1}], [{"name": "a", "quantity": 1, "price": -1}],
         [{"name": "a" * 200, "quantity": 999999, "price": 999999999999}],
         [{"name": "a" * 201, "quantity": 1, "price": 1}],
         [{"name": "a", "quantity": 1000000, "price": 1}],
         [{"name": "a", "quantity": 1, "price": 1, "other": {}}],
         [{"name": "a", "quantity": 1, "price": 1}] * 100,
         [{"name": "a", "quantity": 1, "price": 1}] * 101]
ADDRESSES = ["a@b.kr", "a.b+c@b-c.co.kr", "a@한국.kr", "", "a", "a@b", "a@b.kr,c@d.kr", "a b@c.kr",
             "a@b.kr\n", "<a@b.kr>", ".a@b.kr", "a..b@c.kr", "\"a\"@b.kr", "한@b.kr", "a@b..kr",
             "a@@b.kr", "a@[127.0.0.1]", "a@b_c.kr", "=?utf-8?q?a?=@b.kr", "a=b@c.kr", "a?=b@c.kr", "a@" + "b" * 64 + ".kr", 5, ["a@b.kr"]]


def results(messages):
    """For each message whether the sender takes it, and why not."""
    lines = "".join(json.dumps(message) + "\n" for message in messages)
    _, out, _ = mail.run(["check"], lines)
    found = out.decode().splitlines()
    assert len(found) == len(messages), f"{len(found)} lines for {len(messages)} messages"
    return found


def agree(messages):
    """Schema and sender take the same ones; how many they take."""
    taken = 0
    for message, result in zip(messages, results(messages)):
        is_valid = VALIDATOR.is_valid(message)
        assert is_valid == (result == "OK"), f"schema {is_valid}, sender {result}: {message}"
        taken += is_valid
    return taken


def schema_and_sender_agree_on_every_field():
    messages = []
    for template in mail.TEMPLATES:
        good = {"template": template, "toEmail": "a@b.kr", "data": mail.sample(template)}
        for name in SCHEMA["$defs"][template]["properties"]:
            for value in VALUES + (ITEMS if name == "items" else []):
                messages.append({**good, "data": {**good["data"], name: value}})
            data = copy.deepcopy(good["data"])
            data.pop(name, None)
            messages.append({**good, "data": data})
    taken = agree(messages)
    assert taken > 200 and len(messages) - taken > 1000, (taken, len(messages))


def schema_and_sender_agree_on_the_message_itself():
    good = {"template": "ORDER_CONFIRMATION", "toEmail": "a@b.kr",
            "data": mail.sample("ORDER_CONFIRMATION")}
    messages = [{**good, "toEmail": address} for address in ADDRESSES]
    messages += [{**good, "language": value} for value in ["ko", "en", None, "fr", "KO", "", 1]]
    messages += [{**good, "messageId": value}
                 for value in ["a", None, "", "a b", "a\n", "한", "x" * 128, "x" * 129, 7]]
    messages += [{**good, "template": value} for value in [None, "", "NONE", 1]]
    messages += [{**good, "data": value} for value in [None, [], "", 1]]
    messages += [{name: good[name] for name in good if name != gone} for gone in good]
    messages += [[], "a", 1, None, {}, {**good, "other": {"deep": [1]}}]
    taken = agree(messages)
    assert taken > 8 and len(messages) - taken > 30, (taken, len(messages))


if __name__ == "__main__":
    sys.exit(mail.main([
        the_committed_schema_is_the_one_of_the_table, the_schema_is_one_of_draft_2020_12,
        the_examples_of_the_contract_are_valid_and_rendered, the_samples_of_the_preview_are_valid,
        schema_and_sender_agree_on_every_field, schema_and_sender_agree_on_the_message_itself]))
