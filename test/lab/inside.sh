#!/bin/bash
# inside.sh PEERS COMMAND...   the first process of a lab, in namespaces of its own: makes the network, the
# domain and the peers, runs the command, and takes everything along when it ends.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
peers=$1
shift
began=$SECONDS

mount -t tmpfs -o size=512m,mode=755 lab "$LAB"
mount -t tmpfs -o size=16m,mode=755 lab /run/samba
mkdir -p "$LAB/etc" "$LAB/log"
hostname dc1

# One machine plays all parts: .10 the domain controller, .20 the CA server, .30 the gateway.
ip link set lo up
ip link add lab0 type veth peer name lab1
ip link set lab1 up
ip link set lab0 up
for host in 10 20 30; do ip addr add "10.77.0.$host/24" dev lab0; done
printf '%s\n' '127.0.0.1 localhost' '10.77.0.10 dc1.lab.test dc1' '10.77.0.20 ca1.lab.test ca1' \
  '10.77.0.30 gateway.lab.test gateway' '10.77.0.99 gone.lab.test' >"$LAB/etc/hosts"
printf 'nameserver 10.77.0.10\n' >"$LAB/etc/resolv.conf"
mount --bind "$LAB/etc/hosts" /etc/hosts
mount --bind "$LAB/etc/resolv.conf" "$(readlink -f /etc/resolv.conf)"

"$here/domain/certificates.sh"
"$here/domain/domain.sh"
[ "$peers" = all ] && peers=$(cd "$here/peers" && ls)
for peer in ${peers//,/ }; do
  [ -x "$here/peers/$peer/start.sh" ] || { echo "lab: there is no peer $peer" >&2; exit 1; }
  "$here/environment.sh" "$here/peers/$peer/start.sh"
done
echo "lab: up in $((SECONDS - began)) s" >&2

if [ "$1" = hold ]; then
  touch "$LAB_READY"
  while :; do
    sleep 3600 &
    wait $!
  done
fi
status=0
"$here/environment.sh" "$@" || status=$?
exit "$status"
