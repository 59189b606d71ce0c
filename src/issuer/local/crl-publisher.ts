import { z } from 'zod';
import { GatewayError } from '../../errors/index.js';
import type { CertificateRecord } from '../../store/index.js';
import { buildCrl, type RevocationEntry } from '../../x509/index.js';
import type { SigningCa } from './certificate-mint.js';
import { keyIdentifierOf } from './key-identifier.js';
import type { AuthorityRecords, AuthorityState } from './local-authority.types.js';

export interface CrlPublisherOptions {
  readonly records: AuthorityRecords;
  readonly state: AuthorityState;
  /** Names the stored CRL and, with `.number`, the counter of CRL numbers. */
  readonly stateKey: string;
  readonly crlHours: number;
  readonly clock: () => Date;
}

const storedCrl = z.strictObject({
  /** Revocations up to here are in it. */
  revocationVersion: z.number(),
  thisUpdate: z.iso.datetime().transform((text) => new Date(text)),
  nextUpdate: z.iso.datetime().transform((text) => new Date(text)),
  der: z.base64().transform((text) => Buffer.from(text, 'base64')),
});

/** nextUpdate of a CRL as it is kept; undefined for what cannot be read. */
export function storedCrlEnd(text: string): Date | undefined {
  return storedCrl.safeParse(JSON.parse(text)).data?.nextUpdate;
}

interface StoredCrl {
  readonly revocationVersion: number;
  readonly thisUpdate: Date;
  readonly nextUpdate: Date;
  readonly der: Buffer;
}

const hour = 3_600_000;
/** thisUpdate lies in the past: a device whose clock is a little slow would refuse the CRL. */
const clockSkew = 10 * 60_000;

/**
 * The CRL of one CA: made anew when something was revoked and at half of its life, kept in the store so
 * that neither a restart nor a second process goes back to an older one. While it cannot be made, the
 * last one is served as long as it is valid.
 */
export class CrlPublisher {
  readonly #ca: () => Promise<SigningCa>;
  readonly #options: CrlPublisherOptions;
  #published: StoredCrl | undefined;
  #renewal: Promise<void> | undefined;

  constructor(ca: () => Promise<SigningCa>, options: CrlPublisherOptions) {
    this.#ca = ca;
    this.#options = options;
  }

  /** DER. @throws GatewayError `issuer.unavailable` when there is none that is still valid */
  async current(): Promise<Buffer> {
    try {
      return await this.fresh();
    } catch (error) {
      const last = this.#published;
      if (last && last.nextUpdate > this.#options.clock()) return last.der;
      throw error;
    }
  }

  /** As `current`, but never an outdated one. @throws GatewayError `issuer.unavailable` */
  async fresh(): Promise<Buffer> {
    try {
      // A renewal that was under way may have missed the latest revocation: look again.
      for (let attempt = 0; attempt < 3; attempt++) {
        const version = await this.#options.records.revocationVersion();
        if (this.#published && this.#isFresh(this.#published, version)) break;
        this.#renewal ??= this.#renew().finally(() => (this.#renewal = undefined));
        await this.#renewal;
      }
      if (this.#published) return this.#published.der;
      throw new RangeError('no CRL');
    } catch (cause) {
      throw new GatewayError('issuer.unavailable', 'The CRL cannot be made now.', { cause });
    }
  }

  async #renew(): Promise<void> {
    const { records, state, stateKey } = this.#options;
    const version = await records.revocationVersion();
    const before = await state.get(stateKey);
    const stored = before === undefined ? undefined : storedCrl.parse(JSON.parse(before));
    if (stored && this.#isFresh(stored, version)) {
      this.#published = stored;
      return;
    }
    const made = await this.#make(version);
    const after = JSON.stringify({ ...made, der: made.der.toString('base64') });
    this.#published = (await state.swap(stateKey, before, after))
      ? made
      : // Another process was quicker; its number is the one that stands.
        storedCrl.parse(JSON.parse((await state.get(stateKey)) ?? after));
  }

  async #make(revocationVersion: number): Promise<StoredCrl> {
    const { records, state, stateKey, clock, crlHours } = this.#options;
    const { certificate, key } = await this.#ca();
    const thisUpdate = new Date(Math.floor((clock().getTime() - clockSkew) / 1000) * 1000);
    const nextUpdate = new Date(thisUpdate.getTime() + crlHours * hour);
    const revoked = await records.revoked(certificate.subject.digest);
    const der = await buildCrl(
      {
        issuer: certificate.subject.der,
        thisUpdate,
        nextUpdate,
        number: await state.next(`${stateKey}.number`),
        authorityKeyIdentifier: keyIdentifierOf(certificate),
        revoked: revoked.flatMap((record) => this.#entry(record)),
      },
      { key, digest: 'sha256' },
    );
    return { revocationVersion, thisUpdate, nextUpdate, der };
  }

  /** An expired certificate stays for some CRLs more (RFC 5280 §3.3), then makes room. */
  #entry({ serial, revokedAt, revocationReason, notAfter }: CertificateRecord): RevocationEntry[] {
    const { clock, crlHours } = this.#options;
    if (revokedAt === undefined) return [];
    if (notAfter.getTime() + 2 * crlHours * hour < clock().getTime()) return [];
    return [{ serial, at: revokedAt, reason: revocationReason }];
  }

  #isFresh({ revocationVersion, thisUpdate, nextUpdate }: StoredCrl, version: number): boolean {
    const { clock, crlHours } = this.#options;
    const now = clock().getTime();
    const life = Math.min(crlHours * hour, nextUpdate.getTime() - thisUpdate.getTime());
    const start = thisUpdate.getTime();
    return revocationVersion === version && start <= now && now < start + life / 2;
  }
}
