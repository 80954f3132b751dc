#!/bin/sh
# make_certificates.sh FOLDER: an authority (ca.pem) and what it signed: good (for localhost), wrong
# (for another host), expired; and a certificate that signed itself. Each as NAME.pem, NAME.key.
set -eu
cd "$1"

openssl req -x509 -newkey rsa:2048 -nodes -days 30 -subj '/CN=Test authority' \
    -keyout ca.key -out ca.pem 2>/dev/null

# sign NAME HOST DAYS...: one by the authority.
sign() {
    openssl req -newkey rsa:2048 -nodes -subj "/CN=$2" -keyout "$1.key" -out "$1.csr" 2>/dev/null
    printf 'subjectAltName=DNS:%s\n' "$2" >"$1.ext"
    name=$1
    shift 2
    openssl x509 -req -in "$name.csr" -CA ca.pem -CAkey ca.key -CAcreateserial \
        -extfile "$name.ext" -out "$name.pem" "$@" 2>/dev/null
}

sign good localhost -days 30
sign wrong other.example.com -days 30
# A number of days below zero: it ended yesterday.
sign expired localhost -days -1
openssl req -x509 -newkey rsa:2048 -nodes -days 30 -subj '/CN=localhost' \
    -addext 'subjectAltName=DNS:localhost' -keyout self.key -out self.pem 2>/dev/null

cat >lax.cnf <<END
openssl_conf = settings
[settings]
ssl_conf = modules
[modules]
system_default = defaults
[defaults]
MinProtocol = TLSv1
CipherString = ALL:@SECLEVEL=0
END
