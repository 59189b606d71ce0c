/** RA keys of an issuer whose CA is elsewhere. */
import type { ImportedPair, LocalIssuerConfig } from '../config/index.js';
import { isFounded, openLocalAuthority, type LocalAuthority } from '../issuer/index.js';
import type { AuthorityDependencies } from './authority-dependencies.js';
import { readImport } from './imported-pair.js';

type RaSettings = Pick<
  LocalIssuerConfig,
  'raSubject' | 'raKeyBits' | 'raYears' | 'raOverlapDays' | 'raCertificates'
> & {
  readonly importRa?: ImportedPair | undefined;
  /** Beside `importRa` where that only signs. */
  readonly importRaEncryption?: ImportedPair | undefined;
};

/** The embedded authority keeps RA keys; its own CA certifies them until the CA behind has, and is shown to nobody. */
export async function openRaKeys(
  name: string,
  { importRa, importRaEncryption, ...config }: RaSettings,
  { resolved: { readSecret }, data, clock }: Omit<AuthorityDependencies, 'notices'>,
): Promise<LocalAuthority> {
  const { raSubject, raKeyBits, raYears, raOverlapDays, raCertificates } = config;
  const founded = await isFounded(data.settings, name);
  const pairs = [importRa, importRaEncryption].flatMap((pair) => pair ?? []);
  const read = await Promise.all(pairs.map((pair) => readImport(pair, readSecret, founded)));
  const imported = read.flatMap((pair) => pair ?? []);
  return openLocalAuthority({
    name,
    settings: { ...hiddenCa, raSubject, raKeyBits, raYears, raOverlapDays, raCertificates },
    keys: data.keys,
    records: data.enrollments,
    state: data.settings,
    publicUrl: undefined,
    caIsRecipient: false,
    // Half an import is none: the files are gone since the first start.
    imported: imported.length > 0 && imported.length === pairs.length ? { ra: imported } : {},
    clock,
  });
}

const hiddenCa = {
  hierarchy: 'root',
  subject: 'CN=SCEP Gateway RA keys',
  rootSubject: 'CN=SCEP Gateway RA keys',
  keyBits: 2048,
  rootYears: 50,
  issuingYears: 50,
  crlHours: 8760,
  backdateMinutes: 60,
} as const satisfies Partial<LocalIssuerConfig>;
