#!/usr/bin/python3
"""Renders every sample mail and lays them out on one page.

preview.py MAIL_RENDER SAMPLES OUT

SAMPLES has NAME.LANG.json files of data. For each, OUT gets NAME.LANG.html, .txt, .eml and .dark.html
(the dark style applied whatever the browser prefers), and OUT/index.html shows them side by side.
"""
import html
import pathlib
import subprocess
import sys

STYLE = """
body { margin: 0; font: 15px/1.5 system-ui, sans-serif; background: #e9ecf1; color: #1b1f26; }
header { position: sticky; top: 0; z-index: 1; padding: 14px 28px; background: #1b1f26; }
header h1 { display: inline; margin-right: 24px; font-size: 17px; color: #fff; }
header a { display: inline-block; margin-right: 14px; font-size: 13px; color: #b9c9ff; }
section { padding: 28px 28px 8px; scroll-margin-top: 70px; }
h2 { margin: 0; font-size: 20px; }
.headers { margin: 4px 0 16px; font-family: ui-monospace, monospace; font-size: 13px; color: #4b5563; }
.views { display: flex; gap: 22px; overflow-x: auto; padding-bottom: 18px; align-items: flex-start; }
figure { margin: 0; flex: none; }
figcaption { margin-bottom: 6px; font-size: 13px; font-weight: 600; color: #4b5563; }
iframe { border: 1px solid #c8ced8; border-radius: 8px; background: #fff; height: 900px; }
.inverted iframe { filter: invert(1) hue-rotate(180deg); }
pre { margin: 0; width: 600px; max-height: 900px; overflow: auto; padding: 18px; box-sizing: border-box;
  border: 1px solid #c8ced8; border-radius: 8px; background: #fff; font-size: 13px; line-height: 1.55;
  white-space: pre-wrap; overflow-wrap: anywhere; }
pre.raw { white-space: pre; }
"""

# A frame without scripts of its own, as high as the mail in it.
SCRIPT = """
for (const frame of document.querySelectorAll('iframe')) {
  const fit = () => {
    frame.style.height = '0';
    frame.style.height = frame.contentDocument.documentElement.scrollHeight + 'px';
  };
  frame.addEventListener('load', fit);
  if (frame.contentDocument && frame.contentDocument.readyState === 'complete') fit();
}
"""

VIEWS = [
    ("800 px", 800, "light", ""),
    ("600 px", 600, "light", ""),
    ("phone, 360 px", 360, "light", ""),
    ("dark, 600 px", 600, "dark", ""),
    ("dark, phone", 360, "dark", ""),
    ("colours inverted by the client", 600, "light", "inverted"),
]


def render(program, template, sample, language, form):
    command = [program, "render", template, str(sample), "--lang", language, form]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout.decode("utf-8")


def figure(caption, body, kind=""):
    return f'<figure class="{kind}"><figcaption>{caption}</figcaption>{body}</figure>'


def show(program, sample, out):
    """The section of one sample; its files are written."""
    name, language = sample.stem.rsplit(".", 1)
    template = name.split("-")[0].upper()
    parts = {form: render(program, template, sample, language, f"--{form}")
             for form in ("html", "text", "subject", "raw")}
    pages = {"light": parts["html"],
             "dark": parts["html"].replace("(prefers-color-scheme: dark)", "all")}
    (out / f"{sample.stem}.html").write_text(pages["light"], encoding="utf-8")
    (out / f"{sample.stem}.dark.html").write_text(pages["dark"], encoding="utf-8")
    (out / f"{sample.stem}.txt").write_text(parts["text"], encoding="utf-8")
    (out / f"{sample.stem}.eml").write_text(parts["raw"], encoding="utf-8", newline="")
    figures = [figure(caption, f'<iframe sandbox="allow-same-origin" width="{width}" '
                               f'srcdoc="{html.escape(pages[page])}"></iframe>', kind)
               for caption, width, page, kind in VIEWS]
    figures.append(figure("text part", f'<pre>{html.escape(parts["text"])}</pre>'))
    figures.append(figure("raw", f'<pre class="raw">{html.escape(parts["raw"])}</pre>'))
    headers = [line for line in parts["raw"].replace("\r\n ", " ").split("\r\n\r\n")[0].split("\r\n")
               if line.startswith("List-")]
    title = html.escape(parts["subject"].strip())
    return (f'<section id="{sample.stem}"><h2>{title}</h2>'
            f'<div class="headers">{sample.stem} · {len(parts["html"].encode()) / 1024:.1f} KiB of HTML'
            f'{"".join("<br>" + html.escape(header) for header in headers)}</div>'
            f'<div class="views">{"".join(figures)}</div></section>')


def main():
    program, samples, out = sys.argv[1], pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3])
    out.mkdir(parents=True, exist_ok=True)
    files = sorted(samples.glob("*.json"))
    links = "".join(f'<a href="#{file.stem}">{file.stem}</a>' for file in files)
    sections = "".join(show(program, file, out) for file in files)
    (out / "index.html").write_text(
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Mails</title>'
        f'<style>{STYLE}</style></head><body><header><h1>Mails</h1>{links}</header>{sections}'
        f'<script>{SCRIPT}</script></body></html>', encoding="utf-8")
    print(f"{len(files)} mails; open {out / 'index.html'} in a browser")


if __name__ == "__main__":
    main()
