/** GetCACaps and GetCACert of an upstream server: fetched, checked, kept, and renewed in good time. */
import { GatewayError, isGatewayError } from '../errors/index.js';
import type { ScepAuthority, ScepSession } from '../scep/index.js';
import { parseCapabilities } from '../scep/client/index.js';
import type { SettingsStore } from '../store/index.js';
import type { Certificate } from '../x509/index.js';
import { readCaRecord, writeCaRecord, type CaRecord } from './ca-record.js';
import { judgeCaCertificates, type CaReport } from './ca-report.js';

export interface CaCacheOptions {
  /** Of the setting it is kept under. */
  readonly name: string;
  readonly state: Pick<SettingsStore, 'get' | 'set'>;
  /** @throws GatewayError `upstream.*` */
  readonly fetch: (
    operation: 'GetCACaps' | 'GetCACert',
  ) => Promise<{ readonly status: number; readonly contentType: string; readonly body: Buffer }>;
  readonly fingerprint: string | undefined;
  readonly refreshMillis: number;
  readonly clock: () => Date;
  /** Something an administrator should see now. */
  readonly report: (notice: CaNotice) => void;
}

export interface CaNotice {
  readonly kind: 'unusable' | 'unreachable' | 'ca-changed';
  readonly text: string;
}

/** What is served and believed at this moment. */
export interface CaState {
  readonly record: CaRecord;
  readonly session: ScepSession;
  readonly chain: readonly Certificate[];
  readonly warnings: readonly string[];
}

/** A failed or forced fetch is not repeated sooner. */
const pauseMillis = 30_000;

/** Larger ones nobody sends: a GetCACaps has ten lines, a GetCACert some certificates. */
const largest = { GetCACaps: 4096, GetCACert: 131_072 } as const;

export class CaCache {
  readonly #options: CaCacheOptions;
  #state: CaState | undefined;
  #fetching: Promise<void> | undefined;
  /** Milliseconds of the clock. */
  #lastAttempt = 0;
  #fault: GatewayError | undefined;

  constructor(options: CaCacheOptions) {
    this.#options = options;
  }

  /** Takes up what was kept; the server may be down. */
  async load(): Promise<void> {
    const kept = await this.#options.state.get(this.#key);
    const record = kept === undefined ? undefined : readCaRecord(kept);
    if (record) this.#state = this.#judge(record).state;
  }

  get known(): CaState | undefined {
    return this.#state;
  }

