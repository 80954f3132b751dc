# A small libcurl: only HTTP/1.1 and TLS. Run by sysroot.sh in the source's folder, with CC, CFLAGS,
# PKG_CONFIG, root and triple set. The bundle of certificate authorities is Amazon Linux's.
# shellcheck shell=sh disable=SC2154 # set by sysroot.sh
set -- ftp file ldap ldaps rtsp dict telnet tftp pop3 imap smb smtp gopher mqtt
off=''
for protocol in "$@"; do
    off="$off --disable-$protocol"
done
# Debian's patches change configure.ac.
[ -x configure ] || autoreconf -fi
# shellcheck disable=SC2086 # a list of options
./configure --host="$triple" --prefix=/usr --libdir="/usr/lib/$triple" --disable-shared --enable-static \
    --with-openssl --with-ca-bundle=/etc/pki/tls/certs/ca-bundle.crt --without-ca-path $off \
    --disable-manual --disable-ntlm --disable-ntlm-wb --disable-aws --disable-kerberos-auth \
    --disable-negotiate-auth --disable-tls-srp --disable-unix-sockets --disable-cookies \
    --disable-doh --disable-mime --disable-alt-svc --disable-hsts --disable-websockets --disable-libcurl-option \
    --disable-progress-meter --disable-dateparse --without-zlib --without-brotli --without-zstd \
    --without-libpsl --without-libidn2 --without-librtmp --without-libssh2 --without-nghttp2 \
    --without-gssapi
make -C lib -j2
make -C lib DESTDIR="$root" install
make -C include DESTDIR="$root" install
make DESTDIR="$root" install-pkgconfigDATA
