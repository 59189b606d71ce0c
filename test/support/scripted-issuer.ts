import {
  demandAuthorization,
  type Authorization,
  type IssuanceOutcome,
  type IssuanceRequest,
  type Issuer as IssuerSeam,
  type Reconciliation,
} from '../../src/issuer/index.js';
import type { Certificate } from '../../src/x509/index.js';
import { issuedBy, selfSigned } from './certificates.js';
import { testKey } from './keys.js';

type Script = (request: IssuanceRequest) => Promise<IssuanceOutcome>;

export interface ScriptedIssuerOptions {
  readonly name?: string;
  readonly remote?: boolean;
  readonly subject?: string;
}

/**
 * A CA that does what the test tells it: issues by default, and remembers what it was asked. It stands for
 * one in this process, unless it is made `remote`.
 */
export class ScriptedIssuer implements IssuerSeam {
  readonly name: string;
  readonly inProcess?: true;
  readonly submissions: { request: IssuanceRequest; authorization: Authorization }[] = [];
  readonly #key = testKey('ca');
  /** Replace to script the next answers. */
  onSubmit: Script = (request) => this.issue(request);
  onRetrieve: (requestId: string) => Promise<IssuanceOutcome> = () =>
    Promise.resolve({ kind: 'unavailable', submission: 'none', detail: 'not scripted' });

  /** Set to make it a CA that can be asked what became of a submission. */
  reconcile?: (request: IssuanceRequest, authorization: Authorization) => Promise<Reconciliation>;

  private constructor(
    readonly chain: readonly Certificate[],
    { name = 'scripted', remote = false }: ScriptedIssuerOptions,
  ) {
    this.name = name;
    if (!remote) this.inProcess = true;
  }

  static async create(options: ScriptedIssuerOptions = {}): Promise<ScriptedIssuer> {
    const { subject = 'CN=Scripted CA' } = options;
    const chain = [await selfSigned(testKey('ca'), { subject })];
    return new ScriptedIssuer(chain, options);
  }

  async issue({ csr, content }: IssuanceRequest): Promise<IssuanceOutcome> {
    const [ca] = this.chain;
    if (!ca) throw new Error('no CA');
    const certificate = await issuedBy({ certificate: ca, key: this.#key }, csr.publicKey, {
      subjectDer: content.subject,
      extensions: content.extensions,
      notBefore: new Date('2026-01-01T00:00:00Z'),
      notAfter: new Date('2027-01-01T00:00:00Z'),
    });
    return { kind: 'issued', certificate };
  }

  /** The next submissions get these outcomes in turn; those after them what they got before. */
  answers(...outcomes: readonly IssuanceOutcome[]): void {
    const afterwards = this.onSubmit;
    const coming = [...outcomes];
    this.onSubmit = (request) => {
      const outcome = coming.shift();
      return outcome ? Promise.resolve(outcome) : afterwards(request);
    };
  }

  async submit(request: IssuanceRequest, authorization: Authorization): Promise<IssuanceOutcome> {
    demandAuthorization(request, authorization);
    this.submissions.push({ request, authorization });
    return this.onSubmit(request);
  }

  retrieve(requestId: string): Promise<IssuanceOutcome> {
    return this.onRetrieve(requestId);
  }

  currentCrl(): Promise<Buffer | undefined> {
    return Promise.resolve(undefined);
  }
}
