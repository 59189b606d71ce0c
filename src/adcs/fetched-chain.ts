import { isGatewayError } from '../errors/index.js';
import type { Notice } from '../issuer/index.js';
import { Certificate, verifyIssuedBy } from '../x509/index.js';
import { checkCaChain } from './ca-chain.js';
import type { CaChainSource } from './ca-chain-source.js';
import type { Unavailable } from './unavailable.js';

export interface FetchedChainOptions {
  /** Name of the issuer. */
  readonly name: string;
  readonly fetch: (signal: AbortSignal) => Promise<readonly Certificate[] | Unavailable>;
  /** SHA-256 of the issuing CA certificates to accept, lower case hex; empty: see `FetchedChain`. */
  readonly pins: readonly string[];
  /** From the configuration, checked. Without it the CA's first word counts. */
  readonly given?: readonly Certificate[] | undefined;
  readonly state: ChainState;
  readonly report: (notice: Notice) => void;
  readonly clock: () => Date;
}

/** Outlives the process, so that a restart does not need the CA. */
export interface ChainState {
  get(key: string): Promise<string | undefined>;
  set(key: string, value: string): Promise<void>;
}

/**
 * The chain as the CA tells it. What comes first is believed, over a connection that proved whose it is;
 * later only a CA of the same name under the same root is. Another CA needs an administrator: a pin.
 */
export class FetchedChain implements CaChainSource {
  readonly #options: FetchedChainOptions;
  #chain: readonly Certificate[];
  #replaced: readonly Certificate[];
  #fetching: Promise<Unavailable | undefined> | undefined;

  private constructor(options: FetchedChainOptions, kept: KeptChain) {
    this.#options = options;
    this.#chain = kept.chain;
    this.#replaced = kept.replaced;
  }

  static async open(options: FetchedChainOptions): Promise<FetchedChain> {
    const kept = await keptChain(options);
    return new FetchedChain(options, kept ?? { chain: options.given ?? [], replaced: [] });
  }

  get current(): readonly Certificate[] {
    return this.#chain;
  }

  get known(): readonly Certificate[] {
    return [...this.#chain.slice(0, 1), ...this.#replaced];
  }

  async demand(signal: AbortSignal): Promise<Unavailable | undefined> {
    return this.#chain.length > 0 ? undefined : this.refresh(signal);
  }

  /** Another process, such as `ra enroll`, may have learnt it first. @returns whether it had */
  async reload(): Promise<boolean> {
    const kept = await keptChain(this.#options);
    if (kept === undefined || kept.chain.length === 0) return false;
    // What is being fetched is newer than what was kept.
    if (this.#fetching !== undefined || isSameChain(kept.chain, this.#chain)) return false;
    this.#chain = kept.chain;
    this.#replaced = kept.replaced;
    return true;
  }

  /** Requests that come together ask the CA once. */
  refresh(signal: AbortSignal): Promise<Unavailable | undefined> {
    this.#fetching ??= this.#fetch(signal).finally(() => {
      this.#fetching = undefined;
    });
    return this.#fetching;
  }

  async #fetch(signal: AbortSignal): Promise<Unavailable | undefined> {
    const { fetch, clock, pins } = this.#options;
    const fetched = await fetch(signal);
    if ('kind' in fetched) return fetched;
    const checked = checkCaChain(fetched, clock(), pins);
    if (checked.kind === 'rejected') {
      return this.#reject(`The chain of the CA is not accepted: ${checked.reason}.`);
    }
    const [issuing] = checked.certificates;
    const [present] = this.#chain;
    if (present?.der.equals(issuing.der)) {
      if (!isSameChain(this.#chain, checked.certificates)) await this.#keep(checked.certificates);
      return undefined;
    }
    if (present && pins.length === 0 && !isSuccessor(issuing, this.#chain, checked.certificates)) {
      return this.#reject(
        `The CA is now ${issuing.subject.text} (SHA-256 ${issuing.thumbprints.sha256}) under another root or name than before.`,
      );
    }
    if (present) this.#replaced = [present, ...this.#replaced].slice(0, mostReplaced);
    await this.#keep(checked.certificates);
    this.#options.report({
      severity: present ? 'warning' : 'info',
      code: 'upstream.ca-changed',
      text: `The CA of issuer ${this.#options.name} is ${issuing.subject.text}, SHA-256 ${issuing.thumbprints.sha256}.`,
    });
    return undefined;
  }

  async #keep(chain: readonly Certificate[]): Promise<void> {
    this.#chain = chain;
    const kept = { chain: base64(chain), replaced: base64(this.#replaced) };
    await this.#options.state.set(stateKey(this.#options), JSON.stringify(kept));
  }

  #reject(detail: string): Unavailable {
    this.#options.report({ severity: 'error', code: 'upstream.ca-changed', text: detail });
    return {
      kind: 'unavailable',
      submission: 'none',
      detail,
      mend: 'Compare the thumbprint with that of the CA (certutil -cainfo cert 0), then write it into caThumbprints of the issuer.',
    };
  }
}

const mostReplaced = 10;

/** The same CA after a renewal of its certificate: its name, under a root that was there before. */
function isSuccessor(
  issuing: Certificate,
  before: readonly Certificate[],
  chain: readonly Certificate[],
): boolean {
  const [present] = before;
  const roots = [before[before.length - 1], chain[chain.length - 1]];
  if (!present?.subject.matches(issuing.subject)) return false;
  if (roots[0] && roots[1]?.publicKey.id === roots[0].publicKey.id) return true;
  // A root that issues itself is renewed with a cross certificate, signed by its former key.
  return chain.some((certificate) => verifyIssuedBy(certificate, present));
}

function isSameChain(one: readonly Certificate[], other: readonly Certificate[]): boolean {
  return (
    one.length === other.length &&
    one.every(({ der }, index) => other[index]?.der.equals(der) === true)
  );
}

interface KeptChain {
  readonly chain: readonly Certificate[];
  readonly replaced: readonly Certificate[];
}

function stateKey({ name }: FetchedChainOptions): string {
  return `issuer.${name}.chain`;
}

function base64(certificates: readonly Certificate[]): string[] {
  return certificates.map(({ der }) => der.toString('base64'));
}

/** What is kept may be newer than the configuration, but only if it has grown out of it. */
async function keptChain(options: FetchedChainOptions): Promise<KeptChain | undefined> {
  const kept = readKept(await options.state.get(stateKey(options)));
  const [given] = options.given ?? [];
  if (given === undefined) return kept;
  const isGrown = [...kept.chain.slice(0, 1), ...kept.replaced].some(({ der }) =>
    given.der.equals(der),
  );
  return isGrown ? kept : undefined;
}

/** Ours, but if it cannot be read the CA is asked again. */
function readKept(text: string | undefined): KeptChain {
  const nothing = { chain: [], replaced: [] };
  if (text === undefined) return nothing;
  try {
    const { chain, replaced } = JSON.parse(text) as Record<string, unknown>;
    return { chain: certificates(chain), replaced: certificates(replaced) };
  } catch (error) {
    if (error instanceof SyntaxError || isGatewayError(error)) return nothing;
    throw error;
  }
}

function certificates(list: unknown): Certificate[] {
  if (!Array.isArray(list)) return [];
  return list.map((each) => Certificate.fromDer(Buffer.from(String(each), 'base64')));
}
