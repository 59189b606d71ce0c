import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { GatewayError } from '../../src/errors/index.js';
import { noMic, withMic } from '../../src/ntlm/authenticate-message.js';
import { avId, encodeAvPairs } from '../../src/ntlm/av-pairs.js';
import { encodeChallenge, parseChallenge } from '../../src/ntlm/challenge-message.js';
import {
  createNtlmClient,
  createNtlmServer,
  ntHash,
  type NtlmChannel,
  type NtlmClientOptions,
  type NtlmCredentials,
  type NtlmHandshake,
} from '../../src/ntlm/index.js';

const credentials: NtlmCredentials = { user: 'svc-Scep', domain: 'LAB', password: 'Pässwörd' };
const hash = ntHash(credentials.password);
const binding = Buffer.from('tls-server-end-point:0123456789abcdef0123456789abcdef');
const plain: NtlmChannel = { kind: 'plain' };
const tls: NtlmChannel = { kind: 'tls', applicationData: binding, required: true };
const clock = () => new Date('2026-01-01T12:00:00Z');

/** Both sides up to the last message. */
function handshake(options: NtlmClientOptions = {}, who = credentials) {
  const client = createNtlmClient(who, options);
  const server = createNtlmServer({ host: 'scep.corp.example', clock });
  const negotiate = client.negotiate();
  const started = server.challenge(negotiate);
  return { client, started, negotiate };
}

function verdict(
  started: NtlmHandshake,
  message: Buffer,
  { channel = plain, micRequired = true, ntHash: known = hash } = {},
) {
  return started.claim(message).judge({ ntHash: known, micRequired, channel });
}

/** What the judge says, without the session. */
function word(...args: Parameters<typeof verdict>): string {
  const given = verdict(...args);
  return given.kind === 'refused' ? given.fault : given.kind;
}

describe('a sign-in', () => {
  test('proves who it is', () => {
    const { client, started } = handshake();
    const { message } = client.authenticate(started.message);
    const claim = started.claim(message);
    expect([claim.user, claim.domain, claim.workstation]).toEqual(['svc-Scep', 'LAB', '']);
    expect(word(started, message)).toBe('proved');
  });

  test('is refused with another password', () => {
    const { client, started } = handshake({}, { ...credentials, password: 'wrong' });
    expect(word(started, client.authenticate(started.message).message)).toBe('proof');
  });

  test('holds for its own challenge only', () => {
    const { client, started } = handshake();
    const { message } = client.authenticate(started.message);
    expect(word(handshake().started, message)).toBe('proof');
  });

  test.each<[string, Buffer | undefined, NtlmChannel, string]>([
    ['the right channel', binding, tls, 'proved'],
    ['another channel', Buffer.from('tls-server-end-point:other'), tls, 'binding-wrong'],
    ['no channel, where one is required', undefined, tls, 'binding-missing'],
    ['no channel, where none is required', undefined, { ...tls, required: false }, 'proved'],
    ['a TLS channel on a plain connection', binding, plain, 'binding-wrong'],
    ['a channel that ends at a proxy', binding, { kind: 'elsewhere' }, 'proved'],
  ])('names %s', (_, channelBinding, channel, expected) => {
    const { client, started } = handshake({ channelBinding });
    const { message } = client.authenticate(started.message);
    expect(word(started, message, { channel })).toBe(expected);
  });

  test('whose MIC was altered, or blanked, is refused', () => {
    const { client, started } = handshake();
    const { message } = client.authenticate(started.message);
    expect(word(started, withMic(message, noMic))).toBe('mic-wrong');
    expect(word(started, withMic(message, Buffer.alloc(16, 1)))).toBe('mic-wrong');
  });

  test('whose first message was altered is refused by its MIC', () => {
    const { client, negotiate } = handshake();
    const altered = Buffer.from(negotiate);
    altered[12] = (altered[12] ?? 0) ^ 0x20;
    const started = createNtlmServer({ host: 'scep', clock }).challenge(altered);
    expect(word(started, client.authenticate(started.message).message)).toBe('mic-wrong');
  });

  test('from whose challenge the time was taken, so that no MIC is promised, is refused', () => {
    const { client, started } = handshake();
    const challenge = parseChallenge(started.message);
    const targetInfo = challenge.targetInfo.filter(({ id }) => id !== avId.timestamp);
    const { message } = client.authenticate(encodeChallenge({ ...challenge, targetInfo }));
    expect(word(started, message, { micRequired: false })).toBe('challenge-altered');
  });

  test('from which the MIC was cut out is refused where it is announced', () => {
    const { client, started } = handshake();
    const { message } = client.authenticate(started.message);
    // As clients without a MIC write it: the payload begins at 72, all offsets are 16 less.
    const cut = Buffer.concat([message.subarray(0, 72), message.subarray(88)]);
    for (const at of [12, 20, 28, 36, 44, 52])
      cut.writeUInt32LE(cut.readUInt32LE(at + 4) - 16, at + 4);
    expect(word(started, cut, { micRequired: false })).toBe('mic-missing');
  });

  test('has no MIC for a server that sends no time', () => {
    const { client, started } = handshake();
    const challenge = parseChallenge(started.message);
    const targetInfo = challenge.targetInfo.filter(({ id }) => id !== avId.timestamp);
    const { message } = client.authenticate(encodeChallenge({ ...challenge, targetInfo }));
    expect(message.subarray(72, 88)).toEqual(noMic);
  });

  test('needs extended session security and Unicode of a server', () => {
    const { client, started } = handshake();
    const challenge = parseChallenge(started.message);
    for (const flag of [0x1, 0x80000]) {
      const weak = encodeChallenge({ ...challenge, flags: (challenge.flags & ~flag) >>> 0 });
      expect(() => client.authenticate(weak)).toThrow(GatewayError);
    }
  });

  test('has no session where the server will not seal', () => {
    const { client, started } = handshake();
    const challenge = parseChallenge(started.message);
    const weak = encodeChallenge({ ...challenge, flags: (challenge.flags & ~0x20) >>> 0 });
    expect(client.authenticate(weak).session).toBeUndefined();
  });
});