  /**
   * What is known, renewed behind the back of the caller where it has grown old.
   * @throws GatewayError `upstream.unavailable` while nothing usable has ever been fetched
   */
  async current(): Promise<CaState> {
    if (this.#state === undefined) {
      await this.refresh();
      return this.#require();
    }
    // Either way: a clock that was set back leaves times in the future.
    const age = Math.abs(this.#now - this.#state.record.fetchedAt.getTime());
    if (age > this.#options.refreshMillis) void this.refresh();
    return this.#state;
  }

  /** Asks anew, unless that was tried just now. What it knew stays where the answer is none. Never rejects. */
  async refresh(): Promise<void> {
    if (this.#fetching === undefined) {
      const sinceLast = Math.abs(this.#now - this.#lastAttempt);
      if (this.#lastAttempt > 0 && sinceLast < pauseMillis) return;
      this.#lastAttempt = this.#now;
      this.#fetching = this.#fetch().finally(() => {
        this.#fetching = undefined;
      });
    }
    await this.#fetching;
  }

  #require(): CaState {
    if (this.#state) return this.#state;
    const fault = this.#fault ?? notKnown;
    const { message, detail, retryAfterSeconds = 30 } = fault;
    // Whatever it failed with: of the caller's own request nothing was sent.
    throw new GatewayError('upstream.unavailable', message, {
      cause: fault,
      ...(detail !== undefined && { detail }),
      retryAfterSeconds,
    });
  }

  async #fetch(): Promise<void> {
    const { report, state } = this.#options;
    try {
      const before = this.#state;
      const caps = await this.#ask('GetCACaps');
      const caCert = await this.#ask('GetCACert');
      if (caCert.status !== 200) throw unusable(`GetCACert was answered HTTP ${caCert.status}.`);
      const record: CaRecord = {
        caps: capsOf(caps, before),
        caCert: { contentType: caCert.contentType, body: caCert.body },
        fetchedAt: this.#options.clock(),
        replaced: before?.record.replaced ?? [],
      };
      const { state: next, report: judged } = this.#judge(record);
      if (!next) throw unusable(judged.faults.join(' '));
      this.#state = this.#succeed(before, next);
      this.#fault = undefined;
      await state.set(this.#key, writeCaRecord(this.#state.record));
    } catch (error) {
      if (!isGatewayError(error)) throw error;
      this.#fault = error;
      const text = [error.message, error.detail].filter(Boolean).join(' ');
      report({ kind: error.message === unusableText ? 'unusable' : 'unreachable', text });
    }
  }

  /** Tells when the CA is another one than before; the old one still counts for renewals. */
  #succeed(before: CaState | undefined, next: CaState): CaState {
    const [was] = before?.chain ?? [];
    const [is] = next.chain;
    if (!was || !is || was.publicKey.id === is.publicKey.id) return next;
    this.#options.report({
      kind: 'ca-changed',
      text: `The issuing CA was ${was.subject.text} (SHA-256 ${was.thumbprints.sha256}) and is now ${is.subject.text} (SHA-256 ${is.thumbprints.sha256}).`,
    });
    const replaced = [was, ...next.record.replaced].slice(0, 10);
    return { ...next, record: { ...next.record, replaced } };
  }

  async #ask(operation: 'GetCACaps' | 'GetCACert') {
    try {
      const answer = await this.#options.fetch(operation);
      if (answer.body.length <= largest[operation]) return answer;
      throw unusable(`The answer to ${operation} has ${answer.body.length} octets.`);
    } catch (error) {
      const hungUp = isGatewayError(error) && error.code === 'upstream.no-answer';
      if (operation === 'GetCACert' || !hungUp) throw error;
      return { status: 0, contentType: '', body: Buffer.alloc(0) };
    }
  }

  #judge(record: CaRecord): { readonly state: CaState | undefined; readonly report: CaReport } {
    const { fingerprint, clock } = this.#options;
    const report = judgeCaCertificates(record.caCert.body, { fingerprint, now: clock() });
    const { authority, chain, warnings } = report;
    return {
      report,
      state: authority && { record, session: sessionOf(record, authority), chain, warnings },
    };
  }

  get #now(): number {
    return this.#options.clock().getTime();
  }

  get #key(): string {
    return `upstream.${this.#options.name}.ca`;
  }
}

function sessionOf({ caps }: CaRecord, authority: ScepAuthority): ScepSession {
  return { capabilities: parseCapabilities(caps.body.toString('latin1')), authority };
}

/**
 * Windows Server 2003 closes the connection, others answer 404: then nothing is offered. Where something was
 * before, a lost answer and a page of somebody else's take nothing back: devices would fall back to SHA-1
 * and DES.
 */
function capsOf(
  { status, contentType, body }: Awaited<ReturnType<CaCacheOptions['fetch']>>,
  before: CaState | undefined,
): CaRecord['caps'] {
  if (status === 200 && isKeywords(body)) return { contentType, body };
  const isWord = status >= 400 && status < 500;
  if (before !== undefined && !isWord) return before.record.caps;
  return { contentType: 'text/plain', body: Buffer.alloc(0) };
}

/** Lines of printable ASCII (RFC 8894 §3.5.2); a page begins with `<`. */
function isKeywords(body: Buffer): boolean {
  return /^[\t\r\n\x20-\x3b\x3d-\x7e]*$/.test(body.toString('latin1'));
}

const notKnown = new GatewayError(
  'upstream.unavailable',
  'The server behind the gateway is not known yet.',
);

const unusableText = 'The CA certificates of the server behind the gateway cannot be used.';

function unusable(detail: string): GatewayError {
  return new GatewayError('upstream.unavailable', unusableText, { detail, retryAfterSeconds: 300 });
}
