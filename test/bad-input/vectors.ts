/**
 * Bad messages on file, so that other programs and other releases can be asked the same: fixtures/bad-input
 * holds one `.der` each and their answers in `index.json`.
 */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import type { BadMessage } from './maker.js';

const directory = 'fixtures/bad-input';

const index = z.array(
  z.strictObject({
    name: z.string(),
    file: z.string().regex(/^[a-z0-9-]+\.der$/),
    told: z.strictObject({
      status: z.int(),
      pkiStatus: z.string().exactOptional(),
      failInfo: z.string().exactOptional(),
      text: z.string().exactOptional(),
    }),
  }),
);

export function readVectors(): BadMessage[] {
  const entries = index.parse(JSON.parse(readFileSync(join(directory, 'index.json'), 'utf8')));
  return entries.map(({ name, file, told }) => ({
    name,
    told,
    bytes: readFileSync(join(directory, file)),
  }));
}

/** What is on file with the same answer stays as it is: mutants are made of it. */
export function writeVectors(messages: readonly BadMessage[]): void {
  const standing = new Map(knownVectors().map((vector) => [vector.name, vector]));
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory, { recursive: true });
  const entries = messages.map((message) => {
    const { name, told } = message;
    const known = standing.get(name);
    const { bytes } = known && isDeepStrictEqual(known.told, told) ? known : message;
    const file = `${name.toLowerCase().replace(/[^a-z0-9]+/g, '-')}.der`;
    writeFileSync(join(directory, file), bytes, { flag: 'wx' });
    return { name, file, told };
  });
  writeFileSync(join(directory, 'index.json'), `${JSON.stringify(entries, null, 2)}\n`);
  writeFileSync(join(directory, 'README.md'), readme);
}

function knownVectors(): BadMessage[] {
  return existsSync(join(directory, 'index.json')) ? readVectors() : [];
}

const readme = `# Bad messages

One bad pkiMessage a file, and in \`index.json\` the exact answer it gets: HTTP status, and for a CertRep its
pkiStatus, failInfo and failInfoText without the reference.

They are addressed to the RA certificate that \`fixedAuthority\` of \`test/support/gateway.ts\` makes from the
keys in \`fixtures/keys\`, and carry the static challenge of \`test/bad-input/maker.ts\`. Made by
\`test/bad-input/bad-messages.ts\`; what is new there is added, and what has another answer replaced, by

    WRITE_BAD_INPUT_VECTORS=1 node scripts/test.js test/bad-input/vectors
`;
