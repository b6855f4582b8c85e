# What the scripts in this folder share: a scratch database, the programs, and questions whose
# answers are checked. Sourced by them.
# shellcheck shell=bash

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
name=$(basename "$0")
app=chat

# Nothing is waited for longer than so many seconds.
patience=60

folder=
database=
pids=()
# The last answer, and where simulators take faults.
answer='' apns='' fcm=''

note() { printf '==> %s\n' "$*" >&2; }

die() {
  printf 'error: %s\n' "$*" >&2
  exit 1
}

# begin "$@": takes the script's arguments, and makes a scratch folder and database.
begin() {
  case $#${1:-} in
    0) ;;
    1-h | 1--help)
      sed -n '2,/^[^#]/s/^# \{0,1\}//p' "$here/$name"
      cat <<HELP

USAGE: $name [--help]

The ledger is in a scratch database, made on the server of PUSHLEDGER_DATABASE_URL, whose user may
create one; without it on a private PostgreSQL that \`pushledger up\` starts in a temporary folder.
All of it is gone at the end. pushledger is taken from PATH, else from .build of this checkout.

EXIT CODES
  0 the ledger shows what is said here · 1 it does not, or something failed · 64 wrong usage
HELP
      exit 0
      ;;
    *)
      printf 'error: %s takes no arguments but --help.\n' "$name" >&2
      exit 64
      ;;
  esac
  trap finish EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM
  folder=$(mktemp -d "${TMPDIR:-/tmp}/pushledger-example.XXXXXX")
  cd "$folder" || exit
  find_programs
  [ -n "${PUSHLEDGER_DATABASE_URL:-}" ] || start_server
  make_database
}

finish() {
  local status=$? pid
  trap - EXIT
  for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
  for pid in "${pids[@]}"; do wait "$pid" 2>/dev/null || true; done
  if [ -n "$database" ]; then
    psql -qX "$server" -c "drop database if exists $database with (force)" >&2 || status=1
  fi
  if [ -n "$server_pid" ]; then
    kill "$server_pid" 2>/dev/null || true
    wait "$server_pid" 2>/dev/null || true
  fi
  cd /
  [ -z "$folder" ] || rm -rf "$folder"
  exit "$status"
}

# MARK: What it runs on

find_programs() {
  local build program
  for build in release debug; do PATH=$PATH:$here/../../.build/$build; done
  for program in /usr/lib/postgresql/*/bin; do PATH=$PATH:$program; done
  for program in pushledger psql openssl; do
    command -v "$program" >/dev/null || die "There is no $program in PATH; README.md says what" \
      "is needed, and how to build pushledger."
  done
}

server=${PUSHLEDGER_DATABASE_URL:-}
server_pid=

# `up` brings a PostgreSQL of its own; what else it runs has nothing to do here.
start_server() {
  note "Starting a private PostgreSQL. PUSHLEDGER_DATABASE_URL would name another one."
  # PostgreSQL does not run as root: then its account must reach the folder.
  chmod 711 "$folder"
  pushledger up --data "$folder/up" --port 0 >up.log 2>&1 &
  server_pid=$!
  wait_for "the private PostgreSQL" is_said up.log 'The API listens on'
  server=$(sed -n 's/^Its address, for psql and other commands: //p' up.log)
}

# Whether a log of ours holds a line.
is_said() { grep -q "$2" "$1"; }

make_database() {
  local scratch=pushledger_example_$$_$RANDOM
  psql -qX "$server" -c "create database $scratch encoding 'UTF8' template template0" >&2
  database=$scratch
  case $server in
    *://*\?*) PUSHLEDGER_DATABASE_URL="$server&dbname=$database" ;;
    *://*) PUSHLEDGER_DATABASE_URL="$server?dbname=$database" ;;
    *) PUSHLEDGER_DATABASE_URL="$server dbname=$database" ;;
  esac
  export PUSHLEDGER_DATABASE_URL
  (umask 077 && pushledger credentials new-key >master.key 2>new-key.log)
  unset PUSHLEDGER_MASTER_KEY
  export PUSHLEDGER_MASTER_KEY_FILE=$folder/master.key
  pushledger migrate >migrate.log
  pushledger apps create "$app" >apps.log
}

# run NAME COMMAND...: runs a role or a simulator beside, until the end.
run() {
  local log=$1.log
  shift
  "$@" >"$log" 2>&1 </dev/null &
  pids+=($!)
}

# What SQL says, a word a line.
value() { psql -qXAt "$PUSHLEDGER_DATABASE_URL" -c "$1"; }

# Whether an SQL condition holds.
holds() { [ "$(value "select $1")" = t ]; }

# wait_for "WHAT" COMMAND...: looks again and again until the command succeeds.
wait_for() {
  local what=$1 deadline=$((SECONDS + patience)) pid
  shift
  until "$@" 2>/dev/null; do
    for pid in "${pids[@]}" $server_pid; do
      kill -0 "$pid" 2>/dev/null || { cat ./*.log >&2; die "A process has ended; see above."; }
    done
    [ "$SECONDS" -lt "$deadline" ] || die "After $patience s there was no sign of $what."
    sleep 0.05
  done
}

# MARK: What happens

# feed FILE: appends its events. "@20 minutes ago@" in it is the time then.
feed() {
  local file=$here/$1 text word
  text=$(cat "$file")
  while [[ $text =~ @([a-z0-9 ]+)@ ]]; do
    word=${BASH_REMATCH[1]}
    text=${text//"@$word@"/$(date -u -d "$word" +%Y-%m-%dT%H:%M:%S.%3NZ)}
  done
  pushledger import "$app" - >>import.log 2>&1 <<<"$text"
}

# Folds all that was fed, by a projector that goes on.
project() {
  [ -e project.log ] || run project pushledger project
  wait_for "the projection at the head" holds \
    "bool_and(lag_events = 0) from pushledger.projection_status"
}

# play_apns: a simulated APNs and the credential for it; its control port is in $apns.
# shellcheck disable=SC2034
play_apns() {
  openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out AuthKey.p8 2>/dev/null
  openssl pkey -in AuthKey.p8 -pubout -out public.pem
  run apns pushledger simulate apns --port 0 --control-port 0 --certificate apns.pem \
    --key TEAM123456:KEY1234567:public.pem
  wait_for "the simulated APNs" is_said apns.log 'is played on'
  apns=$(port_of apns control)
  pushledger credentials add "$app" apple --secret AuthKey.p8 --topic org.example.chat \
    --set team_id=TEAM123456 --set key_id=KEY1234567 --set host=localhost \
    --set "port=$(port_of apns pushes)" --set trust_root=@apns.pem >>credentials.log
}

# play_fcm MILLISECONDS: the same for FCM, which takes so long for an answer; its control port is
# in $fcm.
play_fcm() {
  local key
  openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out account.pem 2>/dev/null
  key=$(awk '{ printf "%s\\n", $0 }' account.pem)
  cat >account.json <<JSON
{"type": "service_account", "project_id": "chat", "private_key_id": "k", "private_key": "$key",
 "client_email": "push@chat.iam.gserviceaccount.com", "token_uri": "https://oauth2.googleapis.com/token"}
JSON
  run fcm pushledger simulate provider fcm --port 0 --control-port 0 --certificate fcm.pem \
    --latency "$1"
  wait_for "the simulated FCM" is_said fcm.log 'is played on'
  fcm=$(port_of fcm control)
  control "$fcm" POST /accounts "$(cat account.json)"
  pushledger credentials add "$app" google --provider fcm --secret account.json \
    --set ramp_seconds=0 --set "url=https://localhost:$(port_of fcm pushes)" \
    --set trust_root=@fcm.pem >>credentials.log
}

port_of() {
  case $2 in
    pushes) sed -n 's/.*is played on https:[^ ]*:\([0-9]*\),.*/\1/p' "$1.log" ;;
    control) sed -n 's/.*control: http:[^ ]*:\([0-9]*\)\/$/\1/p' "$1.log" ;;
  esac
}

# control PORT METHOD PATH [BODY]: what `curl -X METHOD -d BODY localhost:PORT/PATH` does, where
# there is no curl. The answer's body is in $answer.
control() {
  local body=${4:-} line length=0 status
  exec 3<>"/dev/tcp/127.0.0.1/$1"
  printf '%s %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s' \
    "$2" "$3" "${#body}" "$body" >&3
  read -r -t "$patience" _ status _ <&3
  while read -r -t "$patience" line && [ "$line" != $'\r' ]; do
    [[ ${line,,} =~ ^content-length:\ ([0-9]+) ]] && length=${BASH_REMATCH[1]}
  done <&3
  IFS= read -r -t "$patience" -N "$length" answer <&3
  exec 3>&-
  [ "$status" = 200 ] || die "$2 $3 was answered with $status: $answer"
}

dispatch() { run dispatch pushledger dispatch; }

# MARK: What is asked

# ask 'COMMAND': prints the command and its answer, which `see` looks into.
asked=0
ask() {
  [ $((asked++)) -eq 0 ] || echo
  printf '$ %s\n' "$1"
  answer=$(eval "$1") || { printf '%s\n' "$answer"; die "\`$1\` failed."; }
  printf '%s\n' "$answer"
}

# see 'TEXT'...: each must stand in the last answer, where a space is as good as a line's end.
see() {
  local text words
  words=$(tr -s ' \n' ' ' <<<"$answer")
  for text in "$@"; do
    [[ $words == *"$text"* ]] || die "The answer above should hold: $text"
  done
}

# see_not 'TEXT'...: none of them may.
see_not() {
  local text words
  words=$(tr -s ' \n' ' ' <<<"$answer")
  for text in "$@"; do
    [[ $words != *"$text"* ]] || die "The answer above should not hold: $text"
  done
}