describe('a session', () => {
  function sessions() {
    const { client, started } = handshake();
    const { message, session } = client.authenticate(started.message);
    const judged = verdict(started, message);
    if (judged.kind !== 'proved' || !judged.session || !session) throw new Error('no session');
    return { client: session, server: judged.session };
  }

  test('seals and signs both ways, one message after the other', () => {
    const { client, server } = sessions();
    for (const size of [0, 1, 16, 5000]) {
      const plaintext = Buffer.alloc(size, size);
      const around = { before: Buffer.from('header'), after: Buffer.from('trailer') };
      const up = client.seal(plaintext, around);
      if (size > 1) expect(up.sealed).not.toEqual(plaintext);
      expect(server.unseal(up.sealed, up.signature, around)).toEqual(plaintext);
      const down = server.seal(plaintext);
      expect(client.unseal(down.sealed, down.signature)).toEqual(plaintext);
      expect(server.verify(plaintext, client.sign(plaintext))).toBe(true);
      expect(client.verify(plaintext, server.sign(plaintext))).toBe(true);
    }
  });

  test.each([
    ['another header', { before: Buffer.from('Header') }],
    ['another trailer', { after: Buffer.from('trailer') }],
  ])('refuses %s', (_, around) => {
    const { client, server } = sessions();
    const { sealed, signature } = client.seal(Buffer.from('stub'), {
      before: Buffer.from('header'),
    });
    expect(server.unseal(sealed, signature, { before: Buffer.from('header'), ...around })).toBe(
      undefined,
    );
  });

  test('refuses a message that comes twice, late, or back', () => {
    const twice = sessions();
    const { sealed, signature } = twice.client.seal(Buffer.from('stub'));
    expect(twice.server.unseal(sealed, signature)).toEqual(Buffer.from('stub'));
    expect(twice.server.unseal(sealed, signature)).toBeUndefined();
    const late = sessions();
    const first = late.client.seal(Buffer.from('one'));
    const second = late.client.seal(Buffer.from('two'));
    expect(late.server.unseal(second.sealed, second.signature)).toBeUndefined();
    expect(first.signature).not.toEqual(second.signature);
    const back = sessions();
    expect(back.client.verify(Buffer.from('m'), back.client.sign(Buffer.from('m')))).toBe(false);
  });

  test.each([0, 15, 17])('refuses a signature of %d octets', (size) => {
    const { client, server } = sessions();
    const signature = client.sign(Buffer.from('m'));
    const odd = Buffer.concat([signature, signature]).subarray(0, size);
    expect(server.verify(Buffer.from('m'), odd)).toBe(false);
  });
});

