import { describe, expect, test } from '@jest/globals';
import { parseBer } from '../../src/asn1/index.js';
import { GatewayError } from '../../src/errors/index.js';
import { messageExamples, requestExamples } from '../../fuzz/examples.js';
import { judge, signature } from '../../fuzz/judge.js';
import { makeInput } from '../../fuzz/input.js';
import { minimize } from '../../fuzz/minimize.js';
import { mutateDer } from '../../fuzz/mutators/der.js';
import { mutateOctets } from '../../fuzz/mutators/octets.js';
import { markupMutator, textMutator } from '../../fuzz/mutators/text.js';
import { Random } from '../../fuzz/random.js';
import { agree, Disagreement, type Probe } from '../../fuzz/target.js';

function probeOf(run: Probe['run'], refuses: readonly string[] = []): Probe {
  return { seeds: messageExamples(), mutate: mutateDer, refuses, run };
}

describe('inputs', () => {
  test('are the same for the same seed and number, and others for others', async () => {
    const probe = probeOf(() => 'fine');
    const made = await Promise.all(
      [
        [1, 5],
        [1, 5],
        [1, 6],
        [2, 5],
      ].map(async ([seed = 0, n = 0]) => (await makeInput(probe, seed, n)).toString('hex')),
    );
    expect(made[0]).toBe(made[1]);
    expect(new Set(made).size).toBe(3);
  });

  test('of DER are mostly DER still, and rarely the example itself', async () => {
    const [example = Buffer.alloc(0), other = Buffer.alloc(0)] = await requestExamples();
    let parsed = 0;
    let same = 0;
    for (let n = 0; n < 500; n++) {
      const mutant = mutateDer(Random.of(3, n), example, other);
      if (mutant.equals(example)) same++;
      try {
        parseBer(mutant);
        parsed++;
      } catch {
        // The rest is for the guard.
      }
    }
    expect(parsed).toBeGreaterThan(150);
    expect(same).toBeLessThan(50);
  });

  test.each([
    ['octets', mutateOctets],
    ['text', textMutator(['for=', ','])],
    ['markup', markupMutator(['<a>'])],
    ['DER', mutateDer],
  ])('%s: made of anything, the empty input too', (_name, mutate) => {
    for (let n = 0; n < 300; n++) {
      const random = Random.of(4, n);
      const [a, b] = [random.bytes(random.below(40)), random.bytes(random.below(40))];
      expect(mutate(random, a, b)).toBeInstanceOf(Buffer);
    }
  });
});

describe('the judge', () => {
  const input = Buffer.from('input');

  test.each<[string, Probe['run'], string]>([
    ['an outcome', () => 'fine', 'fine'],
    ['an outcome that comes later', () => Promise.resolve('later'), 'later'],
    [
      'a refusal of its own',
      () => {
        throw new GatewayError('asn1.limit', 'Too deep.');
      },
      'asn1.limit',
    ],
  ])('lets %s pass', async (_name, run, outcome) => {
    expect(await judge(probeOf(run, ['asn1.*']), input)).toMatchObject({ kind: 'passed', outcome });
  });

  test.each<[string, Probe['run'], RegExp]>([
    [
      'the refusal of another room',
      () => {
        throw new GatewayError('csr.malformed', 'No.');
      },
      /^a refusal that is not its own: csr\.malformed/,
    ],
    [
      'an error of the language',
      () => {
        throw new RangeError('out of range');
      },
      /^RangeError: out of range/,
    ],
    ['one that comes later', () => Promise.reject(new TypeError('later')), /^TypeError: later/],
    [
      'one inside of a refusal',
      () => {
        throw new GatewayError('asn1.limit', 'No.', { cause: new TypeError('undefined') });
      },
      /^asn1\.limit hides TypeError: undefined/,
    ],
    [
      'two readings that differ',
      () => {
        agree('length', 1, 2);
        return 'fine';
      },
      /^Disagreement: length: \[1\] is not \[2\]/,
    ],
  ])('finds %s', async (_name, run, fault) => {
    const verdict = await judge(probeOf(run, ['asn1.*']), input);
    expect(verdict.kind === 'fault' ? verdict.fault : verdict).toMatch(fault);
  });

  test('knows a fault again, whatever the input was', () => {
    expect(signature(`Disagreement: "a" is not 17\n at x:1`)).toBe(
      signature(`Disagreement: "bcd" is not 4\n at x:2`),
    );
  });
});

test('an input is made as short as its fault allows', async () => {
  const input = Buffer.from('a long text with a needle in it, and more behind');
  const fails = (candidate: Buffer) => Promise.resolve(candidate.includes('needle'));
  expect((await minimize(input, fails, 1000)).toString()).toBe('needle');
});

test('both of two that agree', () => {
  expect(() => agree('a', { x: [1] }, { x: [1] })).not.toThrow();
  expect(() => agree('a', undefined, 0)).toThrow(Disagreement);
});
