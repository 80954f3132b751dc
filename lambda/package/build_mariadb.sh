# MariaDB's Connector/C: TLS by OpenSSL, TCP and sockets, and the logins that services/db permits, built
# in. Off: LOAD DATA LOCAL, compression, passwords in clear or typed in, plugins from files. Run by
# sysroot.sh in the source's folder, with CC, CFLAGS, root and triple set. The compiler alone takes a
# third of the time that CMake needs, half of which are checks for what every glibc has.
# shellcheck shell=sh disable=SC2154,SC2086 # set by sysroot.sh; lists of words
logins='mysql_native_password client_ed25519 caching_sha2_password'
cd libmariadb || exit

value() {
    sed -n "s/^SET($1 \"*\([0-9]*\)\"*)/\1/p" CMakeLists.txt
}
major=$(value CPACK_PACKAGE_VERSION_MAJOR) minor=$(value CPACK_PACKAGE_VERSION_MINOR)
version=$major.$minor.$(value CPACK_PACKAGE_VERSION_PATCH)
case $version in
*[!0-9.]* | .* | *..* | *.) echo "No version in CMakeLists.txt: $version"; exit 1 ;;
esac

# What CMake finds with Debian 12's glibc on systems of little endian, of 64 bits unless word_bytes is 4.
absent='OPENSSL_APPLINK_C|BIGENDIAN|SELECT_H|SYS_STREAM_H|SYS_SYSCTL_H|BOOST_CONTEXT_H|TELL|THR_[A-Z]*|CUSERID'
sed -E -e "/^#cmakedefine HAVE_($absent) /d" -e 's/^#cmakedefine (HAVE_[A-Z_]*) 1/#define \1 1/' \
    -e "s/^#cmakedefine (SIZEOF_(CHARP|LONG|SIZE_T|ULONG)) .*/#define \1 ${word_bytes:-8}/" \
    -e 's/^#cmakedefine (SIZEOF_LONG_LONG) .*/#define \1 8/' \
    -e 's/^#cmakedefine (SIZEOF_U?INT) .*/#define \1 4/' -e 's/^#cmakedefine (SIZEOF_USHORT) .*/#define \1 2/' \
    -e 's/^#cmakedefine SOCKET_SIZE_TYPE .*/#define SOCKET_SIZE_TYPE socklen_t/' -e '/^#cmakedefine/d' \
    -e 's/@ENABLED_LOCAL_INFILE@/OFF/' -e 's/@DEFAULT_CHARSET@/utf8mb4/' include/ma_config.h.in >include/ma_config.h
cp include/ma_config.h include/config.h
sed -e 's/@PROTOCOL_VERSION@/10/' -e "s/@MARIADB_CLIENT_VERSION@/$version/" -e "s/@MARIADB_BASE_VERSION@/mariadb-$major.$minor/" \
    -e "s/@MARIADB_VERSION_ID@/$((major * 10000 + minor * 100 + ${version##*.}))/" \
    -e "s/@MARIADB_PACKAGE_VERSION_ID@/$((major * 10000 + minor * 100 + ${version##*.}))/" \
    -e "s/@CPACK_PACKAGE_VERSION@/$version/" -e 's/@MARIADB_PORT@/3306/' -e 's|@MARIADB_UNIX_ADDR@||' \
    -e 's/@CMAKE_SYSTEM_NAME@/Linux/' -e "s/@CMAKE_SYSTEM_PROCESSOR@/${triple%%-*}/" \
    -e 's|@CMAKE_INSTALL_PREFIX@/@INSTALL_PLUGINDIR@||' -e 's/@default_charset@//' -e 's/@CC_SOURCE_REVISION@//' \
    include/mariadb_version.h.in >include/mariadb_version.h

# The table of plugins, and no other one: a name that is not in it is refused without a look at files.
plugins=libmariadb/ma_client_plugin.c
declared='' listed=''
for plugin in AUTH:mysql_native_password AUTH:client_ed25519 AUTH:caching_sha2_password PVIO:pvio_socket; do
    name=${plugin#*:}_client_plugin
    declared="$declared extern struct st_mysql_client_plugin_${plugin%%:*} $name;"
    listed="$listed (struct st_mysql_client_plugin *)\\&$name,"
done
sed -e "s/@EXTERNAL_PLUGINS@/$declared/" -e "s/@BUILTIN_PLUGINS@/$listed/" \
    -e 's/dlopen((const char \*)dlpath, RTLD_NOW)/NULL/' -e 's/errmsg= dlerror();/errmsg= "it is not built in";/' \
    $plugins.in >$plugins
if grep -E 'dlopen *\(|dlerror *\(' $plugins || grep -E '@[A-Za-z_]+@' include/ma_config.h include/mariadb_version.h $plugins; then
    echo 'This version of the Connector is arranged in another way.'
    exit 1
fi

mkdir objects
for file in libmariadb/*.c plugins/auth/ref10/*.c libmariadb/secure/openssl.c libmariadb/secure/openssl_crypt.c \
    plugins/auth/my_auth.c plugins/auth/ed25519.c plugins/auth/caching_sha2_pw.c plugins/pvio/pvio_socket.c; do
    case $file in
    */win32_* | */get_password.c | */mariadb_dyncol.c | */mariadb_rpl.c | */bmove_upp.c) ;;
    *) echo "$file" ;;
    esac
done | xargs -P 2 -I FILE sh -c "$CC $CFLAGS -fstack-protector-strong -w -Iinclude -Ilibmariadb -Iplugins/auth \
    -Iplugins/auth/ref10 -DHAVE_OPENSSL -DHAVE_TLS -DHAVE_COMPRESS -DLIBMARIADB -DTHREAD -DLIBICONV_PLUG -DDBUG_OFF -DMYSQL_CLIENT=1 \
    -c FILE -o objects/\$(basename FILE .c).o"
rm -f "$root/usr/lib/$triple/libmariadb.a"
"$triple-ar" rcs "$root/usr/lib/$triple/libmariadb.a" objects/*.o
for login in $logins; do
    "$triple-nm" objects/ma_client_plugin.o | grep -q " U ${login}_client_plugin$"
done

mkdir -p "$root/usr/include/mariadb/mysql" "$root/usr/include/mariadb/mariadb"
cp include/*.h "$root/usr/include/mariadb"
cp include/mysql/*.h "$root/usr/include/mariadb/mysql"
cp include/mariadb/*.h "$root/usr/include/mariadb/mariadb"
rm "$root/usr/include/mariadb/ma_config.h" "$root/usr/include/mariadb/config.h"
cat >"$root/usr/lib/$triple/pkgconfig/libmariadb.pc" <<END
Name: libmariadb
Description: MariaDB Connector/C, static
Version: $version
Requires.private: libssl libcrypto
Cflags: -I/usr/include/mariadb
Libs: -lmariadb -lm
END
