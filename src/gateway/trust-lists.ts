/** Configuration → trust lists, with the files and the CAs of our own that stand behind them. */
import { readFile } from 'node:fs/promises';
import {
  createTrustList,
  isAnchor,
  parseCertificateName,
  readRevocationList,
  type RevocationList,
  type TrustList,
} from '../access/index.js';
import type { GatewayConfig } from '../config/index.js';
import { GatewayError, isGatewayError } from '../errors/index.js';
import type { Log } from '../telemetry/index.js';
import { Certificate, readPem, type Name } from '../x509/index.js';
import { watchFiles } from './watched-files.js';

type TrustListConfig = GatewayConfig['access']['trustLists'][string];

export interface TrustLists {
  /** @throws RangeError for a name that is not configured */
  get(name: string): TrustList;
  /** What an administrator should know of their files. */
  readonly warnings: () => readonly TrustWarning[];
  refresh(): Promise<void>;
}

interface TrustWarning {
  readonly list: string;
  readonly text: string;
}

/** A CA of this gateway, with the certificates and CRLs of all its generations. */
export interface OwnCa {
  readonly knownCas: readonly Certificate[];
  crlFor(issuer: Name): Promise<Buffer | undefined>;
}

/** @throws GatewayError `config.*` when a file cannot be used at the start */
export async function openTrustLists(options: {
  readonly lists: GatewayConfig['access']['trustLists'];
  readonly ownCa: (issuer: string) => OwnCa | undefined;
  readonly clock: () => Date;
  readonly log: Log;
}): Promise<TrustLists> {
  const { clock, log } = options;
  const opened = new Map<string, OpenedList>();
  for (const [name, config] of Object.entries(options.lists)) {
    opened.set(name, await openTrustList(name, config, options));
  }
  const told = new Map<string, string>();
  const warnings = () => [...opened.values()].flatMap((list) => list.warnings());

  /** Each once a day. */
  function warn(): void {
    const today = clock().toISOString().slice(0, 10);
    for (const { list, text } of warnings()) {
      if (told.get(text) === today) continue;
      told.set(text, today);
      log.warn(text, { trustList: list });
    }
  }

  warn();
  return {
    get(name) {
      const found = opened.get(name);
      if (!found) throw new RangeError(`there is no trust list ${name}`);
      return found.list;
    },
    warnings,
    async refresh() {
      for (const list of opened.values()) await list.refresh();
      warn();
    },
  };
}

/** For those who only ask. */
export const silentLog: Log = {
  error: () => undefined,
  warn: () => undefined,
  info: () => undefined,
  debug: () => undefined,
};

interface OpenedList {
  readonly list: TrustList;
  readonly warnings: () => readonly TrustWarning[];
  refresh(): Promise<void>;
}

interface TrustFiles {
  readonly anchors: readonly Certificate[];
  readonly crls: readonly RevocationList[];
}

async function openTrustList(
  name: string,
  config: TrustListConfig,
  { ownCa, clock, log }: Parameters<typeof openTrustLists>[0],
): Promise<OpenedList> {
  const files = await watchFiles<TrustFiles>({
    what: `trust list ${name}`,
    files: [...config.ca, ...config.crls],
    read: () => readTrustFiles(name, config),
    log,
  });
  const own = config.issuers.flatMap((issuer) => ownCa(issuer) ?? []);
  const ownCrls = new WeakMap<Buffer, RevocationList>();

  async function ownRevocationList(issuer: Certificate): Promise<RevocationList[]> {
    for (const authority of own) {
      const der = await authority.crlFor(issuer.subject);
      if (!der) continue;
      // The CA makes a new one when something is revoked; until then it is the same buffer.
      const known = ownCrls.get(der) ?? readRevocationList(der);
      ownCrls.set(der, known);
      return [known];
    }
    return [];
  }

  const byCa = config.ca.length + config.issuers.length > 0;
  const list = createTrustList({
    name,
    pins: config.pins,
    anchors: byCa
      ? () => [...files.current().anchors, ...own.flatMap(({ knownCas }) => knownCas)]
      : undefined,
    names: config.names.map((text) => parseCertificateName(text)),
    revocation: {
      rule: config.revocation,
      graceMillis: config.crlGraceHours * 3_600_000,
      lists: async (issuer) => [...files.current().crls, ...(await ownRevocationList(issuer))],
    },
    clock,
  });
  return {
    list,
    refresh: () => files.refresh(),
    warnings: () => fileWarnings(name, files.current(), clock()),
  };
}

async function readTrustFiles(name: string, { ca, crls }: TrustListConfig): Promise<TrustFiles> {
  const anchors: Certificate[] = [];
  for (const file of ca) {
    const found = await readObjects(name, file, /^(X509 |TRUSTED )?CERTIFICATE$/, (der) =>
      Certificate.fromDer(der),
    );
    const leaf = found.find((certificate) => !isAnchor(certificate));
    if (leaf) {
      throw unusable(name, file, `${leaf.subject.text.slice(0, 200)} is no CA certificate`);
    }
    anchors.push(...found);
  }
  const lists: RevocationList[] = [];
  for (const file of crls) {
    lists.push(...(await readObjects(name, file, /^X509 CRL$/, readRevocationList)));
  }
  return { anchors, crls: lists };
}

/** Everything of one kind in a file, PEM or DER. */
async function readObjects<T>(
  list: string,
  file: string,
  label: RegExp,
  parse: (der: Buffer) => T,
): Promise<T[]> {
  let bytes: Buffer;
  try {
    bytes = await readFile(file);
  } catch (cause) {
    throw unusable(list, file, 'it cannot be read', cause);
  }
  try {
    const isPem = bytes.includes('-----BEGIN ');
    const ders = isPem
      ? readPem(bytes.toString('latin1')).flatMap((block) =>
          label.test(block.label) ? [block.der] : [],
        )
      : [bytes];
    if (ders.length === 0) throw unusable(list, file, 'nothing of this kind is in it');
    return ders.map(parse);
  } catch (cause) {
    if (isGatewayError(cause) && cause.code === 'config.unreadable') throw cause;
    const known = isGatewayError(cause) && cause.code === 'x509.malformed';
    throw unusable(list, file, known ? cause.message : 'it is neither PEM nor DER', cause);
  }
}

function unusable(list: string, file: string, reason: string, cause?: unknown): GatewayError {
  return new GatewayError(
    'config.unreadable',
    `The file ${file} of the trust list ${list} cannot be used: ${reason}`,
    { mend: 'Give PEM or DER files: CA certificates under `ca`, whole CRLs under `crls`.', cause },
  );
}

const soonMillis = 30 * 86_400_000;

function fileWarnings(list: string, { anchors, crls }: TrustFiles, now: Date): TrustWarning[] {
  return [
    ...anchors.flatMap(({ subject, notAfter }) =>
      notAfter.getTime() - now.getTime() > soonMillis
        ? []
        : [`the CA certificate ${subject.text.slice(0, 200)} ends on ${notAfter.toISOString()}`],
    ),
    ...crls.flatMap(({ issuer, nextUpdate }) => {
      if (nextUpdate && nextUpdate > now) return [];
      const since = nextUpdate ? `since ${nextUpdate.toISOString()}` : '(it has no nextUpdate)';
      return [`the CRL of ${issuer.slice(0, 200)} is out of date ${since}`];
    }),
  ].map((text) => ({ list, text }));
}
