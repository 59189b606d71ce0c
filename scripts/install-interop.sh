#!/usr/bin/env bash
# Installs the programs that the interop tests run against and what the Samba lab (test/lab) is made
# of, from Debian packages. None of their services is started.
set -euo pipefail
packages=(
  openssl curl
  scep                                   # scepclient, scepserver
  strongswan-pki                         # pki --scep
  libstrongswan-standard-plugins libstrongswan-extra-plugins # the latter holds its HTTP fetcher
  certmonger                             # certmonger, getcert, scep-submit
  python3                                # a reader of the admin page
  nginx libnginx-mod-stream haproxy      # proxies in front of the gateway
  postgresql                             # the tests start clusters of their own
  redis-server                           # the tests start servers of their own
  faketime                               # a clock that jumps below a running gateway
  prometheus                             # promtool
  # The lab: an AD domain, clients, and servers that sign in against it.
  samba samba-ad-provision samba-dsdb-modules samba-vfs-modules winbind ldb-tools python3-samba
  krb5-user libgssapi-krb5-2 python3-gssapi python3-requests python3-requests-ntlm python3-cryptography
  python3-impacket apache2 libapache2-mod-auth-gssapi gss-ntlmssp
  iproute2 util-linux
  softhsm2 opensc p11-kit p11-kit-modules # tokens: one in files, a tool to look into it, one behind a server
)
missing=()
for package in "${packages[@]}"; do
  dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
done
if [ "${#missing[@]}" -eq 0 ]; then
  echo "interop programs: all installed"
  exit 0
fi
as_root=()
[ "$(id -u)" -eq 0 ] || as_root=(sudo)
# Debian asks this program before a package starts its service: 101 is no.
no_services=/usr/sbin/policy-rc.d
if [ ! -e "$no_services" ]; then
  printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" tee "$no_services" >/dev/null
  "${as_root[@]}" chmod 755 "$no_services"
  trap '"${as_root[@]}" rm -f "$no_services"' EXIT
fi
"${as_root[@]}" apt-get update -qq
DEBIAN_FRONTEND=noninteractive "${as_root[@]}" apt-get install -y -qq --no-install-recommends \
  -o DPkg::Lock::Timeout=300 "${missing[@]}" >/dev/null
# That policy holds for the installation only: the next boot would start them, on port 80 and 5432.
if [ -d /run/systemd/system ]; then
  for service in nginx haproxy postgresql redis-server prometheus; do
    case " ${missing[*]} " in
      *" $service "*) "${as_root[@]}" systemctl disable --quiet --now "$service" || true ;;
    esac
  done
fi
echo "interop programs: installed ${missing[*]}"
