import type {
  LocalAuthority,
  LocalAuthorityOptions,
  LocalAuthoritySettings,
} from '../../../src/issuer/index.js';
import { openLocalAuthority } from '../../../src/issuer/index.js';
import type { CertificateRecord } from '../../../src/store/index.js';
import { MemoryKeyStore } from '../../support/memory-key-store.js';

export const exampleSettings: LocalAuthoritySettings = {
  hierarchy: 'root',
  subject: 'CN=Example CA,O=Example',
  rootSubject: 'CN=Example Root CA,O=Example',
  keyBits: 2048,
  rootYears: 20,
  issuingYears: 10,
  raSubject: 'CN=Example-MSCEP-RA',
  raKeyBits: 2048,
  raYears: 2,
  raOverlapDays: 60,
  raCertificates: 'split',
  crlHours: 168,
  backdateMinutes: 60,
};

/** Settings in memory, with compare and swap as the stores have it. */
class MemoryState {
  readonly values = new Map<string, string>();
  readonly #counters = new Map<string, number>();
  /** Runs before the next swap, once: another process that is quicker. */
  beforeSwap: (() => Promise<unknown>) | undefined;

  get(key: string): Promise<string | undefined> {
    return Promise.resolve(this.values.get(key));
  }

  async swap(key: string, expected: string | undefined, value: string): Promise<boolean> {
    const quicker = this.beforeSwap;
    this.beforeSwap = undefined;
    await quicker?.();
    if (this.values.get(key) !== expected) return false;
    this.values.set(key, value);
    return true;
  }

  next(counter: string): Promise<number> {
    const value = (this.#counters.get(counter) ?? 0) + 1;
    this.#counters.set(counter, value);
    return Promise.resolve(value);
  }
}

class MemoryRecords {
  readonly added: CertificateRecord[] = [];
  readonly revocations: CertificateRecord[] = [];
  version = 0;
  /** As when the database is away. */
  broken: Error | undefined;
  revokedReads = 0;

  certificate(thumbprint: string): Promise<CertificateRecord | undefined> {
    return Promise.resolve(this.added.find((record) => record.thumbprint === thumbprint));
  }

  addCertificate(record: CertificateRecord): Promise<void> {
    this.added.push(record);
    return Promise.resolve();
  }

  revoked(issuerDigest: string): Promise<readonly CertificateRecord[]> {
    this.revokedReads++;
    return Promise.resolve(
      this.revocations.filter((record) => record.issuerDigest === issuerDigest),
    );
  }

  revocationVersion(): Promise<number> {
    return this.broken ? Promise.reject(this.broken) : Promise.resolve(this.version);
  }

  revoke(record: CertificateRecord): void {
    this.revocations.push(record);
    this.version++;
  }
}

/** What one gateway keeps on disk, and a clock that the test sets. */
export class Site {
  readonly keys = new MemoryKeyStore();
  readonly records = new MemoryRecords();
  readonly state = new MemoryState();
  now = new Date('2026-01-01T00:00:00Z');

  /** Starts a process on this site. */
  open(
    changed: Partial<LocalAuthoritySettings> = {},
    options: Partial<LocalAuthorityOptions> = {},
  ): Promise<LocalAuthority> {
    return openLocalAuthority({
      name: 'local',
      settings: { ...exampleSettings, ...changed },
      keys: this.keys,
      records: this.records,
      state: this.state,
      publicUrl: undefined,
      caIsRecipient: false,
      clock: () => this.now,
      ...options,
    });
  }

  passDays(days: number): void {
    this.now = new Date(this.now.getTime() + days * 86_400_000);
  }
}
