#!/bin/sh
# Installs what the local cloud takes from npm into build/local, node included where the system's is
# too old, and leaves build/local/node, the node to run it with. Quick and offline when all is there.
set -eu
if [ "${1:-}" = --help ]; then
    sed -n '2,3s/^# //p' "$0"
    exit 0
fi
cd "$(dirname "$0")/../.."
work=build/local
mkdir -p "$work"

if ! cmp -s lambda/local/package-lock.json "$work/installed-lock.json"; then
    cp lambda/local/package.json lambda/local/package-lock.json "$work"
    (cd "$work" && npm ci --no-audit --no-fund --ignore-scripts --loglevel=error)
    cp lambda/local/package-lock.json "$work/installed-lock.json"
fi

# fauxqs wants node 22.5 or newer, the modules here 22.15 (require of ES modules, zlib.crc32).
machine=$(uname -m | sed 's/x86_64/x64/; s/aarch64/arm64/')
node=$PWD/$work/node_modules/node-linux-$machine/bin/node
if ! [ -x "$node" ]; then
    echo "local: npm has no node for $machine" >&2
    exit 1
fi
# fauxqs loads SQLite, of which node warns at every start.
printf '#!/bin/sh\nexec "%s" --disable-warning=ExperimentalWarning "$@"\n' "$node" >"$work/node.new"
chmod +x "$work/node.new"
mv "$work/node.new" "$work/node"
