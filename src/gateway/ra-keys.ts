/** RA keys of an issuer whose CA is elsewhere. */
import type { IssuerPair, LocalIssuerConfig } from '../config/index.js';
import { isFounded, openLocalAuthority, type LocalAuthority } from '../issuer/index.js';
import type { AuthorityDependencies } from './authority-dependencies.js';
import { readIssuerImport } from './issuer-import.js';
import { issuerKeys, tellOfPlaces } from './issuer-keys.js';

type RaSettings = Pick<
  LocalIssuerConfig,
  'raSubject' | 'raKeyBits' | 'raKeyToken' | 'raYears' | 'raOverlapDays' | 'raCertificates'
> & {
  readonly importRa?: IssuerPair | undefined;
  /** Beside `importRa` where that only signs. */
  readonly importRaEncryption?: IssuerPair | undefined;
};

/** The embedded authority keeps RA keys; its own CA certifies them until the CA behind has, and is shown to nobody. */
export async function openRaKeys(
  name: string,
  { importRa, importRaEncryption, ...config }: RaSettings,
  dependencies: AuthorityDependencies,
): Promise<LocalAuthority> {
  const {
    resolved: { readSecret },
    data,
    tokens,
    clock,
  } = dependencies;
  const { raSubject, raKeyBits, raYears, raOverlapDays, raCertificates } = config;
  const founded = await isFounded(data.settings, name);
  const pairs = [importRa, importRaEncryption].flatMap((pair) => pair ?? []);
  const { raKeyToken: token } = config;
  // The hidden CA has nothing to lose.
  const keys = issuerKeys(data.keys, tokens, { raKeyToken: token, caOpens: false });
  const reading = { readSecret, founded, keys, tokens, token };
  const read = await Promise.all(pairs.map((pair) => readIssuerImport(pair, reading)));
  const imported = read.flatMap((pair) => pair ?? []);
  const authority = await openLocalAuthority({
    name,
    settings: { ...hiddenCa, raSubject, raKeyBits, raYears, raOverlapDays, raCertificates },
    keys,
    records: data.enrollments,
    state: data.settings,
    publicUrl: undefined,
    caIsRecipient: false,
    // Half an import is none: the files are gone since the first start.
    imported: imported.length > 0 && imported.length === pairs.length ? { ra: imported } : {},
    clock,
  });
  await tellOfPlaces(name, { raKeyToken: token }, dependencies);
  return authority;
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
