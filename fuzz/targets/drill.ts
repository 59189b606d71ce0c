/** Readers with one fault each: a fuzzer that does not find them finds nothing. */
import { parseBer } from '../../src/asn1/index.js';
import { GatewayError } from '../../src/errors/index.js';
import { mutateOctets } from '../mutators/octets.js';
import { agree, type Target } from '../target.js';

const trigger = Buffer.from('drill:');

function drill(name: string, run: (input: Buffer) => string): Target {
  return {
    name: `drill-${name}`,
    about: 'fails on purpose',
    prepare: () => ({
      seeds: [Buffer.from('drill:1'), Buffer.from('something else')],
      mutate: mutateOctets,
      refuses: ['asn1.*'],
      run: (input) => (input.indexOf(trigger) >= 0 && input.length > 12 ? run(input) : 'fine'),
    }),
  };
}

function forEver(): string {
  for (let turns = 0; ; turns++) if (turns < 0) return 'never';
}

/** Outside of V8's heap, which has a limit of its own. */
function greedy(): string {
  const taken: Buffer[] = [];
  const pause = new Int32Array(new SharedArrayBuffer(4));
  for (;;) {
    taken.push(Buffer.alloc(64 * 2 ** 20, 1));
    // The supervisor looks twice a second: whoever is faster takes the machine's memory first.
    Atomics.wait(pause, 0, 0, 50);
  }
}

const kept: Buffer[] = [];

export const targets: readonly Target[] = [
  drill('throw', (input) => {
    throw new TypeError(`thrown for ${input.length} octets`);
  }),
  drill('hidden', () => {
    const cause = new TypeError('an undefined that was used');
    throw new GatewayError('asn1.malformed', 'Refused.', { cause });
  }),
  drill('refusal', () => {
    throw new GatewayError('cms.malformed', 'The refusal of another room.');
  }),
  drill('disagree', (input) => {
    agree('two readings', input.length, parseBer(Buffer.from('0500', 'hex')).tag);
    return 'fine';
  }),
  drill('hang', forEver),
  drill('memory', greedy),
  drill('exit', () => process.exit(3)),
  drill('leak', (input) => {
    kept.push(Buffer.alloc(2 ** 20, input));
    return 'fine';
  }),
];
