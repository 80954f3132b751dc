"""sbom.py --name NAME --version V --zip ZIP --map MAP --components FOLDER --build FOLDER [--npm LOCK] --output FILE

Writes what is linked into a function's program, as a CycloneDX 1.5 document: each Debian package of the sysroot
(components.py) and of the compiler of which the linker put something into the program, with its version, source
package, licences, hashes, and the members of its archives. MAP is the linker's map (-Wl,-Map), FOLDER the build with the
objects and their .d files: a library that is headers alone counts where these objects include it. LOCK: npm's lock file, of
the packages whose data is in the zip. The same inputs give the same file.
"""

import argparse
import hashlib
import json
import pathlib
import re
import subprocess
import sys
import uuid

SERIAL = uuid.UUID("6ba7b811-9dad-11d1-80b4-00c04fd430c8")  # RFC 4122's name space of URLs
DISTRIBUTION = "debian-12"
# Sections of which nothing is in the stripped program, and those that the linker writes itself.
LEFT_OUT = re.compile(r"\.(debug|comment|note|eh_frame|gnu|group|stab|interp|hash|dyn|rela|plt|got|strtab|symtab|shstrtab)")
# Of the C library and the kernel nearly every object includes headers; what is linked of them is in the map.
NOT_HEADERS_ALONE = {"libc6-dev", "linux-libc-dev"}


def sha256(path):
    return hashlib.sha256(pathlib.Path(path).read_bytes()).hexdigest()


def placed(map_file):
    """{file: {member: bytes}} of what has an address in the program; member is '' for an object file."""
    text = pathlib.Path(map_file).read_text(errors="replace")
    start = text.index("Linker script and memory map")
    found = {}
    section = ""
    for line in text[start:].splitlines():
        name = re.match(r" (\.[^\s]+)", line)
        if name:
            section = name.group(1)
        entry = re.match(r" (?:\.\S+)?\s+0x([0-9a-f]+)\s+0x([0-9a-f]+) (\S.*)$", line)
        if not entry or LEFT_OUT.match(section):
            continue
        address, size = int(entry.group(1), 16), int(entry.group(2), 16)
        if address == 0 or size == 0:
            continue
        file, member = re.match(r"(.*?)(?:\(([^()]+)\))?$", entry.group(3)).groups()
        if not re.search(r"\.(a|o)$", file):
            continue
        members = found.setdefault(file, {})
        members[member or ""] = members.get(member or "", 0) + size
    return found


def real(path):
    return str(pathlib.Path(path).resolve())


def host_package(path):
    """The package of the system that owns a file of the compiler."""
    names = [path, real(path)]
    for name in names:
        result = subprocess.run(["dpkg-query", "-S", name], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=False)
        if result.returncode == 0:
            package = result.stdout.split(": ")[0]
            break
    else:
        sys.exit(f"sbom: no Debian package has {path}")
    form = "${Package}\\n${Version}\\n${Architecture}\\n${source:Package}\\n${source:Version}\\n"
    fields = subprocess.run(["dpkg-query", "-W", f"-f={form}", package], check=True, stdout=subprocess.PIPE, text=True).stdout.split()
    return dict(zip(("name", "version", "architecture", "source", "source_version"), fields))


def objects_of(files, build):
    """The .d files of the objects of the tree that are in the program."""
    names = {member for file, members in files.items() if real(file).startswith(real(build) + "/") for member in members if member}
    names |= {pathlib.Path(file).name for file in files if file.endswith(".o")}
    for path in sorted(pathlib.Path(build, "obj").rglob("*.d")):
        if path.with_suffix(".o").name in names:
            yield path


