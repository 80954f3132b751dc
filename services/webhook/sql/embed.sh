#!/bin/sh
# Writes the .sql files as a C source: embed.sh OUT.c OWN [NAME=]FOLDER...
# OWN is the folder of the module's own tables, each FOLDER the mapping of a platform, called by its last part
# unless a NAME stands before it. Refuses a mapping that is not whole.
set -eu
LC_ALL=C
export LC_ALL

refuse() {
    echo "embed.sh: $1" >&2
    exit 1
}

# The file as C strings, a line each. A '?' is escaped: two of them may begin a trigraph. Without the CRs of
# some checkouts: the same text has the same checksum everywhere.
put_text() {
    tr -d '\r' <"$1" | sed -e 's/\\/\\\\/g' -e 's/"/\\"/g' -e 's/?/\\?/g' -e 's/^/    "/' -e 's/$/\\n"/'
}

# put_folder NUMBER PREFIX FOLDER: a constant for each file, and their list.
put_folder() {
    list=''
    files=0
    for file in "$3"/*.sql; do
        [ -s "$file" ] || refuse "$file is missing or empty"
        base=${file##*/}
        base=${base%.sql}
        case $base in
        *[!a-z0-9_]*) refuse "$file: names consist of a-z, 0-9 and _" ;;
        esac
        printf 'static const char sql_%d_%d[] =\n' "$1" "$files"
        put_text "$file"
        printf ';\n\n'
        list="$list    {\"$2$base\", sql_$1_$files},
"
        files=$((files + 1))
    done
    printf 'static const struct webhook_sql_file files_%d[] = {\n%s};\n\n' "$1" "$list"
}

# What the module calls, in sql/README.md's words.
check_mapping() {
    for kind in 'VIEW webhook_orders' 'VIEW webhook_contacts' 'VIEW webhook_items' \
        'PROCEDURE webhook_store_payment' 'PROCEDURE webhook_store_shipping'; do
        grep -qs "CREATE OR REPLACE .*$kind\|CREATE OR REPLACE $kind" "$1"/*.sql || refuse "$1 has no $kind"
    done
}

out=$1
own=$2
shift 2
{
    echo '/* Made by services/webhook/sql/embed.sh from the .sql files. */'
    echo '#include "services/webhook/migrations.h"'
    echo
    put_folder 0 '' "$own"
    folders="    {\"\", files_0, sizeof(files_0) / sizeof(files_0[0])},
"
    names=' '
    number=1
    for argument in "$@"; do
        folder=${argument#*=}
        name=${argument%%=*}
        name=${name##*/}
        case $name in
        '' | *[!a-z0-9_]*) refuse "$argument: names consist of a-z, 0-9 and _" ;;
        esac
        case $names in
        *" $name "*) refuse "two platforms are called $name" ;;
        esac
        names="$names$name "
        check_mapping "$folder"
        put_folder $number mapping/ "$folder"
        folders="$folders    {\"$name\", files_${number}, sizeof(files_${number}) / sizeof(files_${number}[0])},
"
        number=$((number + 1))
    done
    printf 'const struct webhook_sql_folder webhook_sql_folders[] = {\n%s};\n' "$folders"
    echo 'const size_t webhook_sql_folder_count = sizeof(webhook_sql_folders) / sizeof(webhook_sql_folders[0]);'
} >"$out.new"
mv "$out.new" "$out"
