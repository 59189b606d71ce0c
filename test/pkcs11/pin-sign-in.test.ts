import { beforeEach, describe, expect, test } from '@jest/globals';
import { tokenFlags } from '../../src/pkcs11/constants.js';
import { PinSignIn } from '../../src/pkcs11/pin-sign-in.js';
import { Pkcs11Failure } from '../../src/pkcs11/return-value.js';
import { returned } from './scripted-module.js';

const { initialized, loginRequired, protectedAuthenticationPath } = tokenFlags;
const alreadyLoggedIn = 0x100;

let asked: (string | undefined)[];
/** What C_Login returns; CKR_OK without it. */
let answer: number | undefined;
let signIn: PinSignIn;

beforeEach(() => {
  asked = [];
  answer = undefined;
  signIn = new PinSignIn({ name: 'hsm' });
});

function attempt(pin: string | undefined, flags: number = initialized | loginRequired) {
  const login = (_session: bigint, given: string | undefined) => {
    asked.push(given);
    return answer === undefined
      ? Promise.resolve()
      : Promise.reject(new Pkcs11Failure('C_Login', answer));
  };
  return signIn.attempt({ login }, 1n, { flags }, pin);
}

const pinFault = (message: string) => ({ code: 'keys.pin', message });
const doubted = pinFault('The token hsm does not sign in, and may mean the PIN.');

async function faultOf(attempted: Promise<void>): Promise<unknown> {
  return attempted.then(
    () => undefined,
    (error: unknown) => error,
  );
}

test('a PIN that was refused is known as such, and another is not', async () => {
  answer = returned.pinIncorrect;
  const fault = await faultOf(attempt('1'));
  expect(fault).toMatchObject(pinFault('The token hsm refuses the PIN.'));
  expect(() => signIn.requireUnrefused('1')).toThrow(fault);
  expect(signIn.isDoubt(fault)).toBe(false);
  signIn.requireUnrefused('2');
  signIn.requireUnrefused(undefined);
  expect(asked).toEqual(['1']);
});

test('without a PIN nothing is asked where the token has no keypad, and no PIN is remembered', async () => {
  await expect(attempt(undefined)).rejects.toMatchObject(pinFault('The token hsm wants a PIN.'));
  expect(() => signIn.requireUnrefused(undefined)).toThrow('The token hsm wants a PIN.');
  signIn.requireUnrefused('1');
  expect(asked).toEqual([]);
  await attempt(undefined, initialized | loginRequired | protectedAuthenticationPath);
  await attempt(undefined, initialized);
  expect(asked).toEqual([undefined]);
});

test.each([
  [tokenFlags.userPinLocked, 'The PIN of the token hsm is locked.'],
  [tokenFlags.userPinFinalTry, 'The token hsm has one attempt left before it locks the PIN.'],
])(
  'with the flag %p the token is not asked, and may be when that is mended',
  async (flag, text) => {
    await expect(attempt('1', initialized | loginRequired | flag)).rejects.toMatchObject(
      pinFault(text),
    );
    signIn.requireUnrefused('1');
    await attempt('1');
    expect(asked).toEqual(['1']);
  },
);

test('who is logged in already is', async () => {
  answer = alreadyLoggedIn;
  await attempt('1');
  signIn.requireUnrefused('1');
});

test('what names the way to the token says nothing of the PIN', async () => {
  answer = returned.deviceRemoved;
  await expect(attempt('1')).rejects.toBeInstanceOf(Pkcs11Failure);
  signIn.requireUnrefused('1');
});

describe('an answer that may mean anything', () => {
  test('refuses a PIN that was never right', async () => {
    answer = returned.generalError;
    const fault = await faultOf(attempt('1'));
    expect(fault).toMatchObject(doubted);
    expect(signIn.isDoubt(fault)).toBe(false);
    expect(() => signIn.requireUnrefused('1')).toThrow(fault);
  });

  test('is a doubt about one that was, once until it is right again', async () => {
    await attempt('1');
    for (let round = 0; round < 2; round++) {
      answer = returned.generalError;
      const fault = await faultOf(attempt('1'));
      expect(fault).toMatchObject({ code: 'keys.unavailable' });
      expect(signIn.isDoubt(fault)).toBe(true);
      signIn.requireUnrefused('1');
      answer = undefined;
      await attempt('1');
      expect(signIn.isDoubt(fault)).toBe(false);
    }
    answer = returned.generalError;
    await expect(attempt('1')).rejects.toMatchObject({ code: 'keys.unavailable' });
    await expect(attempt('1')).rejects.toMatchObject(doubted);
    expect(() => signIn.requireUnrefused('1')).toThrow();
  });

  test('is none about another PIN', async () => {
    await attempt('1');
    answer = returned.generalError;
    await expect(attempt('2')).rejects.toMatchObject(doubted);
    signIn.requireUnrefused('1');
  });

  test('nothing is a doubt before one arose', () => {
    expect(signIn.isDoubt(undefined)).toBe(false);
  });
});
