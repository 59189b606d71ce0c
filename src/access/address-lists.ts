import { readFile, stat } from 'node:fs/promises';
import { createNetworkSet, parseNetworkList, type NetworkSet } from '../address/index.js';
import { GatewayError, messageOf } from '../errors/index.js';

export interface AddressListFile {
  readonly name: string;
  /** Absolute path. */
  readonly file: string;
  /** Older than this it is complained about. */
  readonly maxAgeDays: number;
}

interface AddressList {
  readonly name: string;
  readonly networks: NetworkSet;
  readonly size: number;
  /** What the list says, else when the file was written. */
  readonly date: Date;
  /** `list jamf-cloud (10 entries of 2026-11-01)`. */
  readonly text: string;
}

/** For the log. */
export interface AddressListNotice {
  readonly level: 'info' | 'warn' | 'error';
  readonly message: string;
  readonly fields: Readonly<Record<string, string | number>>;
}

export interface AddressLists {
  /** @throws RangeError for a name that is not configured */
  get(name: string): AddressList;
  readonly all: () => readonly AddressList[];
  /** Takes up files that changed; a broken one changes nothing. Tells once a day which lists are old. */
  refresh(): Promise<void>;
}

const dayMillis = 86_400_000;
const largestFile = 4 * 1024 * 1024;

/** @throws GatewayError `config.unreadable` when a list cannot be read at the start */
export async function openAddressLists(options: {
  readonly files: readonly AddressListFile[];
  readonly clock: () => Date;
  readonly report: (notice: AddressListNotice) => void;
}): Promise<AddressLists> {
  const { files, clock, report } = options;
  const held = new Map<string, HeldList>();

  async function take(file: AddressListFile, version: string): Promise<void> {
    const list = await readList(file);
    held.set(file.name, { list, version, complainedOn: undefined });
    const { name, size, date } = list;
    const fields = { list: name, entries: size, date: dayOf(date) };
    report({ level: 'info', message: 'address list loaded', fields });
  }

  function complainAboutAge({ name, maxAgeDays }: AddressListFile): void {
    const entry = held.get(name);
    const now = clock();
    const ageDays = entry ? Math.floor((now.getTime() - entry.list.date.getTime()) / dayMillis) : 0;
    if (!entry || ageDays <= maxAgeDays || entry.complainedOn === dayOf(now)) return;
    entry.complainedOn = dayOf(now);
    report({
      level: 'warn',
      message: 'an address list is old: get the current one',
      fields: { list: name, date: dayOf(entry.list.date), ageDays, maxAgeDays },
    });
  }

  for (const file of files) {
    await take(file, await versionOf(file));
    complainAboutAge(file);
  }

  return {
    get(name) {
      const entry = held.get(name);
      if (!entry) throw new RangeError(`there is no address list ${name}`);
      return entry.list;
    },
    all: () => [...held.values()].map(({ list }) => list),
    async refresh() {
      for (const file of files) {
        const entry = held.get(file.name);
        // What could not be read is read again only when it changes again, so that it is told once.
        const version = await versionOf(file).catch(() => 'unreadable');
        if (entry && entry.version !== version) {
          entry.version = version;
          await take(file, version).catch((error: unknown) => report(kept(file.name, error)));
        }
        complainAboutAge(file);
      }
    },
  };
}

interface HeldList {
  readonly list: AddressList;
  version: string;
  complainedOn: string | undefined;
}

function kept(list: string, error: unknown): AddressListNotice {
  return {
    level: 'error',
    message: 'an address list cannot be used; the one before it stays in force',
    fields: { list, error: messageOf(error) },
  };
}

/** Changes with every way a file is replaced or rewritten. */
async function versionOf(file: AddressListFile): Promise<string> {
  try {
    const { mtimeMs, size, ino } = await stat(file.file);
    return [mtimeMs, size, ino].join();
  } catch (cause) {
    throw unreadable(file, 'it cannot be read', cause);
  }
}

async function readList(file: AddressListFile): Promise<AddressList> {
  const { name } = file;
  const { text, writtenAt } = await readText(file);
  const outcome = parseNetworkList(text);
  if (outcome.kind === 'broken') throw unreadable(file, outcome.problems.join('; '));
  const { networks, date = writtenAt } = outcome.list;
  const entries = networks.length === 1 ? '1 entry' : `${networks.length} entries`;
  return {
    name,
    networks: createNetworkSet(networks),
    size: networks.length,
    date,
    text: `list ${name} (${entries} of ${dayOf(date)})`,
  };
}

async function readText(
  file: AddressListFile,
): Promise<{ readonly text: string; readonly writtenAt: Date }> {
  try {
    const { size, mtime } = await stat(file.file);
    if (size > largestFile) throw unreadable(file, `it is larger than ${largestFile} octets`);
    return { text: await readFile(file.file, 'utf8'), writtenAt: mtime };
  } catch (cause) {
    if (cause instanceof GatewayError) throw cause;
    throw unreadable(file, 'it cannot be read', cause);
  }
}

function unreadable({ name, file }: AddressListFile, reason: string, cause?: unknown) {
  return new GatewayError('config.unreadable', `The address list ${name} (${file}): ${reason}.`, {
    mend: 'Write one address or network a line.',
    cause,
  });
}

function dayOf(date: Date): string {
  return date.toISOString().slice(0, 10);
}
