import { beforeEach, describe, expect, test } from '@jest/globals';
import { tokenFlags } from '../../src/pkcs11/constants.js';
import { Pkcs11Failure } from '../../src/pkcs11/return-value.js';
import { describeToken } from '../../src/pkcs11/token-description.js';
import { findRsaKey, TokenRsaKey } from '../../src/pkcs11/token-rsa-key.js';
import { Token } from '../../src/pkcs11/token.js';
import type { TokenSettings } from '../../src/pkcs11/token.types.js';
import { returned, rightPin, ScriptedModule } from './scripted-module.js';

let millis = 0;

beforeEach(() => {
  millis = 0;
});

function tokenOn(module: ScriptedModule, of: Partial<TokenSettings> = {}): Token {
  return new Token({ ...settings, ...of }, module, () => millis);
}

const settings: TokenSettings = {
  name: 'hsm',
  module: 'scripted.so',
  label: 'scripted',
  sessions: 3,
  timeoutMillis: 20_000,
  readPin: () => Promise.resolve(rightPin),
};

const away = expect.objectContaining({ code: 'keys.unavailable', retryAfterSeconds: 10 });

describe('sessions', () => {
  test('are opened as they are needed, never more than allowed and one for the login, and used again', async () => {
    const module = new ScriptedModule();
    const token = tokenOn(module);
    await token.open();
    expect(module.sessions.size).toBe(1);
    for (let round = 0; round < 3; round++)
      await Promise.all(Array.from({ length: 20 }, () => token.check()));
    expect([module.mostSessions, module.logins]).toEqual([4, [rightPin]]);
    await token.close();
    expect(module.sessions.size).toBe(0);
  });

  test('of a failed operation are closed, and what it failed with is told', async () => {
    const module = new ScriptedModule();
    const token = tokenOn(module);
    await token.check();
    const failure = new Pkcs11Failure('C_SignInit', returned.keyNotPermitted);
    await expect(token.run(() => Promise.reject(failure))).rejects.toBe(failure);
    expect(module.sessions.size).toBe(1);
    await token.check();
    expect(module.logins).toEqual([rightPin]);
  });
});

test('a token with fewer sessions than configured says so, and keeps its login', async () => {
  const module = new ScriptedModule();
  module.sessionLimit = 2;
  const token = tokenOn(module);
  const outcomes = await Promise.allSettled([token.check(), token.check(), token.check()]);
  expect(outcomes.filter(({ status }) => status === 'fulfilled').length).toBeGreaterThan(0);
  expect(outcomes).toContainEqual({
    status: 'rejected',
    reason: expect.objectContaining({
      code: 'keys.unavailable',
      message: 'The token hsm gives no more sessions: lower tokens.hsm.sessions.',
    }) as unknown,
  });
  await token.check();
  expect(module.logins).toEqual([rightPin]);
});

