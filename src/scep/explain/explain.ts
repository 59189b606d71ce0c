/** Explains any pkiMessage to the person who has to find out why it does not work. */
import { isGatewayError, type GatewayError } from '../../errors/index.js';
import type {
  ContentCipher,
  DigestAlgorithm,
  Envelope,
  KeyTransport,
  MessageSigner,
  SignedMessage,
} from '../../pkcs7/index.js';
import type { Certificate } from '../../x509/index.js';
import { cipherNames, digestNames } from '../algorithm-floor.js';
import {
  attributeProblems,
  explainAttributes,
  explainedMessageType,
  replyProblems,
  statusName,
} from './attributes.js';
import { explainContent, requestProblems } from './content.js';
import type {
  ExplainedContent,
  ExplainedEnvelope,
  ExplainedSignature,
  ExplainOptions,
  PkiMessageExplanation,
} from './explain.types.js';
import { describeMessageType, type MessageType } from '../message-type.js';

/** Never throws for what the bytes hold. */
export async function explainPkiMessage(
  bytes: Buffer,
  options: ExplainOptions,
): Promise<PkiMessageExplanation> {
  const message = attempt(() => options.codec.readSigned(bytes));
  if (isGatewayError(message)) return unreadable(bytes, message);
  const { signer, certificates, crls } = message;
  if (signer === undefined) return bundle(message);
  const type = explainedMessageType(signer);
  const problems = attributeProblems(signer);
  const signature = explainSignature(message, signer, options, problems);
  const inside = await explainEnvelope(message, type, options, problems);
  if (type?.kind === 'CertRep') problems.push(...replyProblems(signer));
  if (type?.kind === 'UpdateReq' || type?.kind === 'unknown') {
    problems.push(`The messageType ${describeMessageType(type)} is served by no SCEP server here.`);
  }
  if (inside.content?.kind === 'request' && type !== undefined) {
    const { csr } = inside.content;
    const open = options.rules?.openToAnyone ?? false;
    problems.push(...requestProblems(type, csr, signature.signer, open));
  }
  return {
    what: describe(type, signer),
    attributes: explainAttributes(signer),
    signature,
    ...inside,
    certificates,
    crls,
    problems,
  };
}

const nothing = {
  attributes: [],
  signature: undefined,
  envelope: undefined,
  content: undefined,
  certificates: [],
  crls: [],
} as const;

function unreadable(bytes: Buffer, error: GatewayError): PkiMessageExplanation {
  const start = bytes.toString('latin1', 0, 200).trimStart();
  const problems = [[error.message, error.detail].filter(Boolean).join(' Found: ')];
  if (bytes.length === 0) problems.push('There are no octets at all.');
  else if (start.startsWith('<')) problems.push('It looks like a web page, not like a message.');
  return { what: 'No SCEP message', ...nothing, problems };
}

function bundle({ certificates, crls }: SignedMessage): PkiMessageExplanation {
  const problems = certificates.length + crls.length === 0 ? ['The bundle holds nothing.'] : [];
  return { what: 'A bundle that nobody signed', ...nothing, certificates, crls, problems };
}

function describe(type: MessageType | undefined, signer: MessageSigner): string {
  if (type === undefined) return 'A signed message without messageType';
  const status = type.kind === 'CertRep' ? statusName(signer) : undefined;
  return status === undefined
    ? describeMessageType(type)
    : `${describeMessageType(type)}: ${status}`;
}

function explainSignature(
  message: SignedMessage,
  signer: MessageSigner,
  { codec, knownCertificates = [], recipients = [], rules }: ExplainOptions,
  problems: string[],
): ExplainedSignature {
  const known = [...knownCertificates, ...recipients.map(({ certificate }) => certificate)];
  const certificate =
    signer.certificate ?? known.find((candidate) => signer.isIdentifiedBy(candidate));
  const verified = certificate && codec.verifySigned(message, certificate);
  if (certificate === undefined) {
    problems.push(
      'The certificate of the signer is not in the message, so nothing can be checked.',
    );
  }
  if (verified === false) problems.push('The signature does not verify.');
  problems.push(...digestProblems(signer.digest, rules));
  return { digest: signer.digest, signer: certificate, verified };
}

