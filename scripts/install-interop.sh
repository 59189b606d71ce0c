#!/usr/bin/env bash
# Installs the SCEP programs that the interop tests run against, from Debian packages.
set -euo pipefail
packages=(
  openssl curl
  scep                                   # scepclient, scepserver
  strongswan-pki                         # pki --scep
  libstrongswan-standard-plugins libstrongswan-extra-plugins # the latter holds its HTTP fetcher
  certmonger                             # certmonger, getcert, scep-submit
  python3                                # a reader of the admin page
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
"${as_root[@]}" apt-get update -qq
DEBIAN_FRONTEND=noninteractive "${as_root[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
echo "interop programs: installed ${missing[*]}"
