#!/usr/bin/env bash
# The lab's CA and the TLS certificates of its hosts, into $LAB/pki.
set -euo pipefail
mkdir -p "$LAB/pki"
cd "$LAB/pki"
exec 2>"$LAB/log/certificates.log"

openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -days 30 \
  -subj /DC=test/DC=lab/CN=LAB-CA1-CA -addext basicConstraints=critical,CA:TRUE \
  -addext keyUsage=critical,keyCertSign,cRLSign,digitalSignature
for host in dc1 ca1 gateway; do
  openssl req -newkey rsa:2048 -nodes -keyout "$host.key" -out "$host.csr" -subj "/CN=$host.lab.test"
  openssl x509 -req -in "$host.csr" -CA ca.pem -CAkey ca.key -CAcreateserial -days 20 -out "$host.pem" \
    -extfile <(printf 'subjectAltName=DNS:%s.lab.test\nextendedKeyUsage=serverAuth\nbasicConstraints=CA:FALSE\n' "$host")
done
# A CA nobody in the lab uses: what a wrong `ca` file looks like.
openssl req -x509 -newkey rsa:2048 -nodes -keyout other-ca.key -out other-ca.pem -days 30 -subj /CN=Another-CA
# Accounts that sign in to a web server by certificate: one it trusts, and one of that other CA.
for issuer in ca other-ca; do
  account=svc-scep
  [ "$issuer" = ca ] || account=stranger
  openssl req -newkey rsa:2048 -nodes -keyout "$account.key" -out "$account.csr" -subj "/CN=$account"
  openssl x509 -req -in "$account.csr" -CA "$issuer.pem" -CAkey "$issuer.key" -CAcreateserial -days 20 \
    -out "$account.pem" -extfile <(printf 'extendedKeyUsage=clientAuth\nbasicConstraints=CA:FALSE\n')
done
chmod 600 ./*.key
