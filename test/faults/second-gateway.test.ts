/** Two gateways on one data directory: each would count limits and lock-outs for itself. */
import { afterEach, expect, test } from '@jest/globals';
import { startGatewayProcess, type GatewayProcess } from '../support/gateway-process.js';

let first: GatewayProcess;
afterEach(() => first.dispose());

test('a second one is refused, commands are not, and whoever was killed stands in no way', async () => {
  first = await startGatewayProcess();
  const { directory } = first;
  const second = startGatewayProcess({ directory });
  await expect(second).rejects.toThrow(
    `Another gateway serves the data directory ${first.dataDirectory}: process ${first.child.pid} of `,
  );
  expect((await first.run(['pending', 'list'])).code).toBe(0);
  expect(await first.challenge()).toMatch(/^\S{8,}$/);
  await first.stop('SIGKILL');
  first = await startGatewayProcess({ directory });
  expect(await first.challenge()).toMatch(/^\S{8,}$/);
}, 120_000);

test('as many as the configuration says may share it', async () => {
  const config = 'data: { processes: 2 }\n';
  first = await startGatewayProcess({ config });
  const { directory } = first;
  const second = await startGatewayProcess({ config, directory });
  await expect(startGatewayProcess({ config, directory })).rejects.toThrow(
    '2 gateways serve the data directory',
  );
  expect(await second.stop('SIGTERM')).toBe(0);
  const third = await startGatewayProcess({ config, directory });
  await third.stop('SIGTERM');
}, 120_000);
