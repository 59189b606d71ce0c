/** One X.509 v3 extension, value undecoded. */
export interface Extension {
  readonly oid: string;
  readonly critical: boolean;
  /** Content of extnValue: DER of the extension's own type. */
  readonly value: Buffer;
}

export const extensionOids = {
  subjectKeyIdentifier: '2.5.29.14',
  keyUsage: '2.5.29.15',
  subjectAltName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  crlNumber: '2.5.29.20',
  reasonCode: '2.5.29.21',
  cdp: '2.5.29.31',
  certificatePolicies: '2.5.29.32',
  authorityKeyIdentifier: '2.5.29.35',
  extendedKeyUsage: '2.5.29.37',
  authorityInfoAccess: '1.3.6.1.5.5.7.1.1',
  /** Microsoft: certificate template name (v1), template (v2), application policies, SID. */
  msTemplateName: '1.3.6.1.4.1.311.20.2',
  msTemplate: '1.3.6.1.4.1.311.21.7',
  msApplicationPolicies: '1.3.6.1.4.1.311.21.10',
  msSid: '1.3.6.1.4.1.311.25.2',
} as const;

export const extendedKeyUsages = {
  serverAuth: '1.3.6.1.5.5.7.3.1',
  clientAuth: '1.3.6.1.5.5.7.3.2',
  emailProtection: '1.3.6.1.5.5.7.3.4',
  certificateRequestAgent: '1.3.6.1.4.1.311.20.2.1',
} as const;

/** Bit numbers of KeyUsage (RFC 5280 §4.2.1.3) by name. */
export const keyUsageBits = {
  digitalSignature: 0,
  nonRepudiation: 1,
  keyEncipherment: 2,
  dataEncipherment: 3,
  keyAgreement: 4,
  keyCertSign: 5,
  cRLSign: 6,
  encipherOnly: 7,
  decipherOnly: 8,
} as const;

export type KeyUsage = keyof typeof keyUsageBits;
