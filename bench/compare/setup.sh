#!/bin/sh
# Installs the other libraries: Debian's packages, and those of npm into build/bench. A package that is not
# available is reported and skipped. Leaves build/bench/node, the node to run them with.
set -eu
if [ "${1:-}" = --help ]; then
    sed -n '2,3s/^# //p' "$0"
    exit 0
fi
cd "$(dirname "$0")/../.."
work=build/bench
mkdir -p "$work"

sh .ci/packages rivals || echo 'bench-compare: some of Debian'"'"'s rivals could not be installed' >&2

# sharp wants node 20.9 or newer; Debian 12 has 18, npm has newer ones as packages.
new_enough() {
    "$1" -e 'const [a, b] = process.versions.node.split("."); process.exit(a * 100 + +b < 2009 ? 1 : 0)' \
        >/dev/null 2>&1
}

if ! command -v npm >/dev/null; then
    sh .ci/packages npm || echo 'bench-compare: npm could not be installed' >&2
fi
if ! command -v npm >/dev/null; then
    echo 'bench-compare: without npm there is no sharp and no @napi-rs/image' >&2
    exit 0
fi
cp bench/compare/package.json bench/compare/package-lock.json "$work"
if ! cmp -s bench/compare/package-lock.json "$work/installed-lock.json"; then
    if (cd "$work" && npm ci --no-audit --no-fund --loglevel=error); then
        cp bench/compare/package-lock.json "$work/installed-lock.json"
    else
        echo 'bench-compare: npm could not install its rivals' >&2
    fi
fi
node=$(command -v node || command -v nodejs || true)
if [ -z "$node" ] || ! new_enough "$node"; then
    machine=$(uname -m | sed 's/x86_64/x64/; s/aarch64/arm64/')
    (cd "$work" && mkdir -p newer-node && cd newer-node &&
        npm install --prefix . --no-save --no-audit --no-fund --loglevel=error \
            "node-linux-$machine@22.21.1") || true
    node=$PWD/$work/newer-node/node_modules/node-linux-$machine/bin/node
fi
if new_enough "$node"; then
    ln -sf "$node" "$work/node"
else
    rm -f "$work/node"
    echo 'bench-compare: there is no node that sharp runs on' >&2
fi
