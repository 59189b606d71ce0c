/** The ways proxies forward the certificate of a client, one of which a listener believes. */
import {
  decodeBase64,
  decodeEscapedPem,
  decodePercent,
  type DecodedCertificates,
} from './encoded-certificates.js';
import { decodeClientCert } from './rfc9440.js';
import { decodeXfcc } from './xfcc.js';

export type CertificateFormName =
  | 'client-cert'
  | 'base64-der'
  | 'escaped-pem'
  | 'envoy'
  | 'alb-leaf'
  | 'alb-passthrough'
  | 'traefik';

export interface CertificateForm {
  /** In lower case, that of the leaf first. */
  readonly headers: readonly [string, ...string[]];
  /** @param value of one of `headers`, undefined when it did not come */
  decode(value: (header: string) => string | undefined): DecodedCertificates;
}

/** @param header instead of the usual name, in lower case; for `base64-der` and `escaped-pem` */
export function certificateForm(name: CertificateFormName, header?: string): CertificateForm {
  switch (name) {
    case 'client-cert':
      return {
        headers: ['client-cert', 'client-cert-chain'],
        decode: (value) => decodeClientCert(value('client-cert'), value('client-cert-chain')),
      };
    case 'base64-der':
      return ofOne(header ?? 'x-arr-clientcert', decodeDer);
    case 'escaped-pem':
      return ofOne(header ?? 'x-ssl-client-cert', decodeLeaf);
    case 'envoy':
      return ofOne('x-forwarded-client-cert', decodeXfcc);
    case 'alb-leaf':
      return ofOne('x-amzn-mtls-clientcert-leaf', decodeLeaf);
    case 'alb-passthrough':
      return ofOne('x-amzn-mtls-clientcert', decodeEscapedPem);
    case 'traefik':
      return ofOne('x-forwarded-tls-client-cert', decodeTraefik);
  }
}

/** Names by which a certificate could be told: any of them beside the configured one is a forgery or a slip. */
export const certificateHeaders: readonly string[] = [
  'client-cert',
  'client-cert-chain',
  'x-arr-clientcert',
  'x-client-cert',
  'x-client-certificate',
  'x-ssl-cert',
  'x-ssl-client-cert',
  'x-ssl-client-certificate',
  'ssl-client-cert',
  'x-forwarded-client-cert',
  'x-forwarded-tls-client-cert',
  'x-amzn-mtls-clientcert',
  'x-amzn-mtls-clientcert-leaf',
];

/** HAProxy and others send the header empty when there was no certificate. */
function ofOne(header: string, decode: (value: string) => DecodedCertificates): CertificateForm {
  return {
    headers: [header],
    decode: (value) => {
      const text = value(header) ?? '';
      return text === '' ? { kind: 'none' } : decode(text);
    },
  };
}

function decodeDer(value: string): DecodedCertificates {
  const der = decodeBase64(value);
  return der ? { kind: 'certificates', ders: [der] } : { kind: 'broken', reason: 'is no base64' };
}

/** nginx and ALB in verify mode forward the leaf alone. */
function decodeLeaf(value: string): DecodedCertificates {
  const decoded = decodeEscapedPem(value);
  if (decoded.kind !== 'certificates' || decoded.ders.length === 1) return decoded;
  return { kind: 'broken', reason: 'holds more than the certificate of the client' };
}

/** PEM bodies without armour and line ends, the leaf first, with commas between; escaped before v3. */
function decodeTraefik(value: string): DecodedCertificates {
  const ders: Buffer[] = [];
  for (const body of (decodePercent(value) ?? '').split(',')) {
    const der = decodeBase64(body);
    if (der === undefined) return { kind: 'broken', reason: 'is no base64 between commas' };
    ders.push(der);
  }
  return { kind: 'certificates', ders };
}
