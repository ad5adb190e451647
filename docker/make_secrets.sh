#!/bin/sh
# Makes the secret files that compose.yml hands to its services. What exists already stays as it is.
#
#   docker/make_secrets.sh
#
# The token stays empty until you write BotFather's into its file; without it only the web part runs.
set -eu
cd "$(dirname "$0")"
umask 077
mkdir -p secrets # nobody else enters this folder; inside a container each service reads only the files it is given

random() { od -An -v -N32 -tx1 /dev/urandom | tr -d ' \n'; }
keep() {
  [ -e "secrets/$1" ] || printf '%s\n' "$2" >"secrets/$1"
  chmod 444 "secrets/$1"
}

keep postgres_password "$(random)"
keep CDAI_MIGRATE_DATABASE_URL "postgresql+psycopg://diary_owner:$(random)@database/diary"
keep CDAI_DATABASE_URL "postgresql+psycopg://diary_service:$(random)@database/diary"
keep CDAI_SECRET_KEY "$(random)"
keep CDAI_WEBHOOK_SECRET "$(random)"
keep CDAI_TELEGRAM_TOKEN ""
echo "The secrets are in $(pwd)/secrets: keep a copy where only you can read it."
