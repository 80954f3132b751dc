# A small libcurl: only HTTP/1.1 and TLS. Run by sysroot.sh in the source's folder, with CC, CFLAGS,
# PKG_CONFIG, root and triple set. The bundle of certificate authorities is Amazon Linux's. CMake takes
# half the time of curl's configure script.
# shellcheck shell=sh disable=SC2154 # set by sysroot.sh
set -- ALTSVC COOKIES DOH HSTS LIBCURL_OPTION MIME NTLM PARSEDATE PROGRESS_METER
off=''
for feature in "$@"; do
    off="$off -DCURL_DISABLE_$feature=ON"
done
# shellcheck disable=SC2086 # a list of options
CC="$triple-gcc" cmake -S . -B build -G 'Unix Makefiles' -DCMAKE_SYSTEM_NAME=Linux \
    -DCMAKE_SYSTEM_PROCESSOR="${triple%%-*}" -DCMAKE_SYSROOT="$root" -DCMAKE_FIND_ROOT_PATH="$root" \
    -DCMAKE_FIND_ROOT_PATH_MODE_INCLUDE=ONLY -DCMAKE_FIND_ROOT_PATH_MODE_LIBRARY=ONLY \
    -DCMAKE_FIND_ROOT_PATH_MODE_PROGRAM=NEVER -DCMAKE_LIBRARY_ARCHITECTURE="$triple" \
    -DCMAKE_INSTALL_PREFIX=/usr -DCMAKE_INSTALL_LIBDIR="lib/$triple" -DBUILD_SHARED_LIBS=OFF \
    -DBUILD_CURL_EXE=OFF -DBUILD_TESTING=OFF -DENABLE_MANUAL=OFF -DHTTP_ONLY=ON -DENABLE_UNIX_SOCKETS=OFF \
    -DCURL_USE_OPENSSL=ON -DCURL_ZLIB=OFF -DCURL_USE_LIBPSL=OFF -DUSE_LIBIDN2=OFF \
    -DCURL_USE_LIBSSH2=OFF -DCURL_CA_PATH=none -DCURL_CA_BUNDLE=/etc/pki/tls/certs/ca-bundle.crt $off
make -C build -j2 libcurl
make -C build DESTDIR="$root" install/fast
# CMake's own names the host's folders.
cat >"$root/usr/lib/$triple/pkgconfig/libcurl.pc" <<EOF
prefix=/usr
Name: libcurl
Description: HTTP client
Version: $(sed -n 's/^#define LIBCURL_VERSION "\(.*\)"/\1/p' include/curl/curlver.h)
Requires.private: libssl libcrypto
Libs: -L\${prefix}/lib/$triple -lcurl
Cflags: -I\${prefix}/include
EOF
