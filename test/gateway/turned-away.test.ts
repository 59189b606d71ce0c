import { expect, test } from '@jest/globals';
import { tellTurnedAway } from '../../src/gateway/turned-away.js';

test('a flood is a line every ten seconds for each limit', () => {
  let time = 0;
  const lines: unknown[] = [];
  const turnedAway = tellTurnedAway({ warn: (_, fields) => lines.push(fields) }, () => time);
  for (let n = 0; n < 1000; n++) turnedAway('connections');
  turnedAway('line');
  expect(lines).toEqual([
    { limit: 'connections', count: 1 },
    { limit: 'line', count: 1 },
  ]);
  time = 10_000;
  turnedAway('connections');
  expect(lines[2]).toEqual({ limit: 'connections', count: 1000 });
});
