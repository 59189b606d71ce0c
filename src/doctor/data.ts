/** The data directory: what is kept of keys and certificates, looked at and not changed. */
import type { ResolvedConfig } from '../config/index.js';
import {
  issuerKeys,
  viewChallengeServer,
  viewDataDirectory,
  type DataView,
} from '../gateway/index.js';
import { viewAuthority, type AuthorityView } from '../issuer/index.js';
import { TokenKey } from '../keys/index.js';
import type { Tokens } from '../pkcs11/index.js';
import type { RsaKey } from '../x509/index.js';
import type { Examination } from './examination.js';
import { info, ok, warning, type Verdict } from './finding.js';

const about = 'data directory';

/** `data.directory`. @returns undefined before the first start, and where it cannot be read */
export async function examineData(
  examination: Examination,
  resolved: ResolvedConfig,
): Promise<DataView | undefined> {
  let view: DataView | undefined;
  const { directory } = resolved.config.data;
  await examination.check({ id: 'data.directory', about }, async () => {
    view = await viewDataDirectory(resolved);
    return view === undefined
      ? info(
          `There is nothing in ${directory} yet: no gateway was started with it.`,
          'Check SCEP_GATEWAY_DATA_DIR and data.directory, if one was; else: scep-gateway init.',
        )
      : ok(
          resolved.config.data.store.kind === 'sqlite'
            ? `The database in ${directory} can be read.`
            : `The database of data.store can be read, and so can ${directory}.`,
        );
  });
  return view;
}

/** `data.redis`: the server answers, and keeps what it is given. Writes nothing there. */
export async function examineChallengeServer(
  examination: Examination,
  resolved: ResolvedConfig,
): Promise<void> {
  if (resolved.config.data.challengeStore !== 'redis') return;
  await examination.check({ id: 'data.redis', about: 'challenge server' }, async () => {
    const report = await viewChallengeServer(resolved);
    if (report === undefined) return [];
    return [
      ok(`It answers: ${report.server}.`),
      ...report.concerns.map((concern) =>
        warning(`${concern}.`, 'See docs/several-gateways.md, Challenges on a Redis server.'),
      ),
    ];
  });
}

interface KeysToExamine {
  readonly resolved: ResolvedConfig;
  /** Names. */
  readonly issuers: readonly string[];
  /** Those that are open. */
  readonly tokens: Tokens['byName'];
}

/** `data.keys`: every key in force opens. @returns what each issuer keeps, by its name */
export async function examineKeys(
  examination: Examination,
  { keys, settings }: DataView,
  { resolved, issuers, tokens }: KeysToExamine,
): Promise<ReadonlyMap<string, AuthorityView>> {
  const views = new Map<string, AuthorityView>();
  for (const issuer of issuers) {
    await examination.check(
      { id: 'data.keys', about: `issuer ${issuer}`, doing: 'opening keys' },
      async () => {
        const view = await viewAuthority(settings, issuer);
        if (view === undefined) return [];
        views.set(issuer, view);
        const config = resolved.config.issuers[issuer];
        const open = (name: string | undefined) =>
          name !== undefined && tokens.has(name) ? name : undefined;
        const placed = issuerKeys(
          keys,
          { byName: tokens },
          {
            keyToken: open(config?.kind === 'local' ? config.keyToken : undefined),
            raKeyToken: open(config?.raKeyToken),
            caOpens: false,
          },
        );
        const verdicts: Verdict[] = [];
        for (const name of view.keys) verdicts.push(...keyVerdicts(name, await placed.load(name)));
        return [ok(`Its ${view.keys.length} private keys open.`), ...verdicts];
      },
    );
  }
  return views;
}

function keyVerdicts(name: string, key: RsaKey): Verdict[] {
  if (!(key instanceof TokenKey)) return [];
  const lies = `The key ${name} lies in the token ${key.tokenName}`;
  if (key.isExtractable === undefined)
    return [info(`${lies}, which does not tell whether it would hand it out (CKA_EXTRACTABLE).`)];
  return key.isExtractable
    ? [
        warning(
          `${lies}, which would hand it out (CKA_EXTRACTABLE).`,
          'Make a key that is not extractable, and let it follow this one by a rollover.',
        ),
      ]
    : [ok(`${lies} and cannot leave it.`)];
}
