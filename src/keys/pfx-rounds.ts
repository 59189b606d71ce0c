import type * as Forge from 'node-forge';
import { invalid } from './imported-identity.js';

type Asn1 = Forge.asn1.Asn1;

/** In all of a file. Tools that ask for many ask for 600,000; beyond ASCII and MAC forge hashes a million in seconds. */
const mostRounds = 3_000_000;
const mostDepth = 64;

/**
 * A PKCS#12 file says itself how often its passphrase is hashed, at four places and more: its MAC, each
 * encrypted content, each key. Looked at before anything is hashed by what it says.
 *
 * @param passphrases one of them may open what is encrypted, which may ask for more inside
 * @throws GatewayError `config.invalid`
 */
export function requireFewRounds(
  forge: typeof Forge,
  pfx: Asn1,
  passphrases: ReadonlySet<string>,
): void {
  const seen = lookThrough(forge, pfx);
  let { rounds } = seen;
  refuseBeyond(rounds);
  for (const content of seen.encrypted) {
    for (const passphrase of passphrases) {
      const opened = decrypted(forge, content, passphrase);
      if (opened) rounds += lookThrough(forge, opened).rounds;
    }
    refuseBeyond(rounds);
  }
}

interface Seen {
  rounds: number;
  /** Each as EncryptedPrivateKeyInfo, which is the algorithm and the octets. */
  readonly encrypted: Asn1[];
}

/** Also through octets that are DER again, as PKCS#12 has it. */
function lookThrough(forge: typeof Forge, top: Asn1): Seen {
  const seen: Seen = { rounds: 0, encrypted: [] };
  const look = (node: Asn1, depth: number): void => {
    if (depth > mostDepth) throw tooDeep();
    const { value } = node;
    if (typeof value === 'string') {
      const inner = isUniversal(forge, node, forge.asn1.Type.OCTETSTRING) && fromDer(forge, value);
      if (inner) look(inner, depth + 1);
      return;
    }
    seen.rounds += roundsOf(forge, value);
    const content = encryptedContent(forge, value);
    if (content) seen.encrypted.push(content);
    for (const child of value) look(child, depth + 1);
  };
  look(top, 0);
  return seen;
}

/** MacData, PBEParameter, PBKDF2-params (RFC 7292 §4, RFC 8018 §A): an INTEGER behind the salt. */
function roundsOf(forge: typeof Forge, children: readonly Asn1[]): number {
  const { OCTETSTRING, INTEGER } = forge.asn1.Type;
  let rounds = 0;
  children.forEach((child, index) => {
    const before = children[index - 1];
    if (before && isUniversal(forge, before, OCTETSTRING) && isUniversal(forge, child, INTEGER))
      rounds += integerOf(child);
  });
  return rounds;
}

/** EncryptedContentInfo (RFC 5652 §6.1) of data. */
function encryptedContent(forge: typeof Forge, children: readonly Asn1[]): Asn1 | undefined {
  const { Class, Type, create } = forge.asn1;
  const [type, algorithm, content] = children;
  if (!type || !algorithm || content?.tagClass !== Class.CONTEXT_SPECIFIC) return undefined;
  if (!isUniversal(forge, type, Type.OID) || !isUniversal(forge, algorithm, Type.SEQUENCE))
    return undefined;
  const octets = octetsOf(content);
  const octetString = create(Class.UNIVERSAL, Type.OCTETSTRING, false, octets);
  return create(Class.UNIVERSAL, Type.SEQUENCE, true, [algorithm, octetString]);
}

function decrypted(forge: typeof Forge, content: Asn1, passphrase: string): Asn1 | null {
  try {
    return forge.pki.decryptPrivateKeyInfo(content, passphrase);
  } catch {
    return null;
  }
}

/** In one piece or several (BER). */
function octetsOf({ value }: Asn1): string {
  return typeof value === 'string' ? value : value.map(octetsOf).join('');
}

function fromDer(forge: typeof Forge, octets: string): Asn1 | undefined {
  try {
    return forge.asn1.fromDer(octets);
  } catch {
    return undefined;
  }
}

function isUniversal(forge: typeof Forge, node: Asn1, type: Forge.asn1.Type): boolean {
  return node.tagClass === forge.asn1.Class.UNIVERSAL && node.type === type;
}

function integerOf({ value }: Asn1): number {
  if (typeof value !== 'string') return 0;
  return Number(BigInt(`0x${Buffer.from(value, 'latin1').toString('hex') || '0'}`));
}

function refuseBeyond(rounds: number): void {
  if (rounds <= mostRounds) return;
  throw invalid(
    `The PFX file asks for ${rounds} rounds of its hash, and ${mostRounds} are the most.`,
    'Export it again with fewer, for example by openssl pkcs12 -export -iter 100000.',
  );
}

function tooDeep() {
  return invalid('The PFX file nests its parts too deep.', 'Export it again with its private key.');
}
