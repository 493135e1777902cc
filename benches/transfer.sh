#!/usr/bin/env bash
# Lines and bytes a second from an export file to a sandbox that discards, and to one that stores and is compared
# afterwards; and the peak memory of `apply`.
#
#   benches/transfer.sh [LINES]     default 2,000,000; needs /usr/bin/time (Debian package time)
set -eu
cd "$(dirname "$0")/.."
lines=${1:-2000000}
cargo build --release --quiet
tidegate=$PWD/target/release/tidegate
work=$(mktemp -d)
trap 'kill "$server" 2>/dev/null || true; rm -rf "$work"' EXIT
server=

# One line a value, series by series, as influx_inspect writes it.
awk -v lines="$lines" 'BEGIN {
  times = 2000; host = 0; made = 0
  while (made < lines) {
    for (field = 0; field < 10 && made < lines; field++)
      for (at = 0; at < times && made < lines; at++) {
        printf "cpu,cpu=cpu%d,host=web%04d,region=eu-central-1 usage_%d=%.3f %d000000000\n", host % 8, host, field, (at * 7919 + field * 104729 + host) % 100000 / 1000, 1700000000 + at * 10
        made++
      }
    host++
  }
}' > "$work/plain.lp"
gzip -k "$work/plain.lp"

apply() { # NAME FILE VERIFY [--discard]
  mkdir -p "$work/$1"
  "$tidegate" sandbox serve --listen 127.0.0.1:0 --path "$work/$1/store" --as oss_v2 ${4:-} > "$work/$1/url" &
  server=$!
  until grep -q '^token' "$work/$1/url"; do :; done
  cat > "$work/$1/tidegate.yaml" <<YAML
tidegate: 1
name: bench
source: { exports: {} }
target: { url: '$(sed -n 's/^url: //p' "$work/$1/url")', org: sandbox, token: { env: INFLUX_TOKEN } }
databases:
  bench:
    retention_policies:
      autogen: { retention: infinite, transfer: { files: ['$2'], verify: $3 } }
YAML
  INFLUX_TOKEN=sandbox /usr/bin/time -f '%e %M %U' -o "$work/$1/time" \
    "$tidegate" apply -f "$work/$1/tidegate.yaml" --auto-approve --quiet > "$work/$1/out" 2>&1 || cat "$work/$1/out"
  kill "$server"; wait "$server" 2>/dev/null || true
  read -r seconds memory user < "$work/$1/time"
  bytes=$(stat -c %s "$work/plain.lp")
  awk -v n="$1" -v l="$lines" -v s="$seconds" -v b="$bytes" -v m="$memory" -v u="$user" 'BEGIN {
    printf "| %-14s | %6.1f s | %9d lines/s | %6.1f MB/s | %6.1f MiB | %5.1f CPU s |\n", n, s, l / s, b / s / 1e6, m / 1024, u }'
}

echo "| from           | time     | lines           | uncompressed | peak memory | user CPU |"
echo "|---|---|---|---|---|---|"
apply plain "$work/plain.lp" none --discard
apply gz "$work/plain.lp.gz" none --discard
apply stored+counts "$work/plain.lp" counts
