#!/usr/bin/env bash
# Makes the folder influxdb/ beside this script: the data of a real InfluxDB 1.x server (Debian's influxdb 1.6.7 made
# the committed one). Two databases with what real ones have: every type a server writes, overwritten and deleted
# points, several generations of files, points that are only in the write-ahead log, a continuous query, two users.
# No retention is finite and under 100 years, so nothing in it ages out.
set -euo pipefail
cd "$(dirname "$0")"
work=$(mktemp -d)
port=$((20000 + RANDOM % 20000))
url=http://127.0.0.1:$port
pid=

stop() {
  if [ -n "$pid" ]; then
    kill -TERM "$pid" 2>/dev/null || true
    wait "$pid" 2>/dev/null || true
    pid=
  fi
}
trap 'stop; rm -rf "$work"' EXIT

# start SECONDS: starts the server; points are written from the log to files after so many seconds without a write.
start() {
  INFLUXDB_REPORTING_DISABLED=true INFLUXDB_MONITOR_STORE_ENABLED=false \
    INFLUXDB_META_DIR=$work/meta INFLUXDB_DATA_DIR=$work/data INFLUXDB_DATA_WAL_DIR=$work/wal \
    INFLUXDB_DATA_CACHE_SNAPSHOT_WRITE_COLD_DURATION=$1 \
    INFLUXDB_HTTP_BIND_ADDRESS=127.0.0.1:$port INFLUXDB_BIND_ADDRESS=127.0.0.1:$((port + 1)) \
    influxd run -config /dev/null >"$work/log" 2>&1 &
  pid=$!
  for _ in $(seq 100); do
    curl -fs "$url/ping" && return
    sleep 0.1
  done
  cat "$work/log" >&2
  exit 1
}

# query STATEMENT: a server answers 200 also where it does nothing, with the reason in the body.
query() {
  local answer
  answer=$(curl -fsS "$url/query?db=telegraf" --data-urlencode "q=$1")
  case $answer in *error*)
    echo "$1: $answer" >&2
    exit 1
    ;;
  esac
}
write() { curl -fsS "$url/write?db=$1&rp=$2&precision=s" --data-binary @-; }

# files: waits until nothing is left in the log but empty segments.
files() {
  for _ in $(seq 300); do
    [ "$(find "$work/wal" -name '*.wal' -size +0 | wc -l)" = 0 ] && return
    sleep 0.1
  done
  echo "the server does not write its log to files" >&2
  exit 1
}

# cpu FROM TO STEP FACTOR: points of four hosts.
cpu() {
  awk -v from="$1" -v to="$2" -v step="$3" -v f="$4" 'BEGIN {
    for (t = from; t < to; t += step)
      for (h = 1; h <= 4; h++)
        printf "cpu,host=server%02d,region=eu\\ west usage_idle=%.2f,usage_user=%.3f,load=%di,throttled=%s %d\n",
          h, 100 - (t / step * 7 + h * 13) % 97 * f, (t / step * 3 + h) % 41 * f, (t / step + h) % 16,
          (t / step + h) % 5 ? "false" : "true", t
  }'
}

start=1788220800 # 2026-09-01T00:00:00Z
day=86400

start 1s
query "CREATE DATABASE telegraf"
query "CREATE RETENTION POLICY daily ON telegraf DURATION INF REPLICATION 1 SHARD DURATION 30d"
query "CREATE DATABASE factory"
query "CREATE RETENTION POLICY century ON factory DURATION 5300w REPLICATION 1 SHARD DURATION 52w DEFAULT"
query 'CREATE CONTINUOUS QUERY cq_daily ON telegraf BEGIN SELECT mean(usage_idle) AS usage_idle INTO telegraf."daily".cpu FROM telegraf.autogen.cpu GROUP BY time(1d), * END'
query "CREATE USER admin WITH PASSWORD 'not a secret' WITH ALL PRIVILEGES"
query "CREATE USER reader WITH PASSWORD 'not a secret'"
query 'GRANT READ ON telegraf TO reader'

cpu $start $((start + 14 * day)) 3600 1 | write telegraf autogen
awk -v s=$start -v d=$day 'BEGIN { for (n = 0; n < 400; n++)
  printf "cpu,host=server01 usage_idle=%.3f %d\n", 50 + n % 37 / 3, s - (400 - n) * d }' | write telegraf daily
awk -v s=$start 'BEGIN { for (n = 0; n < 4000; n++)
  printf "machine,line=A,id=%d temperature=%.1f,parts=%di,state=\"%s\" %d\n",
    n % 2 + 1, 20 + n % 300 / 10, n * 3, n % 7 ? "running" : "stopped, \\\"waiting\\\"", s + n * 15 }' | write factory century
files
# The second day again: these values win.
cpu $((start + day)) $((start + 2 * day)) 3600 0.5 | write telegraf autogen
printf '%s\n' "odd\\ name\\,here,tag\\ key=a\\=b,ünï=ç field\\ one=1i,two=\"a \\\"quoted\\\" text\" $start" |
  write factory autogen
printf 'events text="first line\nsecond line" %s\n' $start | write factory autogen
printf '%s\n' "limits huge=1.7976931348623157e308,tiny=5e-324,minus=-0.0,most=9223372036854775807i -1" |
  write factory autogen
files
query "DELETE FROM cpu WHERE host = 'server04' AND time < '2026-09-02T00:00:00Z'"
stop

# From here on the log keeps what is written.
start 24h
cpu $((start + 13 * day)) $((start + 14 * day)) 3600 2 | write telegraf autogen
query "DELETE FROM cpu WHERE host = 'server03' AND time > '2026-09-14T20:00:00Z'"
stop

rm -rf influxdb
mkdir influxdb
cp -r "$work/data" "$work/wal" "$work/meta" influxdb/
# Caches that a server makes anew.
rm -rf influxdb/data/_internal influxdb/wal/_internal
find influxdb -name _series -prune -exec rm -rf {} +
find influxdb -name fields.idx -delete
chmod -R u=rwX,go=rX influxdb
du -sh influxdb
