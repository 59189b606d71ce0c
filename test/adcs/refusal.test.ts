import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { outcomeOf, type CaAnswer } from '../../src/adcs/index.js';

const words = "Denied by LAB\\admin at 10.0.0.1\r\n\u0007secret plans of O'Neill";

function denied(hresult: number | undefined, message: string | undefined = words) {
  return { kind: 'denied', requestId: '81', hresult, message } as const;
}

function failed(hresult: number | undefined, message: string | undefined = words) {
  return { kind: 'failed', hresult, message } as const;
}

describe('a denied submission', () => {
  test('for a permanent reason tells the device the reason, and the audit record all', () => {
    expect(outcomeOf(denied(0x80094811), 'submit')).toEqual({
      kind: 'refused',
      text: 'The CA refused the request: the key is shorter than the certificate template allows (0x80094811).',
      detail:
        'The CA denied the request, request id 81: 0x80094811 CERTSRV_E_KEY_LENGTH, permanent: ' +
        'the key is shorter than the certificate template allows. Raise the key size in the SCEP ' +
        "settings of the device to the minimum of the template. The CA's words: " +
        '"Denied by LAB\\\\admin at 10.0.0.1 secret plans of O\'Neill"',
      hresult: 0x80094811,
    });
  });

  test('for a setting at the CA tells the device only the number', () => {
    expect(outcomeOf(denied(0x80094012), 'submit')).toMatchObject({
      kind: 'refused',
      text: 'The CA refused the request for a reason that its administrator must mend (0x80094012).',
      hresult: 0x80094012,
    });
  });

  test('without a number is a refusal all the same', () => {
    const outcome = outcomeOf(denied(undefined), 'submit');
    expect(outcome).toMatchObject({ kind: 'refused', text: 'The CA refused the request.' });
    expect(outcome).not.toHaveProperty('hresult');
  });

  test.each([[0x80092013], [0x800706ba], [0x8009400f], [0x800706be]])(
    'for the passing reason %d is an outage, and nothing is outstanding',
    (hresult) => {
      expect(outcomeOf(denied(hresult), 'submit')).toMatchObject({
        kind: 'unavailable',
        submission: 'none',
      });
    },
  );
});

describe('a failed submission', () => {
  test.each([
    ['CA service down', 0x800706ba, 'unavailable', 'none'],
    ['call broke off', 0x800706be, 'unavailable', 'unknown'],
    ['unknown RPC error', 0x800706c5, 'unavailable', 'unknown'],
    ['login refused', 0x8009030c, 'unavailable', 'none'],
    ['bad channel binding', 0x80090346, 'unavailable', 'none'],
    ['no reason given', undefined, 'unavailable', 'unknown'],
  ])('%s', (_, hresult, kind, submission) => {
    expect(outcomeOf(failed(hresult), 'submit')).toMatchObject({ kind, submission });
  });

  test('that waiting does not mend names what the operator has to do', () => {
    expect(outcomeOf(failed(0x80090324), 'submit')).toMatchObject({
      mend: 'Set the clocks of gateway, CA and domain controllers (NTP).',
    });
    expect(outcomeOf(failed(0x800706ba), 'submit')).not.toHaveProperty('mend');
  });

  test.each([[0x80093102], [0x80094800], [0x80070005]])('%d is a refusal', (hresult) => {
    expect(outcomeOf(failed(hresult), 'submit')).toMatchObject({ kind: 'refused', hresult });
  });
});

describe('the answer to a poll', () => {
  test.each([[0x80094014], [0x80092013], [undefined]])('denied with %p is final', (hresult) => {
    expect(outcomeOf(denied(hresult), 'retrieve').kind).toBe('refused');
  });

  test.each([[0x80070005], [0x80094011], [0x8007052e], [0x8009030c], [0x80090311 + 1]])(
    'denied with %d is no word on the request, but a fault of the configuration',
    (hresult) => {
      expect(outcomeOf(denied(hresult), 'retrieve')).toMatchObject({
        kind: 'unavailable',
        submission: 'none',
        mend: expect.any(String) as unknown,
      });
    },
  );

  test.each([[0x80094002], [0x80094004]])('%d: the CA knows no such request', (hresult) => {
    expect(outcomeOf(failed(hresult), 'retrieve')).toMatchObject({ kind: 'refused', hresult });
  });

  test.each([[0x80070005], [0x80094011], [0x800706ba], [undefined]])(
    '%p says nothing about the request',
    (hresult) => {
      expect(outcomeOf(failed(hresult), 'retrieve').kind).toBe('unavailable');
    },
  );
});

test('no word of the CA reaches the device, whatever it answers', () => {
  const answer = fc.record({
    kind: fc.constantFrom('denied' as const, 'failed' as const),
    requestId: fc.constant('81'),
    hresult: fc.option(fc.integer({ min: 1, max: 0xffffffff }), { nil: undefined }),
    message: fc.string({ unit: 'binary', maxLength: 2000 }).map((text) => `needle${text}`),
  });
  fc.assert(
    fc.property(answer, fc.constantFrom('submit' as const, 'retrieve' as const), (given, asked) => {
      const outcome = outcomeOf(given satisfies CaAnswer, asked);
      if (outcome.kind === 'refused') expect(outcome.text).not.toContain('needle');
      if (outcome.kind === 'issued' || outcome.kind === 'pending') throw new Error(outcome.kind);
      expect(outcome.detail.length).toBeLessThan(1500);
      expect(outcome.detail).not.toMatch(/\p{C}/u);
    }),
  );
});
