/** Namespaces and URIs of MS-WSTEP §2.2.1 and of what it stands on. */
export const namespaces = {
  soap: 'http://www.w3.org/2003/05/soap-envelope',
  addressing: 'http://www.w3.org/2005/08/addressing',
  trust: 'http://docs.oasis-open.org/ws-sx/ws-trust/200512',
  security: 'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd',
  utility: 'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd',
  enrollment: 'http://schemas.microsoft.com/windows/pki/2009/01/enrollment',
  authorization: 'http://schemas.xmlsoap.org/ws/2006/12/authorization',
  instance: 'http://www.w3.org/2001/XMLSchema-instance',
  /** Faults of WCF itself. */
  dispatcher: 'http://schemas.microsoft.com/net/2005/12/windowscommunicationfoundation/dispatcher',
} as const;

export const uris = {
  action: `${namespaces.enrollment}/RST/wstep`,
  anonymous: `${namespaces.addressing}/anonymous`,
  issue: `${namespaces.trust}/Issue`,
  queryTokenStatus: `${namespaces.enrollment}/QueryTokenStatus`,
  /** MS-WSTEP §3.1.4.1.2.8; also what a certificate is in an answer. */
  x509v3: 'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-x509-token-profile-1.0#X509v3',
  pkcs10: `${namespaces.enrollment}#PKCS10`,
  pkcs7: `${namespaces.security}#PKCS7`,
  /** In these letters: CES refuses others (MS-WSTEP §4.1.1.1). */
  base64: `${namespaces.security}#base64binary`,
  passwordText:
    'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0#PasswordText',
} as const;
