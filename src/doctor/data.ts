/** The data directory: what is kept of keys and certificates, looked at and not changed. */
import type { ResolvedConfig } from '../config/index.js';
import { viewDataDirectory, type DataView } from '../gateway/index.js';
import { viewAuthority, type AuthorityView } from '../issuer/index.js';
import type { Examination } from './examination.js';
import { info, ok } from './finding.js';

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

/** `data.keys`: every key in force opens. @returns what each issuer keeps, by its name */
export async function examineKeys(
  examination: Examination,
  { keys, settings }: DataView,
  issuers: readonly string[],
): Promise<ReadonlyMap<string, AuthorityView>> {
  const views = new Map<string, AuthorityView>();
  for (const issuer of issuers) {
    await examination.check(
      { id: 'data.keys', about: `issuer ${issuer}`, doing: 'opening keys' },
      async () => {
        const view = await viewAuthority(settings, issuer);
        if (view === undefined) return [];
        views.set(issuer, view);
        for (const key of view.keys) await keys.load(key);
        return ok(`Its ${view.keys.length} private keys open.`);
      },
    );
  }
  return views;
}
