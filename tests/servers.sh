# Sourced by tests/run: starts PostgreSQL and RabbitMQ for the tests where the machine has none that answers. What is started
# here is private, in a temporary folder and on free ports, and ended by its process id when tests/run ends.

servers=$(mktemp -d)
chmod 755 "$servers"
started=()

end_servers() {
  for pid in "${started[@]}"; do kill "$pid" 2>/dev/null || true; done
  for pid in "${started[@]}"; do timeout 10 tail --pid "$pid" -f /dev/null || kill -9 "$pid"; done
  rm -rf "$servers"
}
trap end_servers EXIT

as() { # as USER COMMAND…: servers don't run as root; setpriv stays no process of its own, so $! is the server
  if [ "$(id -u)" = 0 ]; then exec setpriv --reuid "$1" --regid "$1" --init-groups "${@:2}"; else exec "${@:2}"; fi
}

folder_of() { # folder_of USER NAME
  mkdir "$servers/$2"
  if [ "$(id -u)" = 0 ]; then chown "$1" "$servers/$2"; fi
  echo "$servers/$2"
}

free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }

listens() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

wait_for() { # wait_for NAME PID COMMAND…
  for _ in $(seq 240); do
    if "${@:3}" >/dev/null 2>&1; then return; fi
    kill -0 "$2" 2>/dev/null || break
    sleep 0.5
  done
  echo "tests/run: $1 did not start:" >&2
  tail -n 20 "$servers/$1.log" >&2
  exit 1
}

start_postgres() {
  ls /usr/lib/postgresql/*/bin/postgres >/dev/null 2>&1 || install_package postgresql
  local bin data port
  bin=$(dirname "$(ls /usr/lib/postgresql/*/bin/postgres | sort -V | tail -n 1)")
  data=$(folder_of postgres postgres) port=$(free_port)
  (cd "$data" && as postgres "$bin/initdb" -D "$data/data" -U postgres -A trust -E UTF8 --locale=C.UTF-8) >"$servers/postgres.log"
  (cd "$data" && as postgres "$bin/postgres" -D "$data/data" -k "$data" -p "$port" -c listen_addresses=127.0.0.1) \
    >>"$servers/postgres.log" 2>&1 &
  started+=($!)
  wait_for postgres $! "$bin/pg_isready" -q -h 127.0.0.1 -p "$port"
  "$bin/createdb" -h 127.0.0.1 -p "$port" -U postgres test
  export GENDAN_TEST_POSTGRES="postgres://postgres@127.0.0.1:$port/test"
}

start_rabbitmq() {
  [ -x /usr/lib/rabbitmq/bin/rabbitmq-server ] || install_package rabbitmq-server
  local home port
  home=$(folder_of rabbitmq rabbitmq) port=$(free_port)
  # RUNNING_UNDER_SYSTEMD: the script becomes the server instead of starting it, so that the process id is the server's.
  (cd "$home" && as rabbitmq env HOME="$home" RUNNING_UNDER_SYSTEMD=true \
    RABBITMQ_NODENAME="gendan-tests-$$@localhost" RABBITMQ_NODE_IP_ADDRESS=127.0.0.1 RABBITMQ_NODE_PORT="$port" \
    RABBITMQ_DIST_PORT="$(free_port)" RABBITMQ_MNESIA_BASE="$home/mnesia" RABBITMQ_LOG_BASE="$home/log" \
    RABBITMQ_PID_FILE="$home/pid" RABBITMQ_CONF_ENV_FILE=/dev/null RABBITMQ_CONFIG_FILE="$home/none" \
    RABBITMQ_ENABLED_PLUGINS_FILE="$home/plugins" /usr/lib/rabbitmq/bin/rabbitmq-server) >"$servers/rabbitmq.log" 2>&1 &
  started+=($!)
  wait_for rabbitmq $! listens "$port"
  export GENDAN_TEST_RABBITMQ="amqp://guest:guest@127.0.0.1:$port/%2f"
}

postgres_answers() {
  local url=${GENDAN_TEST_POSTGRES:-postgres://postgres@127.0.0.1:5432/test}
  command -v psql >/dev/null && PGCONNECT_TIMEOUT=3 psql -w -X -q -c 'select 1' "$url" >/dev/null 2>&1
}

rabbitmq_answers() { [ -n "${GENDAN_TEST_RABBITMQ:-}" ] || listens 5672; }

if ! postgres_answers; then
  [ -z "${GENDAN_TEST_POSTGRES:-}" ] || { echo "tests/run: nobody answers at GENDAN_TEST_POSTGRES" >&2; exit 1; }
  start_postgres
fi
if ! rabbitmq_answers; then start_rabbitmq; fi
