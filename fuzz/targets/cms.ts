/** CMS by both codecs, which must say the same of every message. */
import { createHash } from 'node:crypto';
import { tag, type BerNode } from '../../src/asn1/index.js';
import { isGatewayError } from '../../src/errors/index.js';
import {
  createFastCodec,
  type Envelope,
  type Pkcs7Codec,
  type SignedMessage,
} from '../../src/pkcs7/index.js';
import { createPkijsCodec, readBundle } from '../../src/pkcs7/pkijs/index.js';
import { Certificate, type DecryptionKey } from '../../src/x509/index.js';
import { fixedAuthority } from '../../test/support/fixed-authority.js';
import { testDevice } from '../../test/support/pki-message.js';
import { bundleExamples, certificateExamples, messageExamples } from '../examples.js';
import { mutateDer } from '../mutators/der.js';
import { agree, type Target } from '../target.js';

const fast = createFastCodec();
const pkijs = createPkijsCodec();
const refuses = ['asn1.*', 'cms.*', 'x509.malformed'];

export const targets: readonly Target[] = [
  {
    name: 'cms-signed',
    about: 'SignedData, read and verified by the fast codec',
    prepare: async () => {
      const { certificate } = await testDevice();
      return {
        seeds: signedExamples(),
        mutate: mutateDer,
        refuses,
        run: (input) => verdictOf(fast, input, certificate).word,
      };
    },
  },
  {
    name: 'cms-signed-differential',
    about: 'SignedData: what one codec verifies the other does, with the same facts',
    pace: 0.1,
    prepare: async () => {
      const { certificate } = await testDevice();
      return {
        seeds: signedExamples(),
        mutate: mutateDer,
        refuses,
        library: true,
        run: (input) => {
          const a = judged(() => verdictOf(fast, input, certificate));
          const b = judged(() => verdictOf(pkijs, input, certificate));
          agree('fast and pkijs', a, b);
          return a.word;
        },
      };
    },
  },
  {
    name: 'cms-enveloped',
    about: 'EnvelopedData, read and opened by the fast codec',
    prepare: async () => {
      const keys = await recipients();
      return {
        seeds: envelopeExamples(),
        mutate: mutateDer,
        refuses,
        run: async (input) => {
          await opened(fast, fast.readEnvelope(input), keys);
          return 'opened';
        },
      };
    },
  },
  {
    name: 'cms-enveloped-differential',
    about: 'EnvelopedData: what one codec opens the other does, to the same content',
    pace: 0.1,
    prepare: async () => {
      const keys = await recipients();
      const verdict = async (codec: Pkcs7Codec, input: Buffer): Promise<string> => {
        try {
          return await opened(codec, codec.readEnvelope(input), keys);
        } catch (error) {
          if (!isGatewayError(error)) throw error;
          return 'refused';
        }
      };
      return {
        seeds: envelopeExamples(),
        mutate: mutateDer,
        refuses,
        library: true,
        run: async (input) => {
          const said = await verdict(fast, input);
          agree('fast and pkijs', said, await verdict(pkijs, input));
          return said === 'refused' ? said : 'opened';
        },
      };
    },
  },
  {
    name: 'cms-bundle',
    about: 'degenerate SignedData: answers of CAs, certificate files',
    pace: 0.3,
    prepare: async () => ({
      seeds: [...(await bundleExamples()), ...signedExamples().slice(0, 4)],
      mutate: mutateDer,
      refuses,
      library: true,
      run: (input) => {
        const { certificates, crls } = readBundle(input);
        for (const { der } of certificates) {
          agree('certificate', Certificate.fromDer(der).der.toString('hex'), der.toString('hex'));
        }
        return `ok ${Math.min(certificates.length, 3)} ${Math.min(crls.length, 2)}`;
      },
    }),
  },
  {
    name: 'certificate',
    about: 'certificates with all the extensions that are read',
    prepare: async () => ({
      seeds: (await certificateExamples()).map(({ der }) => der),
      mutate: mutateDer,
      refuses: ['asn1.*', 'x509.malformed'],
      run: (input) => {
        const certificate = Certificate.fromDer(input);
        agree('octets', certificate.der.length, input.length);
        agree('thumbprint', certificate.thumbprints.sha256.length, 64);
        agree('subject', certificate.subject.matches(certificate.subject), true);
        return `ok ${certificate.publicKey.kind}`;
      },
    }),
  },
];

function signedExamples(): readonly Buffer[] {
  return messageExamples();
}

function envelopeExamples(): readonly Buffer[] {
  return messageExamples().flatMap((message) => {
    try {
      return fast.readSigned(message).content ?? [];
    } catch {
      return [];
    }
  });
}

interface Verdict {
  readonly word: 'verified' | 'refused';
  readonly facts?: unknown;
}

function verdictOf(codec: Pkcs7Codec, input: Buffer, device: Certificate): Verdict {
  const message = codec.readSigned(input);
  const certificate = message.signer?.certificate ?? device;
  return codec.verifySigned(message, certificate)
    ? { word: 'verified', facts: factsOf(message) }
    : { word: 'refused' };
}

/** Which fault of several is named first is no part of the contract. */
function judged(read: () => Verdict): Verdict {
  try {
    return read();
  } catch (error) {
    if (!isGatewayError(error)) throw error;
    return { word: 'refused' };
  }
}

function factsOf({ content, contentType, certificates, crls, signer }: SignedMessage): unknown {
  return {
    content: content && digest(content),
    contentType,
    certificates: certificates.map(({ der }) => digest(der)),
    crls: crls.map(digest),
    digest: signer?.digest,
    attributes: [...(signer?.attributes ?? [])].map(([type, values]) => [type, values.map(value)]),
  };
}

/** Tag and octets, however the string was cut. */
function value(node: BerNode): string {
  const isString = node.tag < 0x40 && node.tag !== tag.sequence && node.tag !== tag.set;
  if (isString) return `${node.tag & 0x1f}:${node.octets().toString('hex')}`;
  return `${node.tag}:${node.constructed ? node.children.map(value).join() : node.content.toString('hex')}`;
}

function digest(octets: Buffer): string {
  return createHash('sha256').update(octets).digest('hex');
}

interface Keys {
  readonly recipients: readonly {
    readonly certificate: Certificate;
    readonly key: DecryptionKey;
  }[];
  readonly password: string;
}

/**
 * The real key costs a millisecond, and all it says is a number: the same ciphertext gives the same one,
 * and the vectors' own ciphertexts the right one.
 */
async function recipients(): Promise<Keys> {
  const { ra } = await fixedAuthority();
  const known = new Map<string, Buffer>();
  const { key } = ra;
  const remembering: DecryptionKey = {
    publicKey: key.publicKey,
    rejectionSecret: () => key.rejectionSecret(),
    rawDecrypt: async (ciphertext) => {
      const name = digest(ciphertext);
      const raw = known.get(name) ?? (await key.rawDecrypt(ciphertext));
      if (known.size < 1000) known.set(name, raw);
      return raw;
    },
  };
  return {
    recipients: [{ certificate: ra.certificate, key: remembering }],
    password: 'a secret for bad input',
  };
}

async function opened(codec: Pkcs7Codec, envelope: Envelope, keys: Keys): Promise<string> {
  envelope.describeRecipients();
  const { content, cipher, keyTransport, recipient } = await codec.openEnvelope(envelope, keys);
  const facts = [digest(content), cipher, keyTransport.kind, recipient?.certificate.serial];
  return `opened ${facts.join(' ')}`;
}
