import { randomBytes as systemRandomBytes } from 'node:crypto';
import { isGatewayError } from '../../errors/index.js';
import type { Certificate, Name } from '../../x509/index.js';
import type { Authority, MaintenanceShare, Notice, PublishedFile } from '../authority.js';
import type { Issuer } from '../issuer.js';
import type { RaKeeper } from '../ra-keeper.js';
import type { CaRollover, RegistrationAuthority } from '../registration-authority.js';
import type { AuthorityContext } from './authority-context.js';
import { CaDirectory } from './ca-directory.js';
import { withoutSuccessor, withSuccessor, withSuccessorActive } from './ca-rollover.js';
import { CertificateMint } from './certificate-mint.js';
import { expiryNotices } from './expiry-notice.js';
import { foundAuthority, recertifiedCa } from './founding.js';
import { KeyRing } from './key-ring.js';
import type {
  LocalAuthority,
  LocalAuthorityOptions,
  RolloverOrder,
  RolloverStatus,
} from './local-authority.types.js';
import { LocalIssuer } from './local-issuer.js';
import {
  raStatusOf,
  withInstalledRa,
  withoutRaRequests,
  withRaRequests,
  withNoted,
} from './ra-request.js';
import { endOfRa, renewedRa, takenOverRa, withoutOldRaKeys } from './ra-replacement.js';
import { RecordKeeper } from './record-keeper.js';
import { stateKeyOf } from './state-key.js';

/**
 * Opens the embedded CA of an issuer: makes CA and RA on the first start, finds them again on the next,
 * and brings RA certificates in line with the configuration.
 *
 * @throws GatewayError `config.invalid` for a name or an import that will not do, or one of the key store
 */
export async function openLocalAuthority(options: LocalAuthorityOptions): Promise<LocalAuthority> {
  const { name, settings, records, state, caIsRecipient, imported } = options;
  const clock = options.clock ?? (() => new Date());
  const ring = new KeyRing(options.keys);
  const mint = new CertificateMint({
    issuerName: name,
    publicUrl: options.publicUrl,
    backdateMinutes: settings.backdateMinutes,
    clock,
    randomBytes: options.randomBytes ?? systemRandomBytes,
  });
  const context: AuthorityContext = { name, settings, caIsRecipient, records, ring, mint, clock };
  const stateKey = stateKeyOf(name);
  const { raOverlapDays } = settings;
  const keeper = await RecordKeeper.open(
    { state, stateKey, ring, caIsRecipient, raOverlapDays, clock },
    () => foundAuthority(context, imported),
  );
  const { ca, ra } = imported ?? {};
  if (ca) await keeper.change((record) => recertifiedCa(context, record, ca));
  if (ra) await keeper.change((record) => takenOverRa(context, record, ra));
  await keeper.change((record) => renewedRa(context, record));
  const { crlHours } = settings;
  const directory = new CaDirectory({
    issuerName: name,
    ring,
    record: () => keeper.loaded.record,
    records,
    state,
    stateKey: `${stateKey}.crl`,
    crlHours,
    clock,
  });
  return new EmbeddedAuthority(context, keeper, directory);
}

/** True when this issuer had its first start: what it imports then may be gone since. */
export async function isFounded(
  state: Pick<LocalAuthorityOptions['state'], 'get'>,
  name: string,
): Promise<boolean> {
  return (await state.get(stateKeyOf(name))) !== undefined;
}

/** True for the embedded CA, which alone can be replaced from here. */
export function isLocalAuthority(authority: Authority): authority is LocalAuthority {
  return authority.kind === 'local';
}

class EmbeddedAuthority implements LocalAuthority {
  readonly kind = 'local';
  readonly issuer: Issuer;
  readonly #context: AuthorityContext;
  readonly #keeper: RecordKeeper;
  readonly #directory: CaDirectory;

  constructor(context: AuthorityContext, keeper: RecordKeeper, directory: CaDirectory) {
    const { name, mint, clock } = context;
    this.#context = context;
    this.#keeper = keeper;
    this.#directory = directory;
    this.issuer = new LocalIssuer({
      name,
      mint,
      clock,
      authority: () => keeper.loaded,
      crl: () => directory.issuing.current(),
    });
  }

  registrationAuthority(kind: 'ra' | 'ca'): RegistrationAuthority {
    return kind === 'ra' ? this.#keeper.loaded.ra : this.#keeper.loaded.caAsRa;
  }

  get knownCas(): readonly Certificate[] {
    const { current, retired } = this.#keeper.loaded.record;
    return [current, ...retired].map(({ ca }) => ca.certificate);
  }