describe('a token that goes', () => {
  test('sessions that are lost: the operation is done once more, after another login', async () => {
    const module = new ScriptedModule();
    const token = tokenOn(module);
    await token.check();
    module.loseSessions();
    await Promise.all([token.check(), token.check(), token.check()]);
    expect([module.logins, module.restarts]).toEqual([[rightPin, rightPin], 0]);
  });

  test('what writes is not done twice', async () => {
    const module = new ScriptedModule();
    const token = tokenOn(module);
    await token.check();
    let runs = 0;
    const lost = () => {
      runs += 1;
      return Promise.reject(new Pkcs11Failure('C_GenerateKeyPair', returned.deviceRemoved));
    };
    await expect(token.run(lost, { writing: true })).rejects.toEqual(away);
    expect(runs).toBe(1);
  });

  test('is away until it is back, and needs nobody for that', async () => {
    const module = new ScriptedModule();
    const token = tokenOn(module);
    await token.check();
    module.fault = returned.deviceRemoved;
    for (let attempt = 0; attempt < 3; attempt++) await expect(token.check()).rejects.toEqual(away);
    // The second and third did not trouble it: it had a second of rest.
    expect(module.restarts).toBe(1);
    module.fault = undefined;
    await expect(token.check()).rejects.toEqual(away);
    millis += 1000;
    await token.check();
    expect(module.logins).toEqual([rightPin, rightPin]);
  });

  test('is found by the module only when that begins anew', async () => {
    const module = new ScriptedModule();
    const token = tokenOn(module);
    await token.check();
    module.fault = returned.deviceRemoved;
    module.mendedByRestart = true;
    await Promise.all([token.check(), token.check(), token.check()]);
    expect([module.restarts, module.logins]).toEqual([1, [rightPin, rightPin]]);
  });

  test('lets the module begin anew ever more rarely: other tokens lose their login by that', async () => {
    const module = new ScriptedModule();
    module.label = 'another';
    const token = tokenOn(module);
    for (let second = 0; second < 120; second++, millis += 1000)
      await expect(token.check()).rejects.toEqual(away);
    // At 0, 1, 3, 7, 15, 31, 63 seconds.
    expect(module.restarts).toBe(7);
    module.label = 'scripted';
    await token.check();
    expect(module.logins).toEqual([rightPin]);
  });

  test('again and again loses its login no more than once a second', async () => {
    const module = new ScriptedModule();
    const token = tokenOn(module);
    await token.check();
    const odd = () => Promise.reject(new Pkcs11Failure('C_Decrypt', returned.ofTheVendor));
    for (let attempt = 0; attempt < 5; attempt++)
      await expect(token.run(odd)).rejects.toEqual(away);
    expect(module.logins).toHaveLength(2);
    millis += 1000;
    await token.check();
    expect(module.logins).toHaveLength(3);
  });

  test('what it says to a look at it is told as its refusal', async () => {
    const module = new ScriptedModule();
    const token = tokenOn(module);
    const refused = { code: 'keys.token', detail: 'C_GetSlotList returned CKR_ARGUMENTS_BAD' };
    module.fault = returned.argumentsBad;
    await expect(token.open()).rejects.toMatchObject(refused);
    await expect(describeToken(token)).rejects.toMatchObject(refused);
    module.fault = undefined;
    millis += 1000;
    await token.open();
    module.fault = returned.argumentsBad;
    const code = 'keys.token';
    await expect(token.check()).rejects.toMatchObject({ code });
    await expect(describeToken(token)).rejects.toMatchObject({ code });
    await expect(findRsaKey(token, { label: 'ca' })).rejects.toMatchObject({ code });
  });

  test('a fault of this process is none of the ciphertext', async () => {
    const module = new ScriptedModule();
    const number = Buffer.alloc(256, 0xff);
    const facts = { modulus: number, publicExponent: number, canSign: true, canDecrypt: true };
    const key = new TokenRsaKey(
      tokenOn(module),
      { label: 'ra' },
      { ...facts, isExtractable: false },
    );
    module.operate = () => Promise.reject(new RangeError('no memory'));
    await expect(key.rawDecrypt(number)).rejects.toEqual(away);
  });

  test('that hangs while somebody signs in is closed in time all the same', async () => {
    const module = new ScriptedModule();
    module.loginAnswers = new Promise(() => undefined);
    const token = new Token({ ...settings, timeoutMillis: 1 }, module);
    await expect(token.open()).rejects.toEqual(away);
    await token.close();
  });

  test('that answers nothing: who waits is told in time, and who comes then as well', async () => {
    const module = new ScriptedModule();
    const patience: { -readonly [key in keyof TokenSettings]: TokenSettings[key] } = {
      ...settings,
      sessions: 1,
    };
    const token = new Token(patience, module);
    await token.open();
    let answer: () => void = () => undefined;
    module.operate = () => new Promise<void>((resolve) => (answer = resolve));
    patience.timeoutMillis = 1;
    const late = { code: 'keys.unavailable', message: 'The token hsm does not answer in time.' };
    await expect(token.check()).rejects.toMatchObject(late);
    await expect(token.check()).rejects.toMatchObject(late);
    module.operate = () => Promise.resolve();
    patience.timeoutMillis = 20_000;
    answer();
    await token.check();
    // One for the login, one for operations: that of the call that hung.
    expect(module.mostSessions).toBe(2);
  });
});