describe('bad input', () => {
  const throwsOurs = (run: () => unknown) => {
    try {
      run();
    } catch (error) {
      expect(error).toBeInstanceOf(GatewayError);
      expect(error).toMatchObject({ code: 'ntlm.malformed' });
      return;
    }
  };

  test('a message cut at each octet is never taken', () => {
    const { client, started, negotiate } = handshake();
    const { message } = client.authenticate(started.message);
    const server = createNtlmServer({ host: 'scep', clock });
    for (let size = 0; size < 16; size++) {
      expect(() => server.challenge(negotiate.subarray(0, size))).toThrow(GatewayError);
    }
    for (let size = 0; size < started.message.length; size++) {
      expect(() => client.authenticate(started.message.subarray(0, size))).toThrow(GatewayError);
    }
    for (let size = 0; size < message.length; size++) {
      expect(() => started.claim(message.subarray(0, size))).toThrow(GatewayError);
    }
  });

  test('a message of another type or too long is not taken', () => {
    const { client, started, negotiate } = handshake();
    expect(() => started.claim(negotiate)).toThrow(GatewayError);
    expect(() => client.authenticate(negotiate)).toThrow(GatewayError);
    const long = Buffer.concat([started.message, Buffer.alloc(40_000)]);
    expect(() => client.authenticate(long)).toThrow(GatewayError);
  });

  test('an NTLMv1 response is not taken', () => {
    const { client, started } = handshake();
    const { message } = client.authenticate(started.message);
    message.writeUInt16LE(24, 20);
    expect(() => started.claim(message)).toThrow(
      expect.objectContaining({ detail: 'an NTLMv1 response' }),
    );
  });

  test('any flipped bit of the last message is refused', () => {
    const { client, started } = handshake();
    const { message } = client.authenticate(started.message);
    for (let bit = 0; bit < message.length * 8; bit += 3) {
      const flipped = Buffer.from(message);
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      throwsOurs(() => expect(word(started, flipped)).not.toBe('proved'));
    }
  });

  test('no octets at all make a parser throw anything else', () => {
    const head = Buffer.from('NTLMSSP\0', 'latin1');
    const { client, started } = handshake();
    const server = createNtlmServer({ host: 'scep', clock });
    fc.assert(
      fc.property(fc.constantFrom(1, 2, 3), fc.uint8Array({ maxLength: 300 }), (type, rest) => {
        const bytes = Buffer.concat([head, Buffer.from([type, 0, 0, 0]), rest]);
        throwsOurs(() => server.challenge(bytes));
        throwsOurs(() => client.authenticate(bytes));
        throwsOurs(() => void started.claim(bytes));
      }),
      { numRuns: 500 },
    );
  });

  test('a challenge comes back from its encoding', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary', maxLength: 20 }),
        fc.uniqueArray(
          fc.record({ id: fc.integer({ min: 1, max: 999 }), value: fc.uint8Array() }),
          {
            selector: ({ id }) => id,
            maxLength: 10,
          },
        ),
        (targetName, pairs) => {
          const targetInfo = pairs.map(({ id, value }) => ({ id, value: Buffer.from(value) }));
          const message = {
            flags: 0x00880201,
            serverChallenge: Buffer.alloc(8, 7),
            targetName,
            targetInfo,
          };
          expect(parseChallenge(encodeChallenge(message))).toEqual(message);
          expect(encodeAvPairs(targetInfo).length).toBeGreaterThanOrEqual(4);
        },
      ),
      { numRuns: 200 },
    );
  });
});
