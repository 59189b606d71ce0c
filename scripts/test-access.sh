#!/usr/bin/env bash
# test-access.sh   everything about who may call: in the Samba lab, because some of it is judged by a domain.
set -euo pipefail
cd "$(dirname "$0")/.."

paths=(
  # The parts: addresses, lists, certificates, sign-ins, and what they are made of.
  test/access/ test/address/ test/ntlm/ test/kerberos/ test/directory/
  # At the listener: order of the checks, forged and broken requests, 10,000 wrong passwords.
  test/http/access-guard test/http/route-group test/http/sign-in test/http/wrong-passwords
  test/http/ntlm.test test/http/proxy- test/http/tls-listener test/http/rate-limits
  test/http/monitoring-routes test/http/jamf-webhook
  # Whole gateways: the examples with their cases, certificates, floods, challenge doors, an NDES behind.
  test/gateway/access test/gateway/client-certificates test/gateway/trust-lists test/gateway/monitoring
  test/gateway/external-validation test/gateway/upstream test/cli/access
  # Programs of others: nginx, HAProxy, curl, httpntlm, scepserver.
  test/interop/proxies test/interop/ntlm test/interop/upstream
  # The domain: Kerberos, NTLM, LDAPS.
  test/lab/domain test/lab/kerberos test/lab/ntlm test/lab/access
)
exec scripts/with-lab.sh --peers web node scripts/test.js "${paths[@]}"
