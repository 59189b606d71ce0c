#!/usr/bin/env bash
# environment.sh COMMAND...   what tests and people inside the lab need to know.
export LAB=/run/scep-gateway-lab
export KRB5_CONFIG=$LAB/krb5.conf
export KRB5CCNAME=FILE:$LAB/cc
# Of the outer world: the lab has a CA of its own and no way out.
unset CURL_CA_BUNDLE SSL_CERT_FILE SSL_CERT_DIR REQUESTS_CA_BUNDLE NODE_EXTRA_CA_CERTS
unset http_proxy https_proxy HTTP_PROXY HTTPS_PROXY all_proxy ALL_PROXY
exec "$@"
