#!/bin/bash
# Makes two roles in a new database: the owner, who migrates, and the service's, which gets its rights from `migrate`.
# Their names and passwords are those of the two addresses that the services are given.
set -euo pipefail
secrets=${SECRETS:-/run/secrets}

part() { # FILE NUMBER: the role or the password of an address
  local address
  address=$(cat "$secrets/$1")
  if ! [[ $address =~ ^postgresql\+psycopg://([a-z_]+):([A-Za-z0-9_-]+)@ ]]; then
    echo "$1 must be postgresql+psycopg://ROLE:PASSWORD@..., both of letters, digits, _ or -" >&2
    return 1
  fi
  printf '%s' "${BASH_REMATCH[$2]}"
}

OWNER=$(part CDAI_MIGRATE_DATABASE_URL 1)
OWNER_PASSWORD=$(part CDAI_MIGRATE_DATABASE_URL 2)
SERVICE=$(part CDAI_DATABASE_URL 1)
SERVICE_PASSWORD=$(part CDAI_DATABASE_URL 2)
export OWNER OWNER_PASSWORD SERVICE SERVICE_PASSWORD

psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" <<'SQL'
\getenv owner OWNER
\getenv owner_password OWNER_PASSWORD
\getenv service SERVICE
\getenv service_password SERVICE_PASSWORD
\getenv database POSTGRES_DB
CREATE ROLE :"owner" LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD :'owner_password';
CREATE ROLE :"service" LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD :'service_password';
ALTER DATABASE :"database" OWNER TO :"owner";
REVOKE ALL ON DATABASE :"database" FROM PUBLIC;
GRANT CONNECT ON DATABASE :"database" TO :"service";
ALTER SCHEMA public OWNER TO :"owner";
REVOKE ALL ON SCHEMA public FROM PUBLIC;
SQL
