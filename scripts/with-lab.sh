#!/usr/bin/env bash
# with-lab.sh [--peers name,name] COMMAND...   runs a command inside the Samba lab (test/lab/README.md).
#
# A lab that `test/lab/lab.sh up` left running is joined; otherwise one is made for this command alone. It
# lives in namespaces of its own: when the command ends, or anything of this is killed, the kernel ends
# every process of the lab and forgets its network, its mounts and its files.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)

peers=''
if [ "${1:-}" = '--peers' ]; then
  peers=${2:?--peers takes a list of names}
  shift 2
fi
[ "$#" -gt 0 ] || { sed -n '2s/^# //p' "$0" >&2; exit 2; }

exec "$root/test/lab/lab.sh" run "$peers" "$@"
