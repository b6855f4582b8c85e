# PostgreSQL's programs, and a server of its own for a run of the tests.
# shellcheck shell=bash

# PostgreSQL refuses to run as root: then its processes belong to this account.
server_account=postgres

# Prints the folder of the server's programs: the first in PATH, else the newest of Debian's.
postgres_programs() {
  local folder
  while read -r folder; do
    if [ -x "$folder/initdb" ] && [ -x "$folder/pg_ctl" ] && [ -x "$folder/postgres" ]; then
      dirname "$(readlink -f "$folder/initdb")"
      return
    fi
  done < <(tr ':' '\n' <<<"$PATH"; compgen -G '/usr/lib/postgresql/*/bin' | sort -Vr)
  return 1
}

need_server_packages() { need "postgresql" postgres_programs; }

make_server_account() {
  [ "$(id -u)" -eq 0 ] || return 0
  id "$server_account" >/dev/null 2>&1 && return
  say "Creating the account $server_account, since PostgreSQL refuses to run as root."
  useradd --system --no-create-home --shell /usr/sbin/nologin "$server_account"
}

# Runs a program in the server's account. It ends with this script, however that ends.
as_server() {
  local account=()
  if [ "$(id -u)" -eq 0 ]; then
    account=(--reuid="$server_account" --regid="$server_account" --init-groups)
  fi
  exec env --chdir=/ setpriv "${account[@]}" --pdeathsig QUIT "$@"
}

server_folder=
server_pid=

# Starts an empty server, in a temporary folder, on a unix socket there and a free port of the
# loopback interface. PUSHLEDGER_TEST_DATABASE_URL is a superuser's address, PGPASSWORD its password.
start_server() {
  local programs port attempt
  programs=$(postgres_programs)
  trap stop_server EXIT
  if [ "$(id -u)" -eq 0 ]; then
    server_folder=$(mktemp -d /tmp/pushledger-test.XXXXXX)
    chown "$server_account" "$server_folder"
  else
    server_folder=$(mktemp -d "${TMPDIR:-/tmp}/pushledger-test.XXXXXX")
  fi
  PGPASSWORD=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
  export PGPASSWORD
  install -m 600 -o "$(stat -c %u "$server_folder")" /dev/stdin "$server_folder/password" \
    <<<"$PGPASSWORD"
  (as_server "$programs/initdb" --pgdata "$server_folder/data" --username postgres \
    --pwfile "$server_folder/password" --auth-local trust --auth-host scram-sha-256 \
    --encoding UTF8 --locale C.UTF-8 --no-sync) >"$server_folder/log" 2>&1 \
    || { cat "$server_folder/log" >&2; die "initdb failed."; }
  for attempt in 1 2 3 4 5; do
    port=$((20000 + RANDOM % 12000))
    say "Starting $("$programs/postgres" --version), for the tests alone, on port $port."
    as_server "$programs/postgres" -D "$server_folder/data" -p "$port" \
      -c listen_addresses=127.0.0.1 -c unix_socket_directories="$server_folder" \
      -c max_connections=1000 -c shared_buffers=256MB -c max_wal_size=2GB \
      -c fsync=off -c full_page_writes=off >>"$server_folder/log" 2>&1 &
    server_pid=$!
    if server_is_up "$programs" "$port"; then
      export PUSHLEDGER_TEST_DATABASE_URL=postgresql://postgres@127.0.0.1:$port/postgres
      return
    fi
    grep -q 'Address already in use' "$server_folder/log" || break
  done
  cat "$server_folder/log" >&2
  die "The test server did not start (attempt $attempt); its log is above."
}

# Waits until the server answers: false when it has ended or a minute has passed.
server_is_up() {
  local deadline=$((SECONDS + 60))
  until "$1/pg_isready" --quiet --host "$server_folder" --port "$2"; do
    kill -0 "$server_pid" 2>/dev/null || return 1
    [ "$SECONDS" -lt "$deadline" ] || return 1
    sleep 0.1
  done
}

stop_server() {
  if [ -n "$server_pid" ] && kill -QUIT "$server_pid" 2>/dev/null; then
    wait "$server_pid" 2>/dev/null || true
  fi
  [ -z "$server_folder" ] || rm -rf "$server_folder"
}
