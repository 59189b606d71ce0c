#!/usr/bin/env bash
# The AD domain LAB.TEST on 10.77.0.10: KDC, LDAP and LDAPS, DNS, endpoint mapper, samr and lsa, winbindd.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
dc=$LAB/dc

provision() {
  samba-tool domain provision --server-role=dc --dns-backend=SAMBA_INTERNAL --realm=LAB.TEST --domain=LAB \
    --host-name=dc1 --host-ip=10.77.0.10 --adminpass='Lab-Passw0rd!' --targetdir="$dc" \
    --option='interfaces=127.0.0.1/8 10.77.0.10/24' --option='bind interfaces only=yes' \
    --option='netbios name=DC1'
}

configure() {
  mkdir -p "$dc/cache" "$dc/run/ncalrpc"
  cat >"$dc/etc/smb.conf" <<EOF
[global]
 netbios name = DC1
 realm = LAB.TEST
 workgroup = LAB
 server role = active directory domain controller
 server services = rpc, ldap, cldap, kdc, winbindd, dns
 interfaces = 127.0.0.1/8 10.77.0.10/24
 bind interfaces only = yes
 private dir = $dc/private
 state directory = $dc/state
 cache directory = $dc/cache
 lock directory = $dc
 pid directory = $dc/run
 ncalrpc dir = $dc/run/ncalrpc
 binddns dir = $dc/bind-dns
 ntp signd socket directory = $dc/run/ntp_signd
 # The winbind library of other programs looks nowhere else.
 winbindd socket directory = /run/samba/winbindd
 log file = $LAB/log/samba.%m
 dns forwarder =
 ntlm auth = ntlmv2-only
 tls enabled = yes
 tls certfile = $LAB/pki/dc1.pem
 tls keyfile = $LAB/pki/dc1.key
 tls cafile = $LAB/pki/ca.pem
EOF
  cat >"$LAB/krb5.conf" <<EOF
[libdefaults]
 default_realm = LAB.TEST
 dns_lookup_kdc = false
 dns_canonicalize_hostname = false
 rdns = false
[realms]
 LAB.TEST = {
  kdc = 10.77.0.10
 }
 # Its KDC is nobody.
 GONE.TEST = {
  kdc = 10.77.0.99
 }
[domain_realm]
 .lab.test = LAB.TEST
EOF
}

listening() {
  local port
  for port in 88 135 389 636; do
    ss -Hltn "src 10.77.0.10:$port" | grep -q . || return 1
  done
  [ -S /run/samba/winbindd/pipe ]
}

provision >"$LAB/log/provision" 2>&1
configure
/usr/bin/python3 "$here/accounts.py" "$dc/etc/smb.conf" "$LAB" >"$LAB/log/accounts" 2>&1 ||
  { cat "$LAB/log/accounts" >&2; exit 1; }
samba -F --no-process-group -s "$dc/etc/smb.conf" >"$LAB/log/samba" 2>&1 </dev/null &
for _ in $(seq 300); do
  if listening; then exit 0; fi
  sleep 0.1
done
echo 'lab: the domain controller does not come up' >&2
tail -n 20 "$LAB/log/samba" >&2
exit 1
