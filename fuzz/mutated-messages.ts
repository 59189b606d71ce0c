/**
 * Mutants of real messages, at every depth: of the whole message, of its attributes, of the envelope, of the
 * CSR, and of what the CSR signs; everything outside the change is made right again, signatures included.
 */
import { der } from '../src/asn1/index.js';
import { createFastCodec } from '../src/pkcs7/index.js';
import { parseCertificationRequest } from '../src/x509/index.js';
import { fixedAuthority } from '../test/support/fixed-authority.js';
import { testKey } from '../test/support/keys.js';
import {
  attributeOids,
  pkiMessage,
  wire,
  type PkiMessageOptions,
} from '../test/support/pki-message.js';
import { createMaker } from '../test/bad-input/maker.js';
import { mutateDer as mutate } from './mutators/der.js';
import type { Random } from './random.js';
import { readVectors } from '../test/bad-input/vectors.js';

export interface MutantMaker {
  /** Messages that were refused, as they are on file. */
  readonly originals: readonly Buffer[];
  readonly make: (random: Random) => Promise<Buffer>;
}

export async function createMutants(): Promise<MutantMaker> {
  const { ra } = await fixedAuthority();
  const { device } = await createMaker();
  const codec = createFastCodec();
  const originals = readVectors()
    .filter(({ told, bytes }) => told.pkiStatus === '2' && bytes.length < 8000)
    .map(({ bytes }) => bytes);
  const envelopes = originals.map(contentOf).filter((content) => content !== undefined);
  const requests = await openAll();

  function contentOf(message: Buffer): Buffer | undefined {
    try {
      return codec.readSigned(message).content;
    } catch {
      return undefined;
    }
  }

  async function openAll(): Promise<Buffer[]> {
    const opened: Buffer[] = [];
    for (const envelope of envelopes) {
      try {
        const recipients = [{ certificate: ra.certificate, key: ra.key }];
        opened.push(
          (await codec.openEnvelope(codec.readEnvelope(envelope), { recipients })).content,
        );
      } catch {
        // One of those that are bad for this very reason.
      }
    }
    return opened;
  }

  const message = (random: Random, options: Partial<PkiMessageOptions>): Promise<Buffer> =>
    pkiMessage({
      signer: device,
      recipients: [ra.certificate],
      transactionId: `mutant-${random.below(1000)}`,
      messageType: random.pick(messageTypes),
      ...options,
    });

  const make = async (random: Random): Promise<Buffer> => {
    const request = random.pick(requests);
    switch (random.below(10)) {
      case 0: {
        const envelope = mutate(random, random.pick(envelopes), random.pick(envelopes));
        return message(random, { envelope });
      }
      case 1:
        return message(random, { content: mutate(random, request, random.pick(requests)) });
      case 2:
        return message(random, { content: await resigned(random, request) });
      case 3:
        return message(random, { content: request, attributes: attribute(random) });
      default:
        return mutate(random, random.pick(originals), random.pick(originals));
    }
  };
  return { originals, make };
}

const messageTypes = [
  wire.PKCSReq,
  wire.PKCSReq,
  wire.RenewalReq,
  wire.CertPoll,
  wire.GetCert,
  wire.GetCRL,
  wire.UpdateReq,
];

/** A request whose content is a mutant and whose proof of possession holds. */
async function resigned(random: Random, request: Buffer): Promise<Buffer> {
  try {
    const { info, signatureAlgorithm } = parseCertificationRequest(request);
    const mutant = mutate(random, info, request);
    const signature = await testKey('client').sign('sha256', mutant);
    return der.sequence(mutant, signatureAlgorithm.raw, der.bitString(signature));
  } catch {
    return mutate(random, request, request);
  }
}

function attribute(random: Random): Readonly<Record<string, Buffer>> {
  const oid = random.pick(Object.values(attributeOids));
  const value = der.element(random.below(256), random.bytes(random.below(80)));
  return { [oid]: random.below(2) === 0 ? value : mutate(random, value, value) };
}