function digestProblems(digest: DigestAlgorithm, rules: ExplainOptions['rules']): string[] {
  const name = digestNames[digest];
  if (rules) {
    const { digests } = rules.floor;
    if (digests.includes(digest)) return [];
    const taken = digests.map((each) => digestNames[each]).join(', ');
    return [`The digest ${name} is below the floor of the profile, which takes ${taken}.`];
  }
  if (digest !== 'md5' && digest !== 'sha1') return [];
  return [`The digest ${name} is weak; SHA-256 is expected.`];
}

function cipherProblems(cipher: ContentCipher, rules: ExplainOptions['rules']): string[] {
  const name = cipherNames[cipher];
  if (rules) {
    const { ciphers } = rules.floor;
    if (ciphers.includes(cipher)) return [];
    const taken = ciphers.map((each) => cipherNames[each]).join(', ');
    return [`The content cipher ${name} is below the floor of the profile, which takes ${taken}.`];
  }
  if (cipher !== 'des-cbc') return [];
  return [`The content cipher ${name} is broken; AES is expected.`];
}

async function explainEnvelope(
  { content }: SignedMessage,
  type: MessageType | undefined,
  options: ExplainOptions,
  problems: string[],
): Promise<{ envelope: ExplainedEnvelope | undefined; content: ExplainedContent | undefined }> {
  const none = { envelope: undefined, content: undefined };
  const isReply = type?.kind === 'CertRep';
  if (content === undefined || (isReply && content.length <= 1)) {
    if (!isReply) problems.push('There is no content, so no envelope.');
    return none;
  }
  const envelope = attempt(() => options.codec.readEnvelope(content));
  if (isGatewayError(envelope)) {
    problems.push(`The content is no envelope that can be read: ${envelope.message}`);
    return none;
  }
  problems.push(...cipherProblems(envelope.cipher, options.rules));
  const opened = await open(envelope, options, problems);
  return {
    envelope: {
      cipher: envelope.cipher,
      recipients: describeRecipients(envelope),
      opened: opened !== undefined,
    },
    content: opened && type && explainContent(type, opened, problems),
  };
}

async function open(
  envelope: Envelope,
  { codec, recipients = [], password }: ExplainOptions,
  problems: string[],
): Promise<Buffer | undefined> {
  if (recipients.length === 0 && password === undefined) return undefined;
  try {
    const keys = { recipients, ...(password === undefined ? {} : { password }) };
    return (await codec.openEnvelope(envelope, keys)).content;
  } catch (error) {
    if (!isGatewayError(error)) throw error;
    problems.push(
      undecryptable(
        envelope,
        recipients.map(({ certificate }) => certificate),
      ),
    );
    return undefined;
  }
}

function undecryptable(envelope: Envelope, tried: readonly Certificate[]): string {
  const named = envelope.describeRecipients().join('; ') || 'nobody';
  const ours = tried.map(({ issuer, serial }) => `${issuer.text} serial ${serial}`).join('; ');
  return (
    `The envelope cannot be opened. It is encrypted to: ${named}. ` +
    `Tried: ${ours === '' ? 'the password' : ours}.`
  );
}

function describeRecipients(envelope: Envelope): string[] {
  return envelope
    .describeRecipients()
    .map((name, index) => `${name} by ${transportName(envelope.keyTransports[index])}`);
}

function transportName(transport: KeyTransport | undefined): string {
  switch (transport?.kind) {
    case 'rsaes-oaep':
      return `RSAES-OAEP with ${digestNames[transport.digest]}`;
    case 'password':
      return 'PBKDF2';
    default:
      return 'RSAES-PKCS1-v1_5';
  }
}

function attempt<T>(read: () => T): T | GatewayError {
  try {
    return read();
  } catch (error) {
    if (isGatewayError(error)) return error;
    throw error;
  }
}
