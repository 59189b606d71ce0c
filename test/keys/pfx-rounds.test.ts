import forge from 'node-forge';
import { describe, expect, test } from '@jest/globals';
import { GatewayError } from '../../src/errors/index.js';
import { importPfx } from '../../src/keys/index.js';

const { asn1, pki } = forge;
const { Class, Type } = asn1;
const passphrase = 'secret';

async function faultOf(file: forge.asn1.Asn1, secret = passphrase): Promise<GatewayError> {
  const bytes = Buffer.from(asn1.toDer(file).getBytes(), 'latin1');
  const fault: unknown = await importPfx(bytes, secret).catch((error: unknown) => error);
  if (fault instanceof GatewayError) return fault;
  throw new Error('It was imported.');
}

function children({ value }: forge.asn1.Asn1): forge.asn1.Asn1[] {
  return typeof value === 'string' ? [] : value;
}

const sequence = (...parts: forge.asn1.Asn1[]) =>
  asn1.create(Class.UNIVERSAL, Type.SEQUENCE, true, parts);
const octets = (value: string) => asn1.create(Class.UNIVERSAL, Type.OCTETSTRING, false, value);
const explicit = (part: forge.asn1.Asn1) =>
  asn1.create(Class.CONTEXT_SPECIFIC, Type.NONE, true, [part]);
const oid = (name: string) =>
  asn1.create(Class.UNIVERSAL, Type.OID, false, asn1.oidToDer(pki.oids[name] ?? '').getBytes());
const integer = (hex: string) =>
  asn1.create(Class.UNIVERSAL, Type.INTEGER, false, forge.util.hexToBytes(hex));

/** Beside a key with seven. */
function withMacRounds(hex: string): forge.asn1.Asn1 {
  const safe = octets(asn1.toDer(shroudedBag('07')).getBytes());
  const [version, content] = children(pfxOf(sequence(oid('data'), explicit(safe))));
  return sequence(version!, content!, sequence(sequence(), octets('12345678'), integer(hex)));
}

/** A key that asks for so many rounds, as a bag; what it holds is nothing. */
function shroudedBag(hex: string): forge.asn1.Asn1 {
  const parameters = sequence(octets('12345678'), integer(hex));
  const encrypted = sequence(
    sequence(oid('pbeWithSHAAnd3-KeyTripleDES-CBC'), parameters),
    octets('12345678'),
  );
  return sequence(sequence(oid('pkcs8ShroudedKeyBag'), explicit(encrypted)));
}

function pfxOf(content: forge.asn1.Asn1): forge.asn1.Asn1 {
  const safe = sequence(oid('data'), explicit(octets(asn1.toDer(sequence(content)).getBytes())));
  return sequence(integer('03'), safe);
}

function encryptedContent(contents: forge.asn1.Asn1, secret: string): forge.asn1.Asn1 {
  const options = { algorithm: 'aes256', count: 5 } as const;
  const [algorithm, encrypted] = children(pki.encryptPrivateKeyInfo(contents, secret, options));
  const implicit = asn1.create(Class.CONTEXT_SPECIFIC, Type.NONE, false, encrypted!.value);
  const info = sequence(oid('data'), algorithm!, implicit);
  return sequence(oid('encryptedData'), explicit(sequence(integer('00'), info)));
}

const tooMany = (rounds: string) => ({
  code: 'config.invalid',
  message: `The PFX file asks for ${rounds} rounds of its hash, and 3000000 are the most.`,
});

describe('a PKCS#12 file that asks for too many rounds', () => {
  test.each([
    ['2dc6c1', '3000008'],
    ['7fffffff', '2147483654'],
    ['00ffffffffffffffff', '18446744073709552000'],
  ])('in its MAC (%s) is refused before any', async (hex, rounds) => {
    expect(await faultOf(withMacRounds(hex))).toMatchObject(tooMany(rounds));
  });

  test('in a key is refused', async () => {
    const safe = octets(asn1.toDer(shroudedBag('7fffffff')).getBytes());
    const file = pfxOf(sequence(oid('data'), explicit(safe)));
    expect(await faultOf(file)).toMatchObject(tooMany('2147483647'));
  });

  test('in many keys together is refused', async () => {
    const bags = Array.from({ length: 4 }, () => children(shroudedBag('0f4240'))[0]!);
    const safe = octets(asn1.toDer(sequence(...bags)).getBytes());
    const file = pfxOf(sequence(oid('data'), explicit(safe)));
    expect(await faultOf(file)).toMatchObject(tooMany('4000000'));
  });

  test.each(['secret', 'sécret'])('inside what %s opens is refused', async (secret) => {
    const utf8 = forge.util.encodeUtf8(secret);
    const file = pfxOf(encryptedContent(shroudedBag('7fffffff'), utf8));
    expect(await faultOf(file, secret)).toMatchObject({
      code: 'config.invalid',
      message: expect.stringMatching(/^The PFX file asks for \d{10} rounds of its hash/) as unknown,
    });
    // Who has another passphrase has no work by it either.
    expect(await faultOf(file, 'other')).toMatchObject({ code: 'keys.passphrase' });
  });
});

test('octets that nest without end are refused', async () => {
  let nested = octets('x');
  for (let depth = 0; depth < 80; depth++) nested = octets(asn1.toDer(nested).getBytes());
  expect(await faultOf(sequence(nested))).toMatchObject({ code: 'config.invalid' });
});
