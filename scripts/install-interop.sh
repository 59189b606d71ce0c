#!/usr/bin/env bash
# Installs the programs that the interop tests run against, from Debian packages.
set -euo pipefail
packages=(
  openssl curl
  scep                                   # scepclient, scepserver
  strongswan-pki                         # pki --scep
  libstrongswan-standard-plugins libstrongswan-extra-plugins # the latter holds its HTTP fetcher
  certmonger                             # certmonger, getcert, scep-submit
  python3                                # a reader of the admin page
  nginx libnginx-mod-stream haproxy      # proxies in front of the gateway
)
# The tests start their own; a system service would take port 80.
services=(nginx haproxy)

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
"${as_root[@]}" apt-get update -qq

# Debian starts what it installs, unless a policy says no (invoke-rc.d(8)). A policy that is there stays.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" tee "$policy" >/dev/null
  "${as_root[@]}" chmod 755 "$policy"
  trap '"${as_root[@]}" rm -f "$policy"' EXIT
fi
DEBIAN_FRONTEND=noninteractive "${as_root[@]}" apt-get install -y -qq --no-install-recommends \
  -o DPkg::Lock::Timeout=300 "${missing[@]}" >/dev/null
if [ -d /run/systemd/system ]; then
  for service in "${services[@]}"; do
    case " ${missing[*]} " in
      *" $service"*) "${as_root[@]}" systemctl disable --quiet --now "$service" || true ;;
    esac
  done
fi
echo "interop programs: installed ${missing[*]}"
