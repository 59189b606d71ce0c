#!/usr/bin/env bash
# The CA service of ca1 over RPC (MS-ICPR): endpoint mapper on port 135, ICertPassage on 49200. The domain
# controller judges who signs in. Templates: Phones (issues), Manual (waits for a word in $LAB/icpr/decide),
# LongKeys (the policy module denies), Slow (issues after three seconds); an HRESULT in $LAB/icpr/outage.<account>
# is the answer to everything that this account asks; each request is a line in $LAB/icpr/requests.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
home=$LAB/icpr
/usr/bin/python3 -c 'import Cryptodome, gssapi, impacket' || {
  echo 'lab: the CA service needs python3-impacket and python3-gssapi; scripts/install-interop.sh installs them' >&2
  exit 1
}
mkdir -p "$home/decide" "$home/private"
: >"$home/requests"

# ntlm_auth answers for CA1, and asks winbindd.
cat >"$home/smb.conf" <<EOF
[global]
netbios name = CA1
workgroup = LAB
realm = LAB.TEST
security = domain
private dir = $home/private
lock directory = $home
state directory = $home
cache directory = $home
EOF

KRB5_KTNAME=$LAB/ca1.keytab /usr/bin/python3 "$here/server.py" 10.77.0.20 49200 "$home" "$LAB/pki" \
  >"$LAB/log/icpr" 2>&1 </dev/null &
for _ in $(seq 100); do
  [ "$(ss -Hltn 'src 10.77.0.20:135 or src 10.77.0.20:49200' | wc -l)" = 2 ] && exit 0
  sleep 0.1
done
echo 'lab: the CA service does not come up' >&2
cat "$LAB/log/icpr" >&2 || true
exit 1
