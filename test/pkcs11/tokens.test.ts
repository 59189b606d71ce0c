import { symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { GatewayError } from '../../src/errors/index.js';
import { Tokens } from '../../src/pkcs11/tokens.js';
import type { TokenSettings } from '../../src/pkcs11/token.types.js';
import { withDirectory } from '../keys/temporary-directory.js';
import { rightPin, ScriptedModule } from './scripted-module.js';

function settings(of: Partial<TokenSettings>): TokenSettings {
  return {
    name: 'hsm',
    module: 'scripted.so',
    label: 'scripted',
    sessions: 3,
    timeoutMillis: 20_000,
    readPin: () => Promise.resolve(rightPin),
    ...of,
  };
}

class LoadedModule extends ScriptedModule {
  ends = 0;

  close(): Promise<void> {
    this.ends += 1;
    return Promise.resolve();
  }
}

function scriptedTokens() {
  const module = new LoadedModule();
  const loaded: string[] = [];
  const tokens = new Tokens((file) => {
    loaded.push(file);
    return Promise.resolve(module);
  });
  return { module, loaded, tokens };
}

test('a module of several tokens is loaded and ended once, and one by two names is one', () =>
  withDirectory(async (directory) => {
    const [real, other] = [process.execPath, join(directory, 'other.so')];
    await symlink(real, other);
    const { module, loaded, tokens } = scriptedTokens();
    await tokens.open(settings({ name: 'a', module: real }));
    await tokens.open(settings({ name: 'b', module: other }));
    expect([loaded, [...tokens.byName.keys()]]).toEqual([[real], ['a', 'b']]);
    await tokens.close();
    expect([module.ends, module.sessions.size]).toEqual([1, 0]);
  }));

test('a token that does not open is none of them, and its module serves the next', async () => {
  const { module, loaded, tokens } = scriptedTokens();
  const missing = tokens.open(settings({ name: 'a', label: 'missing' }));
  await expect(missing).rejects.toMatchObject({ code: 'keys.unavailable' });
  await tokens.open(settings({ name: 'b' }));
  expect([loaded.length, [...tokens.byName.keys()]]).toEqual([1, ['b']]);
  await tokens.close();
  expect(module.ends).toBe(1);
});

test('a module that does not load is asked for anew, and nothing of it is left to close', async () => {
  let loads = 0;
  const fault = new GatewayError('keys.module', 'No such module.');
  const tokens = new Tokens(() => {
    loads += 1;
    return Promise.reject(fault);
  });
  for (const name of ['a', 'b']) await expect(tokens.open(settings({ name }))).rejects.toBe(fault);
  await tokens.close();
  expect(loads).toBe(2);
});

test('what is under way or waits for a session is counted', async () => {
  const { module, tokens } = scriptedTokens();
  const token = await tokens.open(settings({ sessions: 2 }));
  let answer: () => void = () => undefined;
  const answered = new Promise<void>((resolve) => (answer = resolve));
  module.operate = () => answered;
  const looks = [token.check(), token.check(), token.check()];
  expect(tokens.waiting).toBe(3);
  answer();
  await Promise.all(looks);
  expect(tokens.waiting).toBe(0);
});
