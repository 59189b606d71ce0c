#!/usr/bin/env bash
# certsrv as tests play it (test/lab/adcs), behind sign-ins that are not ours. Starts after `web`.
#   https://ca1.lab.test/certsrv/ …        Apache, see the peer `web`
#   https://ca1.lab.test:8443/certsrv/     Extended Protection = Require: Kerberos and NTLM bound to the TLS channel
#   https://ca1.lab.test:9443/             a TLS proxy before it, which breaks that binding
# The pages come from whoever listens on 127.0.0.1:8099 (8098 where `_CES_` is in the path, 8097 where `/doctor/` is), told in X-Remote-User who signed in.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
install -m 755 "$here/page.py" "$LAB/web/cgi/page"
KRB5_KTNAME=$LAB/web/http.keytab NETBIOS_COMPUTER_NAME=CA1 NETBIOS_DOMAIN_NAME=LAB \
  /usr/bin/python3 "$here/bound.py" 10.77.0.20:8443 "$LAB/pki/ca1.pem" "$LAB/pki/ca1.key" \
  >"$LAB/log/bound" 2>&1 </dev/null &
/usr/bin/python3 "$here/proxy.py" 10.77.0.20:9443 10.77.0.20:8443 "$LAB/pki/gateway.pem" "$LAB/pki/gateway.key" \
  >"$LAB/log/proxy" 2>&1 </dev/null &
for port in 8443 9443; do
  for try in $(seq 100); do
    ss -Hltn "src 10.77.0.20:$port" | grep -q . && break
    [ "$try" -lt 100 ] || { cat "$LAB/log/bound" "$LAB/log/proxy" >&2; exit 1; }
    sleep 0.1
  done
done
