import { expect, test } from '@jest/globals';
import { GatewayError } from '../../src/errors/index.js';
import { toldOnce } from '../../src/gateway/told-once.js';
import { redisError } from '../../src/store/redis/redis-error.js';
import { capturedLog } from '../support/captured-log.js';

async function logged(tell: (faults: ReturnType<typeof toldOnce>) => void) {
  const { telemetry, text } = capturedLog();
  tell(toldOnce(telemetry.log, 'upkeep'));
  await telemetry.close();
  return text()
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as unknown);
}

const noPermission = () =>
  redisError(new Error("NOPERM this user has no permissions to run the 'hgetall' command"));
const gone = () => redisError(new Error('connect ECONNREFUSED 192.0.2.1:6379'));

test('a fault is told once, with all that helps to mend it', async () => {
  const lines = await logged((faults) => {
    faults.failed(noPermission());
    faults.failed(noPermission());
    faults.worked();
    faults.worked();
  });
  expect(lines).toEqual([
    expect.objectContaining({
      level: 'error',
      message: 'upkeep failed',
      code: 'store.unavailable',
      error: 'The challenge server cannot be used now.',
      detail: "NOPERM this user has no permissions to run the 'hgetall' command",
      mend: expect.stringContaining('docs/several-gateways.md') as unknown,
    }),
    expect.objectContaining({ message: 'upkeep works again', failures: 2 }),
  ]);
});

test('another fault of the same words is told, too; what only counts on is not', async () => {
  const busy = (attempt: number) =>
    new GatewayError('store.unavailable', 'Busy.', { detail: `attempt ${attempt}` });
  const lines = await logged((faults) => {
    for (const fault of [noPermission(), gone(), gone(), busy(1), busy(2)]) faults.failed(fault);
  });
  expect(lines).toHaveLength(3);
});

test('what is no fault of the house has its words alone', async () => {
  const [line] = await logged((faults) => faults.failed(new RangeError('out of range')));
  expect(line).toMatchObject({ message: 'upkeep failed', error: 'out of range' });
});
