import type { Certificate, Name } from '../../x509/index.js';
import type { AuthorityRecord, CaGeneration, KeptCertificate } from './authority-record.js';
import { CrlPublisher, type CrlPublisherOptions } from './crl-publisher.js';
import type { KeyRing } from './key-ring.js';
import type { PublishedFile } from '../authority.js';
import { caCertificatePath, crlPath, type CaId } from './published-path.js';

interface ListedCa extends KeptCertificate {
  readonly id: CaId;
}

export interface CaDirectoryOptions extends CrlPublisherOptions {
  readonly issuerName: string;
  readonly ring: KeyRing;
  readonly record: () => AuthorityRecord;
}

/** Every CA whose key is ours, present, prepared and replaced, with its CRL and its published files. */
export class CaDirectory {
  readonly #options: CaDirectoryOptions;
  readonly #publishers = new Map<string, CrlPublisher>();

  constructor(options: CaDirectoryOptions) {
    this.#options = options;
  }

  /** Publisher of the CA that issues now. */
  get issuing(): CrlPublisher {
    return this.#publisher({ level: 'ca', number: this.#options.record().current.number });
  }

  /** Of two CAs with one name the newer counts. */
  crlFor(issuer: Name): Promise<Buffer | undefined> {
    const ca = this.#list().find(({ certificate }) => certificate.subject.matches(issuer));
    return ca ? this.#publisher(ca.id).current() : Promise.resolve(undefined);
  }

  async published(path: string): Promise<PublishedFile | undefined> {
    const { issuerName } = this.#options;
    for (const { id, certificate } of this.#list()) {
      if (path === crlPath(issuerName, id))
        return { contentType: 'application/pkix-crl', body: await this.#publisher(id).current() };
      if (path === caCertificatePath(issuerName, id))
        return { contentType: 'application/pkix-cert', body: certificate.der };
    }
    return undefined;
  }

  /** Brings the CRLs of the CAs in force up to date. */
  async refreshCrls(): Promise<void> {
    const { current } = this.#options.record();
    for (const { id } of listGeneration(current)) await this.#publisher(id).fresh();
  }

  #list(): ListedCa[] {
    const { current, next, retired } = this.#options.record();
    return [current, ...retired, ...(next ? [next] : [])].flatMap(listGeneration);
  }

  #publisher(id: CaId): CrlPublisher {
    const name = `${id.level}.${id.number}`;
    const known = this.#publishers.get(name);
    if (known) return known;
    const publisher = new CrlPublisher(() => this.#signer(name), {
      ...this.#options,
      stateKey: `${this.#options.stateKey}.${name}`,
    });
    this.#publishers.set(name, publisher);
    return publisher;
  }

  /** Looked up at each signature: the certificate of a key may have been renewed. */
  async #signer(name: string) {
    const ca = this.#list().find(({ id }) => `${id.level}.${id.number}` === name);
    if (ca === undefined) throw new RangeError(`no CA ${name}`);
    return { id: ca.id, certificate: ca.certificate, key: await this.#options.ring.load(ca.key) };
  }
}

function listGeneration({ number, ca, root, above }: CaGeneration): ListedCa[] {
  const rootCertificate: Certificate | undefined = above.at(-1);
  return [
    { id: { level: 'ca', number }, ...ca },
    ...(root && rootCertificate
      ? [
          {
            id: { level: 'root' as const, number: root.number },
            key: root.key,
            certificate: rootCertificate,
          },
        ]
      : []),
  ];
}
