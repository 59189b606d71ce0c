import { beforeEach, describe, expect, test } from '@jest/globals';
import {
  countTurnedAway,
  startTurnedAway,
  type TurnedAway,
} from '../../src/gateway/turned-away.js';
import type { LogFields } from '../../src/telemetry/index.js';

let lines: LogFields[];
let turnedAway: TurnedAway;

const log = { warn: (_: string, fields: LogFields = {}) => void lines.push(fields) };

beforeEach(() => {
  lines = [];
  turnedAway = countTurnedAway(log);
});

describe('a flood', () => {
  test('is told of at once, and then when it is time, with who and how often', () => {
    for (let n = 0; n < 1000; n++) turnedAway.count('operations', '192.0.2.7');
    turnedAway.count('operations', '192.0.2.8');
    turnedAway.count('senders', '192.0.2.9');
    expect(lines).toEqual([
      { limit: 'operations', count: 1, callers: '192.0.2.7' },
      { limit: 'senders', count: 1, callers: '192.0.2.9' },
    ]);
    turnedAway.tell();
    expect(lines.slice(2)).toEqual([
      { limit: 'operations', count: 1000, callers: '192.0.2.7 (999), 192.0.2.8' },
    ]);
  });

  test('that has ended is told of to its end, and not again', () => {
    turnedAway.count('operations', '192.0.2.7');
    turnedAway.count('operations', '192.0.2.7');
    for (let round = 0; round < 3; round++) turnedAway.tell();
    expect(lines.map(({ count }) => count)).toEqual([1, 1]);
  });

  test('that begins again is told of at once', () => {
    turnedAway.count('operations', '192.0.2.7');
    turnedAway.tell();
    turnedAway.count('operations', '192.0.2.8');
    expect(lines[1]).toEqual({ limit: 'operations', count: 1, callers: '192.0.2.8' });
  });

  test('of everybody is a line with some of them', () => {
    turnedAway.count('operations', 'first');
    for (let n = 0; n < 5000; n++) turnedAway.count('operations', `caller-${n}`);
    for (let n = 0; n < 20; n++) turnedAway.count('operations', 'caller-900');
    turnedAway.tell();
    const { count, callers, ofOthers } = lines[1] ?? {};
    expect([count, ofOthers]).toEqual([5020, 5020 - 21 - 19]);
    expect(String(callers).split(', ')).toHaveLength(20);
    expect(callers).toMatch(/^caller-900 \(21\), caller-0, /);
  });

  test('of long names is short', () => {
    turnedAway.count('challenges', 'x'.repeat(10_000));
    expect(lines[0]?.['callers']).toBe('x'.repeat(128));
  });
});

test('what was not told of yet is told of at the end', () => {
  const started = startTurnedAway(log);
  started.count('operations', '192.0.2.7');
  started.count('operations', '192.0.2.7');
  started.stop();
  expect(lines.map(({ count }) => count)).toEqual([1, 1]);
});
