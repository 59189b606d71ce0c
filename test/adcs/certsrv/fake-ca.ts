import { randomBytes } from 'node:crypto';
import { parseBer } from '../../../src/asn1/index.js';
import {
  authorityKeyIdentifier,
  basicConstraints,
  buildCertificate,
  buildCrl,
  extensionOids,
  keyUsage,
  parseCertificationRequest,
  subjectKeyIdentifier,
  type Certificate,
} from '../../../src/x509/index.js';
import { selfSigned } from '../../support/certificates.js';
import { testKey, type TestKeyName } from '../../support/keys.js';

/** What a certificate template makes of a request. */
export type TemplateRule =
  | { readonly does: 'issue' }
  | { readonly does: 'wait' }
  | { readonly does: 'deny'; readonly hresult: string; readonly text: string };

export interface FakeRequest {
  readonly id: number;
  readonly user: string;
  readonly template: string;
  readonly attributes: ReadonlyMap<string, string>;
  readonly csr: Buffer;
  state:
    | { readonly kind: 'pending' }
    | { readonly kind: 'issued'; readonly certificate: Certificate }
    | { readonly kind: 'denied'; readonly hresult: string; readonly text: string };
}

/** The CA service behind certsrv: a request database with dispositions, as far as web pages show it. */
export class FakeCa {
  readonly requests: FakeRequest[] = [];
  readonly templates = new Map<string, TemplateRule>([
    ['Phones', { does: 'issue' }],
    ['Manual', { does: 'wait' }],
    [
      'LongKeys',
      {
        does: 'deny',
        hresult: '0x80094811',
        text: 'The public key does not meet the minimum size required by the specified certificate template.',
      },
    ],
  ]);
  /** An HRESULT instead of any answer: the service is down. */
  outage: string | undefined;
  /** Signs instead of the key of the CA. */
  signer: TestKeyName = 'ca';
  /** Is certified instead of the key of the CSR. */
  wrongKey: TestKeyName | undefined;

  private constructor(readonly certificate: Certificate) {}

  static async create(): Promise<FakeCa> {
    return new FakeCa(
      await selfSigned(testKey('ca'), {
        subject: 'DC=test,DC=lab,CN=LAB-CA1-CA',
        extensions: [
          basicConstraints({ ca: true, pathLength: undefined }),
          keyUsage(['keyCertSign', 'cRLSign', 'digitalSignature']),
          subjectKeyIdentifier(testKey('ca').publicKey),
        ],
      }),
    );
  }

  async submit(
    csr: Buffer,
    attributes: ReadonlyMap<string, string>,
    user: string,
  ): Promise<FakeRequest> {
    const template = attributes.get('CertificateTemplate') ?? '';
    const request: FakeRequest = {
      id: 80 + this.requests.length + 1,
      user,
      template,
      attributes,
      csr,
      state: { kind: 'pending' },
    };
    this.requests.push(request);
    const rule = this.templates.get(template) ?? unsupported(template);
    if (rule.does === 'issue') await this.issue(request.id);
    if (rule.does === 'deny')
      request.state = { kind: 'denied', hresult: rule.hresult, text: rule.text };
    return request;
  }

  find(id: number): FakeRequest | undefined {
    return this.requests.find((request) => request.id === id);
  }

  async issue(id: number): Promise<void> {
    const request = this.#demand(id);
    const { subject, publicKey, extensions } = parseCertificationRequest(request.csr);
    const certificate = await buildCertificate(
      {
        serial: Buffer.concat([Buffer.from([0x61]), randomBytes(9)]),
        issuer: this.certificate.subject.der,
        subject: subject.der,
        notBefore: new Date(Date.now() - 600_000),
        notAfter: new Date(Date.now() + 365 * 86_400_000),
        spki: this.wrongKey ? testKey(this.wrongKey).publicKey.spki : publicKey.spki,
        extensions: [
          ...extensions.filter(({ oid }) => oid !== extensionOids.subjectKeyIdentifier),
          subjectKeyIdentifier(publicKey),
          authorityKeyIdentifier(caKeyIdentifier),
        ],
      },
      { key: testKey(this.signer), digest: 'sha256' },
    );
    request.state = { kind: 'issued', certificate };
  }

  deny(id: number): void {
    this.#demand(id).state = {
      kind: 'denied',
      hresult: '0x80094014 (-2146877420 CERTSRV_E_ADMIN_DENIED_REQUEST)',
      text: 'Denied by LAB\\lead',
    };
  }

  crl(): Promise<Buffer> {
    return buildCrl(
      {
        issuer: this.certificate.subject.der,
        thisUpdate: new Date(Date.now() - 60_000),
        nextUpdate: new Date(Date.now() + 86_400_000),
        number: 1,
        authorityKeyIdentifier: caKeyIdentifier,
        revoked: [],
      },
      { key: testKey(this.signer), digest: 'sha256' },
    );
  }

  #demand(id: number): FakeRequest {
    const request = this.find(id);
    if (!request) throw new Error(`no request ${id}`);
    return request;
  }
}

const caKeyIdentifier = parseBer(subjectKeyIdentifier(testKey('ca').publicKey).value).octets();

function unsupported(template: string): TemplateRule {
  return {
    does: 'deny',
    hresult: '0x80094800',
    text: `The request was for a certificate template that is not supported by the Active Directory Certificate Services policy: ${template}.`,
  };
}
