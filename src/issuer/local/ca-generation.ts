import { Name, parseDistinguishedName, type Certificate } from '../../x509/index.js';
import { recordCertificate, type AuthorityContext } from './authority-context.js';
import type { CaGeneration } from './authority-record.js';
import type { SigningCa } from './certificate-mint.js';
import { caExtensions } from './certificate-purpose.js';
import { checkImportedCa } from './imported-key-pair.js';
import type { ImportedKeyPair } from './local-authority.types.js';
import type { NumberedKey, NumberedKeys } from './numbered-keys.js';
import { successorName } from './successor-name.js';
import { addYears } from './validity.js';

/** How a CA follows another. */
export interface Succession {
  readonly predecessor: CaGeneration;
  /** Name of the next CA as text; made from the present one's when undefined. */
  readonly subject: string | undefined;
  /** A new root even where the present one would last. */
  readonly newRoot: boolean;
}

interface Root {
  readonly number: number;
  readonly key: string;
  readonly certificate: Certificate;
}

/** A new CA as configured: a root that issues, or an issuing CA under a root. */
export async function newCa(
  context: AuthorityContext,
  keys: NumberedKeys,
  succession?: Succession,
): Promise<CaGeneration> {
  const { settings } = context;
  const made = await keys.make('ca', settings.keyBits);
  const subject = caName(settings.subject, made.number, succession);
  if (settings.hierarchy === 'root') {
    const certificate = await newRootCertificate(context, made, subject, context.caIsRecipient);
    return { number: made.number, ca: { key: made.name, certificate }, above: [] };
  }
  const root = lastingRoot(context, succession) ?? (await newRoot(context, keys, succession));
  const certificate = await context.mint.issue(await signingRoot(context, root), {
    subject: subject.der,
    publicKey: made.key.publicKey,
    // Path length 0: nothing that a device could get becomes a CA below this one.
    extensions: caExtensions(0, context.caIsRecipient),
    notAfter: addYears(context.clock(), settings.issuingYears),
  });
  await recordCertificate(context, certificate);
  return {
    number: made.number,
    ca: { key: made.name, certificate },
    above: [root.certificate],
    root: { number: root.number, key: root.key },
  };
}

/** @throws GatewayError `config.invalid` */
export async function importedCa(
  context: AuthorityContext,
  keys: NumberedKeys,
  imported: ImportedKeyPair,
): Promise<CaGeneration> {
  const pair = checkImportedCa(imported, context.clock());
  const { certificate, above } = pair;
  const kept = await keys.keep('ca', pair);
  await recordCertificate(context, certificate);
  return { number: kept.number, ca: { key: kept.name, certificate }, above: [...above] };
}

function caName(configured: string, number: number, succession: Succession | undefined): Name {
  if (succession === undefined) return Name.fromDer(parseDistinguishedName(configured));
  return succession.subject === undefined
    ? successorName(succession.predecessor.ca.certificate.subject, number)
    : Name.fromDer(parseDistinguishedName(succession.subject));
}

/** The present root, unless a new issuing CA would outlive it. */
function lastingRoot(
  { clock, settings }: AuthorityContext,
  succession: Succession | undefined,
): Root | undefined {
  if (succession === undefined || succession.newRoot) return undefined;
  const { root, above } = succession.predecessor;
  const certificate = above.at(-1);
  if (root === undefined || certificate === undefined) return undefined;
  return certificate.notAfter < addYears(clock(), settings.issuingYears)
    ? undefined
    : { ...root, certificate };
}

async function newRoot(
  context: AuthorityContext,
  keys: NumberedKeys,
  succession: Succession | undefined,
): Promise<Root> {
  const { keyBits, rootSubject } = context.settings;
  const made = await keys.make('root', keyBits);
  const present = succession?.predecessor.root && succession.predecessor.above.at(-1);
  const subject = present
    ? successorName(present.subject, made.number)
    : Name.fromDer(parseDistinguishedName(rootSubject));
  const certificate = await newRootCertificate(context, made, subject, false);
  return { number: made.number, key: made.name, certificate };
}

async function newRootCertificate(
  context: AuthorityContext,
  { key }: NumberedKey,
  subject: Name,
  isRecipient: boolean,
): Promise<Certificate> {
  const certificate = await context.mint.selfSign(key, {
    subject: subject.der,
    extensions: caExtensions(undefined, isRecipient),
    notAfter: addYears(context.clock(), context.settings.rootYears),
  });
  await recordCertificate(context, certificate);
  return certificate;
}

async function signingRoot({ ring }: AuthorityContext, root: Root): Promise<SigningCa> {
  return {
    id: { level: 'root', number: root.number },
    certificate: root.certificate,
    key: await ring.load(root.key),
  };
}
