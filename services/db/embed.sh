#!/bin/sh
# Writes a module's .sql files as a C source: embed.sh OUT.c MODULE OBJECTS OWN [NAME=]FOLDER...
#   MODULE   the constant becomes MODULE_sql; of a FOLDER only the files called *_MODULE_*.sql are the module's
#   OBJECTS  what each mapping must create: 'VIEW a;VIEW b;PROCEDURE c'
#   OWN      the folder of the module's own tables
#   FOLDER   the mapping of a platform, called by its last part unless a NAME stands before it. One that maps
#            other modules alone is left out; one that is not whole is refused.
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

# put_files NUMBER PREFIX FILE...: a constant for each file, and their list.
put_files() {
    number=$1
    prefix=$2
    shift 2
    list=''
    files=0
    for file in "$@"; do
        [ -s "$file" ] || refuse "$file is missing or empty"
        base=${file##*/}
        base=${base%.sql}
        case $base in
        *[!a-z0-9_]*) refuse "$file: names consist of a-z, 0-9 and _" ;;
        esac
        printf 'static const char sql_%d_%d[] =\n' "$number" "$files"
        put_text "$file"
        printf ';\n\n'
        list="$list    {\"$prefix$base\", sql_${number}_$files},
"
        files=$((files + 1))
    done
    printf 'static const struct db_sql_file files_%d[] = {\n%s};\n\n' "$number" "$list"
}

# check_mapping FOLDER FILE...: they create what the module reads and calls.
check_mapping() {
    folder=$1
    shift
    old=$IFS
    IFS=';'
    for object in $objects; do
        grep -qs "CREATE OR REPLACE .*$object\|CREATE OR REPLACE $object" "$@" || refuse "$folder has no $object"
    done
    IFS=$old
}

out=$1
module=$2
objects=$3
own=$4
shift 4
case $module in
'' | *[!a-z_]*) refuse "$module: a module's name consists of a-z and _" ;;
esac
{
    echo '/* Made by services/db/embed.sh from the .sql files. */'
    echo '#include "services/db/embedded.h"'
    echo
    put_files 0 '' "$own"/*.sql
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
        found=no
        for file in "$folder"/*.sql; do
            [ -s "$file" ] || refuse "$file is missing or empty"
            case ${file##*/} in
            *_"$module"_*) found=yes ;;
            esac
        done
        [ $found = yes ] || continue
        check_mapping "$folder" "$folder"/*_"$module"_*.sql
        put_files $number mapping/ "$folder"/*_"$module"_*.sql
        folders="$folders    {\"$name\", files_${number}, sizeof(files_${number}) / sizeof(files_${number}[0])},
"
        number=$((number + 1))
    done
    printf 'static const struct db_sql_folder folders[] = {\n%s};\n\n' "$folders"
    printf 'extern const struct db_sql %s_sql;\n' "$module"
    printf 'const struct db_sql %s_sql = {folders, sizeof(folders) / sizeof(folders[0])};\n' "$module"
} >"$out.new"
mv "$out.new" "$out"
