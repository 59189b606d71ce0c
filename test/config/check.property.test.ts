import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parse } from 'yaml';
import { checkConfig } from '../../src/config/index.js';

/** Words of the schema, so that hostile values get past the first level. */
const knownKeys = fc.constantFrom(
  ...['listeners', 'address', 'data', 'passphrase', 'file', 'env', 'issuers', 'local', 'kind'],
  ...['import', 'pfx', 'profiles', 'default', 'paths', 'challenges', 'static', 'secret', 'ndes'],
  ...['policy', 'rsaBits', 'min', 'san', 'pattern', 'types', 'accounts', 'name', 'password'],
  ...['__proto__', 'constructor', 'hasOwnProperty', 'length', '0'],
);

const anyValue = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'medium' },
    fc.oneof(fc.string(), fc.double(), fc.boolean(), fc.constant(null), fc.constant('local')),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(fc.oneof(knownKeys, fc.string()), tie('value'), { maxKeys: 5 }),
  ),
})).value;

/** Places that hold mappings, and a configuration that is valid but for what is added there. */
const places = [
  [],
  ['data'],
  ['data', 'passphrase'],
  ['log'],
  ['limits'],
  ['lockout'],
  ['issuers', 'local'],
  ['issuers', 'local', 'import'],
  ['profiles', 'default'],
  ['profiles', 'default', 'challenges'],
  ['profiles', 'default', 'challenges', 'static', 0],
  ['profiles', 'default', 'challenges', 'static', 0, 'secret'],
  ['profiles', 'default', 'challenges', 'static', 0, 'binding'],
  ['profiles', 'default', 'ndes'],
  ['profiles', 'default', 'policy', 'rsaBits'],
  ['accounts', 0],
  ['accounts', 0, 'password'],
  ['listeners', 0],
] as const;

const full = `
listeners: [{ address: "127.0.0.1:0" }]
data: { passphrase: { env: P } }
log: {}
limits: {}
lockout: {}
issuers: { local: { kind: local, import: { pfx: ca.pfx } } }
profiles:
  default:
    challenges: { static: [{ name: a, secret: { env: A }, binding: { subject: CN=a } }] }
    ndes: {}
    policy: { rsaBits: {} }
accounts: [{ name: bob, password: { file: x } }]
`;

describe('checkConfig', () => {
  test('is total: any value is judged, none is thrown at', () => {
    fc.assert(
      fc.property(anyValue, (value) => {
        const checked = checkConfig(value);
        if (checked.kind === 'valid') return;
        expect(checked.problems.length).toBeGreaterThan(0);
        for (const { key, problem, mend } of checked.problems) {
          expect(`${key}${problem}${mend}`).toMatch(/^[^\p{Cc}\u2028\u2029]+$/u);
        }
      }),
      { numRuns: 500 },
    );
  });

  test('reports every unknown key, wherever it stands', () => {
    expect(checkConfig(parse(full))).toMatchObject({ kind: 'valid' });
    fc.assert(
      fc.property(fc.constantFrom(...places), fc.string(), anyValue, (place, suffix, value) => {
        const name = `x-${suffix}`;
        const raw: unknown = parse(full);
        let target = raw as Record<string | number, unknown>;
        for (const step of place) target = target[step] as Record<string, unknown>;
        target[name] = value;
        const checked = checkConfig(raw);
        if (checked.kind === 'valid') throw new Error('an unknown key was taken');
        expect(checked.problems.map(({ path }) => path)).toEqual([[...place, name]]);
        expect(checked.problems[0]?.problem).toMatch(/^is not a known key/);
      }),
    );
  });

  test('refuses a length that cannot be compared', () => {
    const nothing = Object.create(null) as unknown;
    expect(checkConfig({ publicUrl: { length: nothing } }).kind).toBe('invalid');
    expect(checkConfig({ data: { directory: { length: nothing } } })).toMatchObject({
      kind: 'invalid',
      problems: [{ key: '(the whole file)' }],
    });
  });

  test('takes what circular aliases make', () => {
    const circular: Record<string, unknown> = {};
    circular['profiles'] = circular;
    expect(checkConfig(circular).kind).toBe('invalid');
  });
});
