/** An upstream SCEP server: what it is, and the way to it. */
import type { RelayedContent, RelayUpstream, ScepAuthority } from '../scep/index.js';
import { offersPost } from '../scep/client/index.js';
import { CaCache, type CaNotice, type CaState } from './ca-cache.js';
import { scepTarget } from './scep-target.js';
import { requireCarriedOut, type UpstreamAnswer, type UpstreamHttp } from './upstream-http.js';

export interface UpstreamServerOptions {
  /** Of the issuer in the configuration. */
  readonly name: string;
  /** SCEP URL. */
  readonly url: URL;
  readonly http: UpstreamHttp;
  /** CA identifier for servers with several CAs. */
  readonly caIdentifier: string | undefined;
  readonly fingerprint: string | undefined;
  readonly refreshMillis: number;
  readonly state: ConstructorParameters<typeof CaCache>[0]['state'];
  readonly clock: () => Date;
  readonly report: (notice: CaNotice) => void;
}

export class UpstreamServer implements RelayUpstream {
  readonly #options: UpstreamServerOptions;
  readonly #cache: CaCache;

  constructor(options: UpstreamServerOptions) {
    const { name, state, fingerprint, refreshMillis, clock, report } = options;
    this.#options = options;
    const fetch = (operation: 'GetCACaps' | 'GetCACert') => this.#ask(operation);
    this.#cache = new CaCache({ name, state, fetch, fingerprint, refreshMillis, clock, report });
  }

  /** Takes up what was kept of it. */
  load(): Promise<void> {
    return this.#cache.load();
  }

  /** Undefined while it has never been reached. */
  get known(): CaState | undefined {
    return this.#cache.known;
  }

  current(): Promise<CaState> {
    return this.#cache.current();
  }

  refresh(): Promise<void> {
    return this.#cache.refresh();
  }

  async caCaps(): Promise<RelayedContent> {
    const { body } = (await this.current()).record.caps;
    // Without a charset, whatever came: certmonger compares for equality (H2).
    return { contentType: 'text/plain', body };
  }

  async caCert(): Promise<RelayedContent> {
    const { record, session } = await this.current();
    const { body } = record.caCert;
    const single = session.authority.certificates.some(({ der }) => der.equals(body));
    const contentType = single ? 'application/x-x509-ca-cert' : 'application/x-x509-ca-ra-cert';
    return { contentType, body };
  }

  async authority(how?: 'refresh'): Promise<ScepAuthority> {
    if (how === 'refresh') await this.refresh();
    return (await this.current()).session.authority;
  }

  async query(operation: string): Promise<RelayedContent | undefined> {
    const { status, contentType, body } = await this.#ask(operation);
    return status === 200 ? { contentType: bareType(contentType), body } : undefined;
  }

  async send(message: Buffer): Promise<Buffer> {
    const { session } = await this.current();
    const answer = offersPost(session.capabilities)
      ? await this.#post('PKIOperation', message)
      : await this.#get('PKIOperation', message.toString('base64'));
    return requireCarriedOut(answer);
  }

  close(): void {
    this.#options.http.close();
  }

  #ask(operation: string): Promise<UpstreamAnswer> {
    const { caIdentifier } = this.#options;
    return this.#get(operation, operation === 'GetCACert' ? caIdentifier : undefined);
  }

  #get(operation: string, message?: string): Promise<UpstreamAnswer> {
    const path = scepTarget(this.#options.url, operation, message);
    return this.#options.http.send({ method: 'GET', path });
  }

  #post(operation: string, message: Buffer): Promise<UpstreamAnswer> {
    return this.#options.http.send({
      method: 'POST',
      path: scepTarget(this.#options.url, operation),
      headers: { 'Content-Type': 'application/x-pki-message' },
      body: message,
    });
  }
}

function bareType(contentType: string): string {
  return contentType.replace(/;.*/s, '').trim().toLowerCase();
}
