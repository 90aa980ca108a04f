#!/bin/sh
# Makes the secrets that docker-compose.yml names, in packaging/secrets; what is there already stays as it is.
# The folder is its user's alone. The files in it can be read by all, for a container sees them as they are here, and the users
# in there have other numbers.
set -eu
umask 022
cd "$(dirname "$0")/../secrets"
command -v openssl >/dev/null || { echo "openssl is missing: install it" >&2; exit 1; }
chmod 700 .

random() { od -An -N24 -tx1 /dev/urandom | tr -d ' \n'; }
made() { echo "made packaging/secrets/$1"; }
keep() { # keep FILE TEXT
  [ -s "$1" ] && return
  printf '%s\n' "$2" >"$1"
  made "$1"
}

keep postgres_password "$(random)"
keep database_owner_url "postgres://gendan_owner:$(random)@postgres:5432/gendan"
keep database_url "postgres://gendan_worker:$(random)@postgres:5432/gendan"
keep broker_url "amqp://gendan:$(random)@rabbitmq:5672/%2f"
# The broker makes its user of this at its first start: with the very password that broker_url holds.
keep rabbitmq.conf "default_user = gendan
default_pass = $(sed -E 's,^[^:]+://[^:]+:([^@]*)@.*,\1,' broker_url)"
# The mail server that comes along takes any password; a real one wants its own here.
keep mail_password "$(random)"

# A certificate for that mail server, and the authority that vouches for it, whose key is thrown away.
if [ ! -s mail_ca.pem ] || [ ! -s mail.p12 ]; then
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  openssl req -x509 -newkey rsa:2048 -nodes -days 3650 -subj "/CN=gendan trial authority" \
    -addext "basicConstraints=critical,CA:TRUE" -addext "keyUsage=critical,keyCertSign" \
    -keyout "$work/ca.key" -out mail_ca.pem 2>/dev/null
  openssl req -newkey rsa:2048 -nodes -subj "/CN=mail" -keyout "$work/mail.key" -out "$work/mail.csr" 2>/dev/null
  echo "subjectAltName=DNS:mail,DNS:localhost,IP:127.0.0.1" >"$work/ext"
  openssl x509 -req -days 3650 -in "$work/mail.csr" -CA mail_ca.pem -CAkey "$work/ca.key" -CAcreateserial \
    -CAserial "$work/serial" -extfile "$work/ext" -out "$work/mail.pem" 2>/dev/null
  # Java wants a password on the file; what is in it is as open as the file.
  openssl pkcs12 -export -in "$work/mail.pem" -inkey "$work/mail.key" -name mail -passout pass:changeit -out mail.p12
  chmod 644 mail.p12
  made mail_ca.pem
  made mail.p12
fi
