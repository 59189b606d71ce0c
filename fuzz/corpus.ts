/** fixtures/fuzz: a few short inputs for each target and outcome, and what was found once. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { z } from 'zod';

const folder = 'fixtures/fuzz';

const fileSchema = z.array(
  z.union([
    z.strictObject({ outcome: z.string(), text: z.string(), was: z.string().optional() }),
    z.strictObject({ outcome: z.string(), base64: z.base64(), was: z.string().optional() }),
  ]),
);

export interface CorpusEntry {
  readonly input: Buffer;
  readonly outcome: string;
  /** The fault that it showed once; such an entry stays. */
  readonly was?: string | undefined;
}

export function corpusOf(target: string): readonly CorpusEntry[] {
  const file = `${folder}/${target}.json`;
  if (!existsSync(file)) return [];
  return fileSchema.parse(JSON.parse(readFileSync(file, 'utf8'))).map((entry) => ({
    outcome: entry.outcome,
    input: 'text' in entry ? Buffer.from(entry.text) : Buffer.from(entry.base64, 'base64'),
    was: entry.was,
  }));
}

export function writeCorpus(target: string, entries: readonly CorpusEntry[]): void {
  mkdirSync(folder, { recursive: true });
  const written = entries.map(({ outcome, input, was }) => ({
    outcome,
    ...(was !== undefined && { was }),
    ...(isPlainText(input) ? { text: input.toString() } : { base64: input.toString('base64') }),
  }));
  writeFileSync(`${folder}/${target}.json`, `${JSON.stringify(written, null, 2)}\n`);
}

function isPlainText(input: Buffer): boolean {
  return input.every((octet) => octet === 0x0a || (octet >= 0x20 && octet < 0x7f));
}
