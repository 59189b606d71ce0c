import { setImmediate } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import { createLine } from '../../src/http/line.js';

/** A line whose turns take `millis` of a time that nobody waits for. */
function played(millis: number, waitMillis = 500) {
  const clock = { time: 0 };
  const state = { mayBegin: true, connected: 0, begun: [] as number[] };
  const line = createLine({
    mayBegin: () => state.mayBegin,
    connected: () => state.connected,
    waitMillis,
    now: () => clock.time,
  });
  return {
    line,
    state,
    come: (count: number) => {
      for (let n = 0; n < count; n++) {
        void line.wait().then(() => {
          state.begun.push(n);
          clock.time += millis;
        });
      }
    },
  };
}

/** Turns of the event loop; the line has one turn in each. */
async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await setImmediate();
}

describe('createLine', () => {
  test('begins one in each turn of the event loop, in the order they came', async () => {
    const { line, state, come } = played(1);
    come(10);
    expect(state.begun).toEqual([]);
    await turns(1);
    expect(state.begun).toEqual([0]);
    await turns(3);
    expect(state.begun).toEqual([0, 1, 2, 3]);
    expect(line.length).toBe(6);
  });

  test('stands still while nothing may begin, until it is told to move', async () => {
    const { line, state, come } = played(1);
    state.mayBegin = false;
    come(3);
    await turns(5);
    expect(line.length).toBe(3);
    state.mayBegin = true;
    await turns(5);
    expect(line.length).toBe(3);
    line.move();
    await turns(5);
    expect([line.length, state.begun]).toEqual([0, [0, 1, 2]]);
  });

  test('begins nothing in a turn in which somebody connected', async () => {
    const { line, state, come } = played(1);
    come(3);
    state.connected = 1;
    await turns(1);
    expect(state.begun).toEqual([]);
    await turns(1);
    expect(state.begun).toEqual([0]);
    expect(line.length).toBe(2);
  });

  test('does not stand back for ever from those who connect', async () => {
    const { state, come } = played(1);
    come(2);
    for (let turn = 0; turn < 18; turn++) {
      state.connected += 1;
      await turns(1);
    }
    expect(state.begun).toEqual([0, 1]);
  });

  test('takes as many as have their turn in time', async () => {
    const { line, come } = played(2);
    expect(line.most).toBe(48);
    come(300);
    await turns(250);
    expect(line.most).toBe(250);
  });

  test('takes forty-eight however slow it goes', async () => {
    const { line, come } = played(100);
    come(100);
    await turns(90);
    expect(line.most).toBe(48);
  });

  test('knows no more of its pace when it is short, and forgets nothing', async () => {
    const { line, come } = played(2);
    come(300);
    await turns(300);
    for (let round = 0; round < 20; round++) {
      come(7);
      await turns(7);
    }
    expect(line.most).toBe(250);
  });

  test('follows its pace', async () => {
    const slow = played(10, 5000);
    slow.come(100);
    await turns(90);
    expect(slow.line.most).toBe(500);
  });
});
