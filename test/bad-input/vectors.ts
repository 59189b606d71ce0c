/**
 * Bad messages on file, so that other programs and other releases can be asked the same: fixtures/bad-input
 * holds one `.der` each and their answers in `index.json`.
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
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

export function writeVectors(messages: readonly BadMessage[]): void {
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory, { recursive: true });
  const entries = messages.map(({ name, bytes, told }) => {
    const file = `${name.toLowerCase().replace(/[^a-z0-9]+/g, '-')}.der`;
    writeFileSync(join(directory, file), bytes, { flag: 'wx' });
    return { name, file, told };
  });
  writeFileSync(join(directory, 'index.json'), `${JSON.stringify(entries, null, 2)}\n`);
  writeFileSync(join(directory, 'README.md'), readme);
}

const readme = `# Bad messages

One bad pkiMessage a file, and in \`index.json\` the exact answer it gets: HTTP status, and for a CertRep its
pkiStatus, failInfo and failInfoText without the reference.

They are addressed to the RA certificate that \`fixedAuthority\` of \`test/support/gateway.ts\` makes from the
keys in \`fixtures/keys\`, and carry the static challenge of \`test/bad-input/maker.ts\`. Made by
\`test/bad-input/bad-messages.ts\`; make them again, all of them, with

    WRITE_BAD_INPUT_VECTORS=1 node scripts/test.js test/bad-input/vectors
`;
