"""What the scripts of this folder share: running mail-render, and reporting in TAP."""
import json
import os
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = ROOT / os.environ.get("BUILD", "build/release") / "bin/mail-render"
COMPILER = ROOT / "build/email/compile_templates"
TEMPLATES = ["ORDER_CONFIRMATION", "SHIPPING_NOTIFICATION", "PASSWORD_RESET", "PROMOTIONAL",
             "SETTLEMENT_REPORT"]
LANGUAGES = ["ko", "en"]
SENDER = {"FROM_EMAIL": "오픈마켓 <no-reply@openmarket.example>", "SENDER_NAME": "오픈마켓",
          "SENDER_EMAIL": "help@openmarket.example", "SENDER_PHONE": "02-0000-0000",
          "SENDER_ADDRESS": "서울특별시 중구 세종대로 110"}


def some(values):
    """All of them; every fourth where a sanitizer makes a run of the program take a fifth of a second."""
    return values[::4] if "san" in os.environ.get("CONFIG", "") else values


def run(arguments, data=None, **settings):
    """Exit status, standard output and standard error, as bytes."""
    if isinstance(data, (dict, list, str)):
        data = json.dumps(data).encode() if not isinstance(data, str) else data.encode("utf-8")
    # The other programs of the build may have been made with a sanitizer.
    environment = {**os.environ, **SENDER, **settings}
    done = subprocess.run([str(PROGRAM), *arguments], input=data or b"", env=environment,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    if done.returncode not in (0, 1, 2, 3) or b"Sanitizer" in done.stderr:
        raise AssertionError(f"mail-render {arguments}: {done.returncode} {done.stderr.decode()}")
    return done.returncode, done.stdout, done.stderr


def render(template, data, form, language="ko", **settings):
    status, out, err = run(["render", template, "-", "--lang", language, f"--{form}"], data,
                           **settings)
    if status != 0:
        raise AssertionError(f"{template}: {err.decode()}")
    return out.decode("utf-8")


def sample(template, language="ko"):
    path = ROOT / f"services/email/samples/{template.lower()}.{language}.json"
    return json.loads(path.read_text(encoding="utf-8"))


def main(tests):
    """Runs functions, each a test by its name; ends the process."""
    failed = 0
    print(f"1..{len(tests)}")
    for number, test in enumerate(tests, 1):
        name = test.__name__.replace("_", " ")
        try:
            with tempfile.TemporaryDirectory() as folder:
                if test.__code__.co_argcount:
                    test(pathlib.Path(folder))
                else:
                    test()
            print(f"ok {number} - {name}")
        except AssertionError as fault:
            failed += 1
            print(f"not ok {number} - {name}")
            print("# " + str(fault).replace("\n", "\n# "))
    sys.exit(1 if failed else 0)
