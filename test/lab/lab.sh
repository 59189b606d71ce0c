#!/usr/bin/env bash
# lab.sh up [peers] | down | status | run PEERS COMMAND...   the Samba lab, see README.md. Root only.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
notes=$root/.lab

# The same in every lab: the file system there belongs to it alone.
export LAB=/run/scep-gateway-lab

say() { printf 'lab: %s\n' "$*" >&2; }

prepare() {
  if [ "$(id -u)" -ne 0 ]; then
    say 'network namespaces need root'
    exit 77
  fi
  local program missing=()
  for program in samba samba-tool kinit unshare nsenter ip openssl /usr/bin/python3; do
    command -v "$program" >/dev/null || missing+=("$program")
  done
  if [ "${#missing[@]}" -gt 0 ]; then
    say "not installed: ${missing[*]} (scripts/install-interop.sh installs them)"
    exit 77
  fi
  # Mount points; what is mounted there is seen inside the lab only.
  mkdir -p "$LAB" /run/samba
}

# Followed by PEERS COMMAND...: the lab, in new namespaces that end with the command.
inside=(unshare --mount --net --uts --pid --fork --kill-child --mount-proc "$here/inside.sh")

# Process id of the running lab's first process; nothing when there is none.
running() {
  local pid
  [ -f "$notes/pid" ] || return 0
  pid=$(cat "$notes/pid")
  if [ "$(cat "/proc/$pid/comm" 2>/dev/null)" = inside.sh ]; then echo "$pid"; fi
}

up() {
  local holder pid
  if [ -n "$(running)" ]; then
    say 'is up already'
    return
  fi
  mkdir -p "$notes"
  rm -f "$notes/pid"
  export LAB_READY=$notes/ready
  rm -f "$LAB_READY"
  setsid "${inside[@]}" "${1:-}" hold >"$notes/up.log" 2>&1 </dev/null &
  holder=$!
  until [ -e "$LAB_READY" ]; do
    if ! kill -0 "$holder" 2>/dev/null; then
      cat "$notes/up.log" >&2
      exit 1
    fi
    sleep 0.2
  done
  pid=$(pgrep -P "$holder" -x inside.sh)
  echo "$pid" >"$notes/pid"
  say "is up; scripts/with-lab.sh joins it, $here/lab.sh down ends it"
}

down() {
  local pid
  pid=$(running)
  if [ -n "$pid" ]; then
    kill -KILL "$pid"
    while [ -n "$(running)" ]; do sleep 0.1; done
  fi
  rm -f "$notes/pid" "$notes/ready"
}

run() {
  local peers=$1 pid lab
  shift
  pid=$(running)
  if [ -n "$pid" ]; then
    exec nsenter --target "$pid" --mount --net --uts --pid --wd="$PWD" "$here/environment.sh" "$@"
  fi
  # In the background, because unshare is deaf to signals while it waits; dead, it takes the lab along.
  setpriv --pdeathsig KILL "${inside[@]}" "$peers" "$@" <&0 &
  lab=$!
  trap 'kill -KILL "$lab"' INT TERM HUP
  local status=0
  wait "$lab" || status=$?
  exit "$status"
}

case ${1:-} in
  up) prepare && up "${2:-}" ;;
  down) down ;;
  status) [ -n "$(running)" ] && say 'is up' || { say 'is down'; exit 1; } ;;
  run) prepare && shift && run "$@" ;;
  *) sed -n '2s/^# //p' "$0" >&2; exit 2 ;;
esac