describe('the PIN', () => {
  test('that is refused is tried once, however many ask, until it is another', async () => {
    const module = new ScriptedModule();
    let pin = 'wrong';
    const token = tokenOn(module, { readPin: () => Promise.resolve(pin) });
    const refused = { code: 'keys.pin', message: 'The token hsm refuses the PIN.' };
    await expect(token.open()).rejects.toMatchObject(refused);
    for (let round = 0; round < 3; round++, millis += 1000) {
      const asked = await Promise.allSettled(Array.from({ length: 5 }, () => token.check()));
      for (const each of asked) expect(each).toMatchObject({ status: 'rejected', reason: refused });
    }
    expect(module.logins).toEqual(['wrong']);
    pin = rightPin;
    await token.check();
    expect(module.logins).toEqual(['wrong', rightPin]);
  });

  test.each([
    returned.generalError,
    returned.deviceError,
    returned.argumentsBad,
    returned.functionRejected,
    returned.ofTheVendor,
  ])('that is refused with %p, which may mean anything, is not tried again', async (fault) => {
    const module = new ScriptedModule();
    module.loginFault = fault;
    const token = tokenOn(module);
    for (let attempt = 0; attempt < 5; attempt++, millis += 100_000)
      await expect(token.check()).rejects.toMatchObject({ code: 'keys.pin' });
    expect([module.logins, module.restarts]).toEqual([[rightPin], 0]);
  });

  test('that was right before is tried once more after such an answer, a minute later', async () => {
    const module = new ScriptedModule();
    const token = tokenOn(module);
    const goes = () => {
      module.loseSessions();
      module.loginFault = returned.generalError;
    };
    await token.check();
    goes();
    for (let second = 0; second < 59; second++, millis += 1000)
      await expect(token.check()).rejects.toEqual(away);
    expect(module.logins).toHaveLength(2);
    module.loginFault = undefined;
    millis += 1000;
    await token.check();
    expect(module.logins).toHaveLength(3);
    millis += 100_000;
    goes();
    await expect(token.check()).rejects.toEqual(away);
    for (let minute = 0; minute < 5; minute++) {
      millis += 60_000;
      await expect(token.check()).rejects.toMatchObject({ code: 'keys.pin' });
    }
    expect([module.logins.length, module.restarts]).toEqual([5, 0]);
  });

  test.each([
    ['locked', tokenFlags.userPinLocked, 'The PIN of the token hsm is locked.'],
    [
      'one attempt away from that',
      tokenFlags.userPinFinalTry,
      'The token hsm has one attempt left before it locks the PIN.',
    ],
  ])('that is %s is not tried at all', async (_name, flag, message) => {
    const module = new ScriptedModule();
    module.flags |= flag;
    await expect(tokenOn(module).open()).rejects.toMatchObject({ code: 'keys.pin', message });
    expect([module.logins, module.sessions.size]).toEqual([[], 0]);
  });

  test('is not asked for where the token wants none, or has a keypad', async () => {
    const readPin = () => Promise.resolve(undefined);
    const open = new ScriptedModule();
    open.flags = tokenFlags.initialized;
    await tokenOn(open, { readPin }).check();
    expect(open.logins).toEqual([]);

    const keypad = new ScriptedModule();
    keypad.flags |= tokenFlags.protectedAuthenticationPath;
    await expect(tokenOn(keypad, { readPin }).open()).rejects.toMatchObject({ code: 'keys.pin' });
    // The scripted user enters nothing; asked he was.
    expect(keypad.logins).toEqual([undefined]);
  });

  test('whose file is gone stops a start, and is an outage for a gateway that runs', async () => {
    const module = new ScriptedModule();
    let fault: Error | undefined = new Error('no such file');
    const token = tokenOn(module, {
      readPin: () => (fault ? Promise.reject(fault) : Promise.resolve(rightPin)),
    });
    await expect(token.open()).rejects.toBe(fault);
    fault = undefined;
    millis += 1000;
    await token.check();
    fault = new Error('no such file');
    module.loseSessions();
    await expect(token.check()).rejects.toEqual(away);
  });
});
