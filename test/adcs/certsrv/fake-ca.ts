import { randomBytes } from 'node:crypto';
import { parseBer } from '../../../src/asn1/index.js';
import {
  authorityKeyIdentifier,
  basicConstraints,
  buildCertificate,
  buildCrl,
  extendedKeyUsage,
  extendedKeyUsages,
  extensionOids,
  keyUsage,
  parseCertificationRequest,
  subjectKeyIdentifier,
  type Certificate,
  type Extension,
} from '../../../src/x509/index.js';
import { issuedBy, selfSigned, type CertificateOptions } from '../../support/certificates.js';
import { testKey, type TestKeyName } from '../../support/keys.js';
import { BadRequest, faultOfAgents, receive, type ReceivedRequest } from './co-signed.js';

/** What a certificate template makes of a request. */
export type TemplateRule =
  | {
      readonly does: 'issue' | 'wait';
      /** Signatures of enrollment agents (`msPKI-RA-Signature`). */
      readonly agents?: number;
    }
  | { readonly does: 'deny'; readonly hresult: string; readonly text: string };

export interface FakeRequest {
  readonly id: number;
  readonly user: string;
  readonly template: string;
  readonly attributes: ReadonlyMap<string, string>;
  /** As it came. */
  readonly message: Buffer;
  /** PKCS#10, taken out of it. */
  readonly csr: Buffer;
  /** Undefined for what is none of them. */
  readonly format: ReceivedRequest['format'] | undefined;
  /** Who signed besides the requester. */
  readonly agents: readonly Certificate[];
  /** By the agents. */
  readonly added: readonly Extension[];
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

  /** @param message PKCS#10, CMS or CMC, told apart by what it is (CR_IN_FORMATANY) */
  async submit(
    message: Buffer,
    attributes: ReadonlyMap<string, string>,
    user: string,
  ): Promise<FakeRequest> {
    const template = attributes.get('CertificateTemplate') ?? '';
    const received = this.#receive(message);
    const request: FakeRequest = {
      id: 80 + this.requests.length + 1,
      user,
      template,
      attributes,
      message,
      ...received,
      state: { kind: 'pending' },
    };
    this.requests.push(request);
    const rule = this.templates.get(template) ?? unsupported(template);
    const demanded = rule.does === 'deny' ? 0 : (rule.agents ?? 0);
    const fault = received.fault ?? faultOfAgents(received, demanded, this.certificate);
    if (rule.does === 'deny') {
      request.state = { kind: 'denied', hresult: rule.hresult, text: rule.text };
    } else if (fault) {
      request.state = { kind: 'denied', ...fault };
    } else if (rule.does === 'issue') {
      await this.issue(request.id);
    }
    return request;
  }

  /** An enrollment agent that this CA certified. */
  agent(key: TestKeyName, options: CertificateOptions = {}): Promise<Certificate> {
    return issuedBy({ certificate: this.certificate, key: testKey('ca') }, testKey(key).publicKey, {
      subject: 'CN=Enrollment Agent',
      extensions: [extendedKeyUsage([extendedKeyUsages.certificateRequestAgent])],
      ...options,
    });
  }

  #receive(message: Buffer): Received {
    try {
      return receive(message);
    } catch (error) {
      if (!(error instanceof BadRequest)) throw error;
      const fault = { hresult: error.hresult, text: error.message };
      return { format: undefined, csr: message, agents: [], added: [], fault };
    }
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
          ...request.added,
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

type Received = Pick<FakeRequest, 'csr' | 'format' | 'agents' | 'added'> & {
  readonly fault?: Fault;
};
type Fault = { readonly hresult: string; readonly text: string };

function unsupported(template: string): TemplateRule {
  return {
    does: 'deny',
    hresult: '0x80094800',
    text: `The request was for a certificate template that is not supported by the Active Directory Certificate Services policy: ${template}.`,
  };
}
