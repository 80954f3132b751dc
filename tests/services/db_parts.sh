#!/bin/sh
# db_parts.sh FOLDER: puts there what Debian 12's mariadb-server-core lacks for tests of logins:
#   plugin/auth_ed25519.so   the server's plugin, from the mariadb-server package of the same version
#   mysql/run                `run OPTIONS` starts MySQL of Debian's unstable release, with its own C
#                            library; mysql/data is an empty database of it, whose root has no password
# What cannot be had leaves the reason in NAME.missing, and is tried again by the next call. Quick and
# offline when both are there. Nothing is installed on the system.
set -eu
if [ "${1:-}" = --help ] || [ $# = 0 ] || [ $# -gt 2 ]; then
    sed -n '2,7s/^# //p' "$0"
    [ "${1:-}" = --help ]
    exit
fi

# apt_get ARGUMENTS: with a state of its own, `state` in the working folder.
apt_get() {
    mkdir -p state/lists/partial state/archives/partial
    : >>state/status
    timeout 300 apt-get -q -o Dir::State="$PWD/state" -o Dir::State::lists="$PWD/state/lists" \
        -o Dir::State::status="$PWD/state/status" -o Dir::Cache="$PWD/state" \
        -o APT::Sandbox::User="$(id -un)" -o Acquire::Languages=none -o Acquire::http::Timeout=20 \
        -o Acquire::Retries=1 "$@"
}

plugin() {
    version=$(dpkg-query -W -f '${Version}' mariadb-server-core)
    # The system's own lists have it, unless they are older than mariadb-server-core.
    if ! apt-get -q -o APT::Sandbox::User="$(id -un)" download "mariadb-server=$version"; then
        apt_get update
        apt_get download "mariadb-server=$version"
    fi
    dpkg-deb --fsys-tarfile ./*.deb | tar -x --strip-components=5 ./usr/lib/mysql/plugin/auth_ed25519.so
    rm -rf ./state ./*.deb
}

# shellcheck disable=SC2016 # fields of apt's, not variables
mysql() {
    mkdir state
    apt-get indextargets --format '$(ORIGIN) $(LABEL) $(REPO_URI)' 'Created-By: Packages' |
        sed -n 's|^Debian Debian \(.*\)|deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] \1 sid main|p' |
        sort -u >sources.list
    set -- -o Dir::Etc::SourceList="$PWD/sources.list" -o Dir::Etc::SourceParts=/dev/null
    apt_get "$@" update
    apt_get "$@" install -y --no-install-recommends --download-only mysql-server-core
    for package in state/archives/*.deb; do
        case $package in
        */perl* | */libperl* | */libc-gconv* | */libdb5* | */libgdbm*) ;;
        *) dpkg-deb -x "$package" . ;;
        esac
    done
    rm -rf state
    loader=$(find "$PWD/usr/lib" -name 'ld-linux-*.so.*' -path '*-linux-gnu/*' | head -n 1)
    # It writes to no file that is not in `data`, and waits for no disk.
    cat >run <<END
#!/bin/sh
exec '$loader' --library-path '${loader%/*}' '$PWD/usr/sbin/mysqld' --no-defaults --basedir='$PWD/usr' \\
    --lc-messages-dir='$PWD/usr/share/mysql' --character-sets-dir='$PWD/usr/share/mysql/charsets' \\
    --plugin-dir='$PWD/usr/lib/mysql/plugin' $([ "$(id -u)" != 0 ] || echo --user=root) --secure-file-priv= --mysqlx=OFF \\
    --skip-log-bin --performance-schema=OFF --innodb-buffer-pool-size=32M --innodb-redo-log-capacity=32M \\
    --innodb-flush-method=nosync --innodb-doublewrite=OFF --innodb-flush-log-at-trx-commit=2 "\$@"
END
    chmod +x run
    ./run --initialize-insecure --datadir="$PWD/data"
}

case $1 in
--plugin | --mysql)
    cd "$2"
    "${1#--}"
    exit
    ;;
esac

script=$(realpath "$0")
mkdir -p "$1"
cd "$1"
# get NAME REASON
get() {
    if [ -f "$1.ready" ] && cmp -s "$1.ready" "$script"; then
        return
    fi
    rm -rf "$1" "$1.missing"
    mkdir "$1"
    if sh "$script" "--$1" "$PWD/$1" >"$1.log" 2>&1 </dev/null; then
        cp "$script" "$1.ready"
    else
        echo "$2" >"$1.missing"
        echo "db_parts: $2: $PWD/$1.log" >&2
    fi
}
get plugin "the server's plugin for ed25519 cannot be had from Debian's packages" &
get mysql "MySQL cannot be had from Debian's packages, or does not start" &
wait
