#!/bin/sh
# Makes the secrets that docker-compose.yml mounts; what is there already stays. Nothing is printed.
#
#   sh deploy/secrets.sh [FOLDER] [HOST]
#
# The folder is its owner's alone. The files in it can be read by all, because the containers' users, who are
# not this machine's, have to; Docker mounts them one by one and passes the folder by.
set -eu
folder=${1:-$(dirname "$0")/secrets}
host=${2:-localhost}
umask 077
mkdir -p "$folder"
cd "$folder"

random() { # bytes: URL-safe base64, which needs no escaping in URLs, JSON or redis.conf
    head -c "$1" /dev/urandom | base64 | tr -d '\n' | tr '+/' '-_'
}

make() { # name, bytes
    if [ ! -s "$1" ]; then
        random "$2" >"$1.new" && mv "$1.new" "$1"
    fi
}

make fernet_key 32
make database_password 24
make redis_password 24
make api_secret_key 33
make jwt_secret 66
make admin_password 18

# Put your own certificate with its chain here; this one is for a first look.
if [ ! -s tls_certificate ] || [ ! -s tls_key ]; then
    command -v openssl >/dev/null || {
        echo "No openssl here. Put a certificate into $folder/tls_certificate and its key into $folder/tls_key." >&2
        exit 1
    }
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 90 -subj "/CN=$host" \
        -addext "subjectAltName=DNS:$host" -keyout tls_key.new -out tls_certificate.new 2>/dev/null
    mv tls_key.new tls_key
    mv tls_certificate.new tls_certificate
fi
chmod 644 ./*
