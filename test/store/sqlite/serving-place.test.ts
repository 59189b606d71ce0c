import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { takeServingPlace, type ServingPlace } from '../../../src/store/sqlite/serving-place.js';

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'serving-place-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

function leave(place: ServingPlace): void {
  if (place.kind === 'held') place.leave();
}

test('a place belongs to one gateway until it leaves', async () => {
  const first = await takeServingPlace(directory, 1, 'process 1');
  expect(first.kind).toBe('held');
  for (let attempt = 0; attempt < 2; attempt++)
    expect(await takeServingPlace(directory, 1, 'process 2')).toEqual({
      kind: 'taken',
      holders: ['process 1'],
    });
  leave(first);
  const second = await takeServingPlace(directory, 1, 'process 2');
  expect(second.kind).toBe('held');
  expect(await takeServingPlace(directory, 1, 'process 3')).toMatchObject({
    holders: ['process 2'],
  });
  leave(second);
});

test('as many as there are places, and whoever leaves makes room', async () => {
  const places = [];
  for (const name of ['a', 'b', 'c']) places.push(await takeServingPlace(directory, 3, name));
  expect(places.map(({ kind }) => kind)).toEqual(['held', 'held', 'held']);
  expect(await takeServingPlace(directory, 3, 'd')).toEqual({
    kind: 'taken',
    holders: ['a', 'b', 'c'],
  });
  leave(places[1]!);
  const d = await takeServingPlace(directory, 3, 'd');
  expect(await takeServingPlace(directory, 3, 'e')).toMatchObject({ holders: ['a', 'd', 'c'] });
  for (const place of [places[0]!, places[2]!, d]) leave(place);
});

test('where nothing can be locked it says so, and where', async () => {
  const nowhere = join(directory, 'nowhere');
  await expect(takeServingPlace(nowhere, 1, 'a')).rejects.toMatchObject({
    code: 'store.unavailable',
    message: `The file ${join(nowhere, 'serving-1.lock')} cannot be locked.`,
    mend: expect.stringMatching(/^Look for a full disk/) as unknown,
  });
});

test('nothing is written into the lock or beside it: a full disk is no hindrance', async () => {
  const place = await takeServingPlace(directory, 1, 'a');
  expect(readdirSync(directory).sort()).toEqual(['serving-1.holder', 'serving-1.lock']);
  expect(statSync(join(directory, 'serving-1.lock')).size).toBe(0);
  leave(place);
});

test('a name that can be neither written nor read is nobody in the way', async () => {
  mkdirSync(join(directory, 'serving-1.holder'));
  const place = await takeServingPlace(directory, 1, 'a');
  expect(place.kind).toBe('held');
  expect(await takeServingPlace(directory, 1, 'b')).toEqual({ kind: 'taken', holders: ['?'] });
  leave(place);
});

test('a process that was killed holds nothing', async () => {
  // As SQLite of another process locks it.
  const script = `
    const { isBuiltin } = require('node:module');
    const { DatabaseSync } = require(isBuiltin('node:sqlite') ? 'node:sqlite' : '@photostructure/sqlite');
    globalThis.database = new DatabaseSync(process.argv[1]); database.exec('BEGIN IMMEDIATE');
    console.log('locked');
    setInterval(() => undefined, 1000);`;
  const child = spawn(process.execPath, ['-e', script, join(directory, 'serving-1.lock')], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  await once(child.stdout, 'data');
  expect(await takeServingPlace(directory, 1, 'a')).toEqual({ kind: 'taken', holders: ['?'] });
  child.kill('SIGKILL');
  await once(child, 'exit');
  const place = await takeServingPlace(directory, 1, 'a');
  expect(place.kind).toBe('held');
  leave(place);
});
