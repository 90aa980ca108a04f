#!/bin/sh
# Runs once, when the database is made: users with no more rights than they need, and the passwords that their URLs hold.
# `rights` in docker-compose.yml runs the same roles again when the tables are there.
set -eu

password() { sed -E 's,^[^:]+://[^:]+:([^@]*)@.*,\1,' "/run/secrets/$1"; }
run() { psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --username postgres --dbname "$POSTGRES_DB" "$@"; }

run --file /usr/share/gendan/roles.sql
# By way of standard input: a password on the command line could be read by anybody who lists processes.
run <<SQL
alter role gendan_owner login password '$(password database_owner_url)';
alter role gendan_worker login password '$(password database_url)';
SQL