  get thumbprintCertificate(): Certificate {
    return this.#keeper.loaded.issuing.certificate;
  }

  rollover(): CaRollover | undefined {
    return this.#keeper.loaded.rollover;
  }

  rolloverStatus(): RolloverStatus {
    const { current, next, retired } = this.#keeper.loaded.record;
    return {
      current: current.ca.certificate,
      next: next?.ca.certificate,
      retired: retired.map(({ ca, retiredAt }) => ({ certificate: ca.certificate, retiredAt })),
    };
  }

  async prepareRollover(order: RolloverOrder = {}): Promise<RolloverStatus> {
    await this.#keeper.change((record) => withSuccessor(this.#context, record, order));
    return this.rolloverStatus();
  }

  async activateRollover(): Promise<RolloverStatus> {
    await this.#keeper.change((record) => withSuccessorActive(this.#context, record));
    return this.rolloverStatus();
  }

  async discardRollover(): Promise<RolloverStatus> {
    await this.#keeper.change(withoutSuccessor);
    return this.rolloverStatus();
  }

  readonly raKeeper: RaKeeper = {
    status: () => raStatusOf(this.#keeper.loaded.record),
    request: async () => {
      await this.#keeper.change((record) => withRaRequests(this.#context, record));
      return raStatusOf(this.#keeper.loaded.record).requests;
    },
    noteRequestId: async (keyId, requestId) => {
      await this.#keeper.change((record) => withNoted(record, keyId, { requestId }));
    },
    noteCertificate: async (keyId, certificate) => {
      await this.#keeper.change((record) => withNoted(record, keyId, { certificate }));
    },
    install: async (certificates, origin) => {
      await this.#keeper.change((record) =>
        withInstalledRa(this.#context, record, certificates, origin),
      );
      return raStatusOf(this.#keeper.loaded.record);
    },
    discard: async () => {
      await this.#keeper.change(withoutRaRequests);
    },
  };

  crlFor(issuer: Name): Promise<Buffer | undefined> {
    return this.#directory.crlFor(issuer);
  }

  published(path: string): Promise<PublishedFile | undefined> {
    return this.#directory.published(path);
  }

  reload(): Promise<boolean> {
    return this.#keeper.reload();
  }

  async maintain(share: MaintenanceShare = 'everything'): Promise<readonly Notice[]> {
    const { clock, caIsRecipient } = this.#context;
    if (share === 'own') {
      return [
        ...(await told('ra.failed', 'Old RA keys could not be dropped', [() => this.#expire()])),
        ...expiryNotices(this.#keeper.loaded, caIsRecipient, clock()),
      ];
    }
    return [
      ...(await told('ra.failed', 'The RA certificates could not be looked after', [
        () => this.#renewRa(),
        () => this.#dropOldRaKeys(),
      ])),
      ...(await told('crl.failed', 'The CRL could not be renewed, the last one is still served', [
        () => this.#refreshCrls(),
      ])),
      ...expiryNotices(this.#keeper.loaded, caIsRecipient, clock()),
    ];
  }

  async #expire(): Promise<undefined> {
    await this.#keeper.expire();
  }

  async #refreshCrls(): Promise<undefined> {
    await this.#directory.refreshCrls();
  }

  async #renewRa(): Promise<Notice | undefined> {
    if (!(await this.#keeper.change((record) => renewedRa(this.#context, record))))
      return undefined;
    const end = endOfRa(this.#keeper.loaded.record.current.ra).toISOString().slice(0, 10);
    return {
      severity: 'info',
      code: 'ra.renewed',
      text: `The RA certificates were renewed and now end on ${end}; the keys they replace open requests for ${this.#context.settings.raOverlapDays} days more.`,
    };
  }

  async #dropOldRaKeys(): Promise<Notice | undefined> {
    const now = this.#context.clock();
    const changed = await this.#keeper.change((record) => withoutOldRaKeys(record, now));
    await this.#keeper.expire();
    if (!changed) return undefined;
    return {
      severity: 'info',
      code: 'ra.key-dropped',
      text: 'A replaced RA key no longer opens requests: its overlap is over.',
    };
  }
}

/** Notices of the steps; one that fails is told and ends the row. */
async function told(
  code: Notice['code'],
  failure: string,
  steps: readonly (() => Promise<Notice | undefined>)[],
): Promise<Notice[]> {
  const notices: Notice[] = [];
  try {
    for (const step of steps) {
      const notice = await step();
      if (notice) notices.push(notice);
    }
  } catch (error) {
    const cause = isGatewayError(error) ? (error.cause ?? error) : error;
    notices.push({ severity: 'error', code, text: `${failure}: ${String(cause)}` });
  }
  return notices;
}
