import { expect, test } from '@jest/globals';
import { maintainAuthorities } from '../../src/gateway/upkeep.js';
import type { Authority } from '../../src/issuer/index.js';
import { capturedLog } from '../support/captured-log.js';

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
  const { telemetry, text } = capturedLog();
  await maintainAuthorities(new Map(names.map((name) => [name, authority(name)])), telemetry.log);
  await telemetry.close();
  for (const name of names) expect(text()).toContain(`${name} says nothing`);
});
