import { parseCrl, toPem, type Certificate } from '../../x509/index.js';
import type { WebClient, WebOutcome } from '../../web-client/index.js';
import type { CaAnswer } from '../ca-answer.js';
import type { CaInterface, CaRequest } from '../ca-interface.js';
import { readableOr } from '../readable.js';
import type { Unavailable } from '../unavailable.js';
import { notAnswered } from '../web-outage.js';
import { derOf, readCertificates } from './certificate-body.js';
import { notAPage } from './outage.js';
import { failedPage } from './failed-page.js';
import { Page } from './page.js';
import { readNewestRenewal } from './renewals-page.js';
import { readRetrieval, type Retrieved } from './retrieval.js';
import { readSubmissionPage } from './submission-page.js';

/** The pages of AD CS Web Enrollment, asked through a client that signs in. */
export class Certsrv implements CaInterface {
  readonly #client: Pick<WebClient, 'send'>;
  readonly #directory: string;

  /** @param directory where the pages are, `/certsrv/` */
  constructor(client: Pick<WebClient, 'send'>, directory: string) {
    this.#client = client;
    this.#directory = directory;
  }

  /** One POST of `certfnsh.asp`; never repeated here. */
  async submit(form: CaRequest, signal?: AbortSignal): Promise<CaAnswer | Unavailable> {
    const outcome = await this.#client.send({
      method: 'POST',
      path: `${this.#directory}certfnsh.asp`,
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: Buffer.from(formFields(form).toString(), 'latin1'),
      ...(signal && { signal }),
    });
    const page = pageOf(outcome);
    if (Buffer.isBuffer(page)) return readSubmissionPage(page);
    return page;
  }

  async retrieve(requestId: string, signal?: AbortSignal): Promise<Retrieved | Unavailable> {
    const query = new URLSearchParams({ ReqID: requestId, Enc: 'bin' });
    const page = await this.#get(`certnew.cer?${query.toString()}`, signal);
    return Buffer.isBuffer(page) ? readRetrieval(page, requestId) : page;
  }

  /** Certificates of the CA and those above it, newest renewal only; not checked. */
  async caCertificates(signal?: AbortSignal): Promise<readonly Certificate[] | Unavailable> {
    const page = await this.#get('certcarc.asp', signal);
    if (!Buffer.isBuffer(page)) return page;
    const renewal = readNewestRenewal(page);
    if (renewal === undefined) return notCertsrv(page, 'certcarc.asp tells no CA certificate');
    const bundle = await this.#get(`certnew.p7b?ReqID=CACert&Renewal=${renewal}&Enc=bin`, signal);
    if (!Buffer.isBuffer(bundle)) return bundle;
    const certificates = readCertificates(bundle);
    return certificates.length === 0
      ? notCertsrv(bundle, 'certnew.p7b holds no certificate')
      : certificates;
  }

  /** The base CRL of the newest key of the CA, DER; not checked. */
  async crl(signal?: AbortSignal): Promise<Buffer | Unavailable> {
    const page = await this.#get('certcarc.asp', signal);
    if (!Buffer.isBuffer(page)) return page;
    const renewal = readNewestRenewal(page) ?? 0;
    const body = await this.#get(`certcrl.crl?Type=base&Renewal=${renewal}&Enc=bin`, signal);
    if (!Buffer.isBuffer(body)) return body;
    const der = derOf(body);
    return der !== undefined && isCrl(der) ? der : notCertsrv(body, 'certcrl.crl holds no CRL');
  }

  async #get(file: string, signal: AbortSignal | undefined): Promise<Buffer | Unavailable> {
    const path = `${this.#directory}${file}`;
    const page = pageOf(
      await this.#client.send({ method: 'GET', path, ...(signal && { signal }) }),
    );
    // Nothing is changed by asking, so nothing is outstanding, whatever came back.
    return Buffer.isBuffer(page) ? page : { ...page, submission: 'none' };
  }
}

function pageOf(outcome: WebOutcome): Buffer | Unavailable {
  if (outcome.kind !== 'answered') return notAnswered(outcome);
  return notAPage(outcome) ?? outcome.body;
}

function formFields({ csr, template, attributes }: CaRequest): URLSearchParams {
  const lines = [['CertificateTemplate', template] as const, ...attributes];
  return new URLSearchParams({
    Mode: 'newreq',
    CertRequest: toPem('CERTIFICATE REQUEST', csr).replace(/\n/g, '\r\n'),
    CertAttrib: lines.map(([name, value]) => `${name}:${value}\r\n`).join(''),
    FriendlyType: 'Saved-Request Certificate',
    ThumbPrint: '',
    TargetStoreFlags: '0',
    SaveCert: 'yes',
  });
}

function notCertsrv(body: Buffer, what: string): Unavailable {
  const { message } = failedPage(Page.parse(body));
  const words = (message ?? '').replace(/[\p{C}\s]+/gu, ' ').slice(0, 200);
  return {
    kind: 'unavailable',
    submission: 'none',
    detail: `${what}. The page says: ${JSON.stringify(words)}`,
  };
}

function isCrl(der: Buffer): boolean {
  return readableOr(undefined, () => parseCrl(der)) !== undefined;
}
