"""tracker.py --data FILE [--release bookworm] SBOM...

Holds bills of materials (sbom.py) against Debian's security tracker: FILE is
https://security-tracker.debian.org/tracker/data/json. Prints one line for each vulnerability of each source package:

  FIXED    Debian has fixed it in a version newer than what is linked: build the zips again
  OPEN     Debian has no fix yet; `postponed` if its security team will not publish one for this release

Exit status: 0 nothing to report, 1 something is FIXED, 2 the data or a bill cannot be read or fits nothing,
3 only OPEN ones. Vulnerabilities that Debian calls unimportant are not reported.
"""

import argparse
import json
import pathlib
import subprocess
import sys

NOTHING, REBUILD, UNREADABLE, OPEN = 0, 1, 2, 3


def fail(sentence):
    print(f"tracker: {sentence}", file=sys.stderr)
    sys.exit(UNREADABLE)


def read_json(path):
    try:
        return json.loads(pathlib.Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        fail(f"{path} cannot be read: {error}")


def sources_of(path):
    """{(source, version): [where it is linked]} of a bill."""
    bill = read_json(path)
    if not isinstance(bill, dict) or bill.get("bomFormat") != "CycloneDX" or not bill.get("components"):
        fail(f"{path} is no bill of materials with components")
    found = {}
    name = bill["metadata"]["component"]["purl"]
    for component in bill["components"]:
        properties = {each["name"]: each["value"] for each in component.get("properties", [])}
        if "debian:source" in properties:
            found.setdefault((properties["debian:source"], properties["debian:source:version"]), []).append(name)
    if not found:
        fail(f"{path} names no source package of Debian")
    return found


def is_older(version, than):
    result = subprocess.run(["dpkg", "--compare-versions", version, "lt", than], check=False)
    if result.returncode not in (0, 1):
        fail(f"dpkg cannot compare {version} with {than}")
    return result.returncode == 0


def classify(entry, version):
    """(FIXED|OPEN, text) of one vulnerability in one release; None if it needs no report."""
    status = entry.get("status")
    if status == "resolved":
        fixed = entry.get("fixed_version")
        if not fixed:
            fail("a resolved vulnerability has no fixed_version")
        # "0": this release never had it.
        if fixed == "0" or not is_older(version, fixed):
            return None
        return "FIXED", f"in {fixed}"
    if status in ("open", "undetermined"):
        if entry.get("urgency") == "unimportant":
            return None
        postponed = f", postponed: {entry['nodsa']}" if entry.get("nodsa") else ""
        return "OPEN", f"{entry.get('urgency', 'no urgency')}{postponed}"
    return fail(f"the tracker has a status that is not known: {status}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True)
    parser.add_argument("--release", default="bookworm")
    parser.add_argument("bills", nargs="+", metavar="SBOM")
    options = parser.parse_args()

    data = read_json(options.data)
    if not isinstance(data, dict) or not data:
        fail(f"{options.data} is not the tracker's data")
    linked = {}
    for path in options.bills:
        for key, names in sources_of(path).items():
            linked.setdefault(key, set()).update(names)
    # A source that is not in the data has no vulnerability, but none of all means other data.
    if not any(source in data for source, _ in linked):
        fail(f"{options.data} knows none of the packages: {', '.join(sorted({source for source, _ in linked}))}")

    counts = {"FIXED": 0, "OPEN": 0}
    for (source, version), names in sorted(linked.items()):
        for vulnerability, facts in sorted(data.get(source, {}).items()):
            entry = facts.get("releases", {}).get(options.release)
            found = classify(entry, version) if entry else None
            if found:
                counts[found[0]] += 1
                print(f"{found[0]:<8} {vulnerability} {source} {version} {found[1]}; linked into {len(names)} programs")
    print(f"{len(linked)} source packages of {len(options.bills)} bills: {counts['FIXED']} fixed by Debian since, {counts['OPEN']} open")
    sys.exit(REBUILD if counts["FIXED"] else OPEN if counts["OPEN"] else NOTHING)


main()
