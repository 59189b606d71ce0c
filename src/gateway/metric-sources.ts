import type { AddressLists } from '../access/index.js';
import type { MetricSources } from '../telemetry/index.js';
import type { DataDirectory } from './data-directory.js';
import type { Authorities } from './profiles.js';

/** Counting challenges reads them all: a reader in a hurry gets the last count. */
const countMillis = 10_000;

export function metricSources(options: {
  readonly data: Pick<DataDirectory, 'challengeState'>;
  readonly backlog: MetricSources['backlog'];
  readonly leads: MetricSources['leads'];
  readonly authorities: Authorities;
  readonly lists: Pick<AddressLists, 'all'>;
  readonly queues: MetricSources['queues'];
  readonly clock: () => Date;
}): MetricSources {
  const { data, backlog, leads, authorities, lists, queues, clock } = options;
  let counted:
    { readonly at: number; readonly counts: Promise<Record<string, number>> } | undefined;
  return {
    challenges() {
      const now = clock();
      if (counted === undefined || Math.abs(now.getTime() - counted.at) >= countMillis) {
        counted = { at: now.getTime(), counts: data.challengeState.store.count(now) };
      }
      return counted.counts;
    },
    backlog,
    leads,
    queues,
    certificates: () =>
      [...authorities].flatMap(([issuer, authority]) => [
        ...authority.issuer.chain.map((ca) => ({ issuer, kind: 'ca', ...endOf(ca) })),
        ...authority
          .registrationAuthority('ra')
          .certificates.map((ra) => ({ issuer, kind: 'ra', ...endOf(ra) })),
      ]),
    addressLists: () => lists.all().map(({ name, date }) => ({ name, date })),
  };
}

function endOf({ serial, notAfter }: { readonly serial: string; readonly notAfter: Date }) {
  return { serial, notAfter };
}