def used_components(options, files):
    """[(record, {archive: {member: bytes}})] of the packages of which something is in the program."""
    records = [json.loads(path.read_text()) for path in sorted(pathlib.Path(options.components).glob("*.json"))]
    sysroot = real(pathlib.Path(options.components).parent / "sysroot")
    owners = {real(pathlib.Path(sysroot, file)): record for record in records if record["architecture"] != "source" for file in record["archives"]}
    # The same name in both: what was built took the package's place.
    owners.update({real(pathlib.Path(sysroot, file)): record for record in records if record["architecture"] == "source" for file in record["archives"]})
    used = {}
    for file, members in files.items():
        path = real(file)
        if path.startswith(real(options.build) + "/") or path.startswith(real("build") + "/") and not path.startswith(sysroot + "/"):
            continue
        record = owners.get(path)
        if record is None:
            if path.startswith(sysroot + "/"):
                sys.exit(f"sbom: no package of the sysroot has {file}")
            record = host_package(file)
        used.setdefault(record["name"], (record, {}))[1][pathlib.Path(path).name] = members
    headers = {real(pathlib.Path(sysroot, file)): record for record in records for file in record["headers"]}
    # The .d files name only the tree's own files, which name the others.
    own = {word for path in objects_of(files, options.build) for word in path.read_text().replace("\\\n", " ").split()}
    for file in sorted(word for word in own if re.search(r"\.(c|cc|h)$", word) and pathlib.Path(word).is_file()):
        for name in re.findall(r'^[ \t]*#[ \t]*include[ \t]*[<"]([^>"]+)[>"]', pathlib.Path(file).read_text(), re.MULTILINE):
            record = headers.get(real(pathlib.Path(sysroot, "usr/include", name)))
            if record and record["name"] not in NOT_HEADERS_ALONE and not record["archives"]:
                used.setdefault(record["name"], (record, {}))
    return [used[name] for name in sorted(used)]


def package_url(record):
    version = record["version"].replace(":", "%3A").replace("+", "%2B")
    return f"pkg:deb/debian/{record['name']}@{version}?arch={record['architecture']}&distro={DISTRIBUTION}"


def licence_choice(name):
    """SPDX's identifiers as such, other names as names."""
    is_id = re.fullmatch(r"(Apache-2\.0|BSD-[23]-Clause|MIT|(L?GPL)-[0-9.]+-(only|or-later)|ISC|Zlib|curl)", name)
    return {"license": {"id" if is_id else "name": name}}


def component(record, archives):
    properties = [
        ("debian:source", record["source"]),
        ("debian:source:version", record["source_version"]),
    ]
    if "file" in record:
        properties.append(("debian:file", record["file"]))
    for file, digest in sorted(record.get("parts", {}).items()):
        properties.append((f"debian:source:sha256:{file}", digest))
    for archive, members in sorted(archives.items()):
        properties.append((f"linked:{archive}:bytes", str(sum(members.values()))))
        names = " ".join(sorted(name for name in members if name))
        if names:
            properties.append((f"linked:{archive}:members", names))
    if not archives:
        properties.append(("linked:headers", "compiled into the program's objects"))
    result = {"type": "library", "bom-ref": package_url(record), "name": record["name"], "version": record["version"], "scope": "required"}
    if "sha256" in record:
        result["hashes"] = [{"alg": "SHA-256", "content": record["sha256"]}]
    if record.get("licences"):
        result["licenses"] = [licence_choice(name) for name in record["licences"]]
    result["purl"] = package_url(record)
    result["properties"] = [{"name": name, "value": value} for name, value in properties]
    return result


def npm_components(lock):
    for path, entry in sorted(json.loads(pathlib.Path(lock).read_text())["packages"].items()):
        if not path or entry.get("dev"):
            continue
        name = path.removeprefix("node_modules/")
        url = f"pkg:npm/{name.replace('@', '%40')}@{entry['version']}"
        result = {"type": "data", "bom-ref": url, "name": name, "version": entry["version"], "scope": "required"}
        if entry.get("license"):
            result["licenses"] = [licence_choice(entry["license"])]
        result["purl"] = url
        result["properties"] = [{"name": "npm:integrity", "value": entry["integrity"]}]
        yield result


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for option in ("name", "version", "arch", "zip", "map", "components", "build", "output"):
        parser.add_argument(f"--{option}", required=True)
    parser.add_argument("--npm")
    options = parser.parse_args()

    listed = [component(*each) for each in used_components(options, placed(options.map))]
    if options.npm:
        listed.extend(npm_components(options.npm))
    digest = sha256(options.zip)
    reference = f"pkg:generic/{options.name}@{options.version}?arch={options.arch}"
    document = {
        "$schema": "http://cyclonedx.org/schema/bom-1.5.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "serialNumber": f"urn:uuid:{uuid.uuid5(SERIAL, f'{options.name}/{options.arch}/{digest}')}",
        "version": 1,
        "metadata": {
            "component": {
                "type": "application", "bom-ref": reference, "name": options.name, "version": options.version,
                "hashes": [{"alg": "SHA-256", "content": digest}], "purl": reference,
                "properties": [{"name": "aws:lambda:runtime", "value": "provided.al2023"}, {"name": "architecture", "value": options.arch}],
            },
        },
        "components": listed,
        "dependencies": [{"ref": reference, "dependsOn": sorted(each["bom-ref"] for each in listed)}],
    }
    aside = pathlib.Path(options.output + ".new")
    aside.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n")
    aside.replace(options.output)


main()
