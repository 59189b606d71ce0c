#!/usr/bin/env bash
# Apache on https://ca1.lab.test, signed in to as to IIS; the domain controller judges.
#   /certsrv/        Negotiate (Kerberos) and NTLM
#   /certsrv-krb/    Negotiate (Kerberos) only
#   /certsrv-basic/  Basic
# and on port 7443, where a certificate of the lab's CA is demanded:
#   /certsrv-certificate/  its common name is the account
# Every page comes from the CGI program $LAB/web/cgi/page; a peer that starts later may put another there.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
web=$LAB/web
modules=/usr/lib/apache2/modules
mkdir -p "$web/logs" "$web/cgi" "$web/htdocs"
install -m 755 "$here/page.sh" "$web/cgi/page"
install -o www-data -m 600 "$LAB/ca1.keytab" "$web/http.keytab"
# Apache asks winbindd to judge NTLM, which answers members of the pipe's group.
chgrp www-data "$LAB/dc/state/winbindd_privileged"

sign_in() {
  printf 'AuthType GSSAPI\nAuthName ca1\nGssapiPublishMech On\nRequire valid-user\n'
}

cat >"$web/httpd.conf" <<EOF
ServerRoot $web
PidFile $web/httpd.pid
ServerName ca1.lab.test
Mutex file:$web
LoadModule mpm_prefork_module $modules/mod_mpm_prefork.so
LoadModule authn_core_module $modules/mod_authn_core.so
LoadModule authz_core_module $modules/mod_authz_core.so
LoadModule authz_user_module $modules/mod_authz_user.so
LoadModule auth_gssapi_module $modules/mod_auth_gssapi.so
LoadModule alias_module $modules/mod_alias.so
LoadModule cgi_module $modules/mod_cgi.so
LoadModule ssl_module $modules/mod_ssl.so
User www-data
Group www-data
StartServers 2
Listen 10.77.0.20:443
ErrorLog logs/error.log
DocumentRoot $web/htdocs
SSLEngine on
SSLCertificateFile $LAB/pki/ca1.pem
SSLCertificateKeyFile $LAB/pki/ca1.key
ScriptAliasMatch ^/certsrv(-krb|-basic)?/.*$ $web/cgi/page
<Directory $web>
  Require all granted
</Directory>
<LocationMatch ^/certsrv/>
  # Without GssapiCredStore: gss-ntlmssp refuses the acceptor's credential where there is one.
  GssapiAllowedMech krb5
  GssapiAllowedMech ntlmssp
  GssapiConnectionBound On
  $(sign_in)
</LocationMatch>
<LocationMatch ^/certsrv-krb/>
  GssapiAllowedMech krb5
  $(sign_in)
</LocationMatch>
<LocationMatch ^/certsrv-basic/>
  GssapiAllowedMech krb5
  GssapiBasicAuth On
  GssapiBasicAuthMech krb5
  $(sign_in)
</LocationMatch>
Listen 10.77.0.20:7443
<VirtualHost 10.77.0.20:7443>
  SSLEngine on
  SSLCertificateFile $LAB/pki/ca1.pem
  SSLCertificateKeyFile $LAB/pki/ca1.key
  SSLCACertificateFile $LAB/pki/ca.pem
  SSLVerifyClient require
  SSLUserName SSL_CLIENT_S_DN_CN
  ScriptAliasMatch ^/certsrv-certificate/.*$ $web/cgi/page
</VirtualHost>
EOF

KRB5_KTNAME=$web/http.keytab NETBIOS_COMPUTER_NAME=CA1 NETBIOS_DOMAIN_NAME=LAB \
  unshare --uts sh -c "hostname ca1; exec apache2 -f '$web/httpd.conf' -D FOREGROUND" \
  >"$LAB/log/web" 2>&1 </dev/null &
for _ in $(seq 100); do
  ss -Hltn 'src 10.77.0.20:443' | grep -q . && exit 0
  sleep 0.1
done
echo 'lab: the web server does not come up' >&2
cat "$LAB/log/web" "$web/logs/error.log" >&2 || true
exit 1
