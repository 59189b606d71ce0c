import { parseNetwork, type Network } from './network.js';

/** What a list file says: one network a line, `#` comments, and optionally `# date: 2026-11-01`. */
interface NetworkList {
  readonly networks: readonly Network[];
  /** Midnight UTC of the day the list says it is of. */
  readonly date: Date | undefined;
}

export type NetworkListOutcome =
  | { readonly kind: 'read'; readonly list: NetworkList }
  /** Each problem names its line. */
  | { readonly kind: 'broken'; readonly problems: readonly string[] };

const mostNetworks = 20_000;
const mostProblems = 10;

/** A list without any network is broken: a file that was cut off must not lock everybody out. */
export function parseNetworkList(text: string): NetworkListOutcome {
  const networks: Network[] = [];
  const problems: string[] = [];
  let date: Date | undefined;
  text
    .replace(/^\uFEFF/, '')
    .split(/\r\n|\n|\r/)
    .forEach((line, index) => {
      const complain = (problem: string) => void problems.push(`line ${index + 1} ${problem}`);
      const day = /^\s*#\s*date:\s*(.*?)\s*$/i.exec(line)?.[1];
      if (day !== undefined) {
        if (date !== undefined) complain('is a second date');
        date = parseDay(day);
        if (date === undefined) complain('has no date such as 2026-11-01');
        return;
      }
      const [entry = ''] = line.split('#');
      if (entry.trim() === '') return;
      const outcome = parseNetwork(entry.trim());
      if (outcome.kind === 'network') networks.push(outcome.network);
      else complain(`(${shown(entry.trim())}) ${outcome.reason}`);
    });
  if (networks.length > mostNetworks) problems.push(`it has more than ${mostNetworks} entries`);
  if (problems.length === 0 && networks.length === 0) problems.push('it holds no address');
  if (problems.length > 0) return { kind: 'broken', problems: problems.slice(0, mostProblems) };
  return { kind: 'read', list: { networks, date } };
}

function parseDay(text: string): Date | undefined {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return undefined;
  const date = new Date(`${text}T00:00:00Z`);
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(text) ? date : undefined;
}

function shown(text: string): string {
  return text.slice(0, 60).replace(/[^\x20-\x7e]/g, '?');
}
