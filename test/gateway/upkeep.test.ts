import { expect, test } from '@jest/globals';
import { Writable } from 'node:stream';
import { maintainAuthorities } from '../../src/gateway/upkeep.js';
import type { Authority } from '../../src/issuer/index.js';
import { createLog } from '../../src/telemetry/index.js';

test('a CA that says nothing keeps no other waiting', async () => {
  const names = ['first', 'second', 'third'];
  const begun: string[] = [];
  let everyBegun = (): void => undefined;
  const allBegun = new Promise<void>((resolve) => (everyBegun = resolve));
  const authority = (name: string) =>
    ({
      async maintain() {
        begun.push(name);
        if (begun.length === names.length) everyBegun();
        await allBegun;
        return [{ severity: 'error', code: 'upstream.failed', text: `${name} says nothing` }];
      },
    }) satisfies Pick<Authority, 'maintain'> as unknown as Authority;
  let text = '';
  const destination = new Writable({
    write(chunk: Buffer, _encoding, done) {
      text += chunk.toString();
      done();
    },
  });
  const telemetry = createLog({ level: 'info', format: 'json', destination });
  await maintainAuthorities(new Map(names.map((name) => [name, authority(name)])), telemetry.log);
  await telemetry.close();
  for (const name of names) expect(text).toContain(`${name} says nothing`);
});
