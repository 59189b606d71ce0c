/**
 * The judge of co-signed requests in the fake CA, apart from the writer: CMS read element by element, each
 * signature verified with node:crypto (MS-WCCE §3.2.2.6.2.1.2, as far as its documents say).
 */
import { createHash, verify } from 'node:crypto';
import { der, parseBer, tag, type BerNode } from '../../../src/asn1/index.js';
import {
  Certificate,
  parseCertificationRequest,
  readExtendedKeyUsage,
  verifyIssuedBy,
  type Extension,
} from '../../../src/x509/index.js';

export interface ReceivedRequest {
  readonly format: 'pkcs10' | 'cms' | 'cmc';
  /** PKCS#10, DER. */
  readonly csr: Buffer;
  /** Who signed besides the requester. */
  readonly agents: readonly Certificate[];
  /** By the Add Extensions control. */
  readonly added: readonly Extension[];
}

/** A signature that is not one, or a structure that Windows would not take. */
export class BadRequest extends Error {
  constructor(
    readonly hresult: string,
    text: string,
  ) {
    super(text);
  }
}

/** @throws BadRequest */
export function receive(request: Buffer): ReceivedRequest {
  const root = parseBer(request);
  if (root.child(0).tag !== tag.oid)
    return { format: 'pkcs10', csr: request, agents: [], added: [] };
  if (root.child(0).oid() !== '1.2.840.113549.1.7.2') throw wrong('no SignedData');
  const signedData = root.child(1).child(0);
  const type = signedData.child(2).child(0).oid();
  const content = signedData.child(2).child(1).child(0).octets();
  const certificates = signedData.child(3).children.map((node) => Certificate.fromNode(node));
  const signers = signedData.child(4).children;
  if (signedData.child(4).tag !== tag.set) throw wrong('CRLs?');
  const isSorted = signers.every(
    (node, index) => index === 0 || Buffer.compare(signers[index - 1]!.raw, node.raw) <= 0,
  );
  if (!isSorted) throw wrong('a SET that is not DER');
  if (type === '1.2.840.113549.1.7.1') {
    if (signedData.child(0).smallInteger() !== 1) throw wrong('version');
    const agents = signers.map((node) => verified(node, certificates, type, content));
    return { format: 'cms', csr: content, agents, added: [] };
  }
  if (type !== '1.3.6.1.5.5.7.12.2') throw wrong(`content ${type}`);
  if (signedData.child(0).smallInteger() !== 3) throw wrong('version');
  const pkiData = parseBer(content);
  const [controls, requests, messages, others] = pkiData.children;
  if (requests?.children.length !== 1 || messages?.children.length !== 0) throw wrong('PKIData');
  if (others?.children.length !== 0) throw wrong('otherMsgSequence');
  const tagged = requests.child(0);
  if (tagged.tag !== tag.contextConstructed(0)) throw wrong('no tcr');
  const bodyPart = tagged.child(0).smallInteger();
  const csr = tagged.child(1).raw;
  const [requester, ...rest] = signers;
  if (!requester) throw wrong('no signer');
  requireNoSignature(requester, csr, type, content);
  return {
    format: 'cmc',
    csr,
    agents: rest.map((node) => verified(node, certificates, type, content)),
    added: (controls?.children ?? []).flatMap((control) => addedBy(control, bodyPart)),
  };
}

/** What the template demands of its signers; undefined when they satisfy it. */
export function faultOfAgents(
  { agents }: Pick<ReceivedRequest, 'agents'>,
  demanded: number,
  ca: Certificate,
): { readonly hresult: string; readonly text: string } | undefined {
  if (demanded > 0 && agents.length === 0)
    return { hresult: '0x80094809', text: 'The request is missing required signature policy.' };
  if (agents.length < demanded)
    return { hresult: '0x8009480a', text: 'The request is missing one or more signatures.' };
  for (const agent of agents) {
    if (!verifyIssuedBy(agent, ca))
      return { hresult: '0x800b0109', text: 'A root certificate is not trusted.' };
    if (agent.notAfter <= new Date())
      return { hresult: '0x800b0101', text: 'A required certificate is not within its validity.' };
    const usage = agent.extension('2.5.29.37');
    if (!usage || !readExtendedKeyUsage(usage).includes('1.3.6.1.4.1.311.20.2.1'))
      return {
        hresult: '0x8009480b',
        text: 'One or more signatures did not include the policies.',
      };
  }
  return undefined;
}

function verified(
  signerInfo: BerNode,
  certificates: readonly Certificate[],
  type: string,
  content: Buffer,
): Certificate {
  const [version, sid, , attributes, , signature] = signerInfo.children;
  if (version?.smallInteger() !== 1 || !sid || !attributes || !signature) throw wrong('signerInfo');
  const signer = certificates.find(
    ({ issuer, serialBytes }) =>
      issuer.der.equals(sid.child(0).raw) && serialBytes.equals(sid.child(1).content),
  );
  if (!signer) throw new BadRequest('0x8009200e', 'The signer is not among the certificates.');
  requireAttributes(attributes, type, content);
  const { keyObject } = signer.publicKey;
  if (!verify('sha256', asSet(attributes), keyObject, signature.octets()))
    throw new BadRequest('0x80090006', 'Invalid Signature.');
  return signer;
}

/** RFC 5272 Appendix C: the digest in place of a signature, over the attributes. */
function requireNoSignature(signerInfo: BerNode, csr: Buffer, type: string, content: Buffer): void {
  const [version, sid, , attributes, algorithm, digest] = signerInfo.children;
  if (version?.smallInteger() !== 3 || !sid || !attributes) throw wrong('first signerInfo');
  const { publicKey } = parseCertificationRequest(csr);
  if (sid.tag !== tag.context(0) || !sid.content.equals(publicKey.subjectKeyIdentifier))
    throw wrong('the first signerInfo is not of the requester');
  if (algorithm?.child(0).oid() !== '1.3.6.1.5.5.7.6.2') throw wrong('algorithm');
  if (algorithm.child(1).tag !== tag.null) throw wrong('parameters');
  requireAttributes(attributes, type, content);
  const expected = createHash('sha256').update(asSet(attributes)).digest();
  if (digest?.octets().equals(expected) !== true) throw wrong('the digest of the first signerInfo');
}

function requireAttributes(attributes: BerNode, type: string, content: Buffer): void {
  const values = new Map(
    attributes.children.map((node) => [node.child(0).oid(), node.child(1).child(0)]),
  );
  const digest = createHash('sha256').update(content).digest();
  if (values.get('1.2.840.113549.1.9.3')?.oid() !== type) throw wrong('contentType');
  if (values.get('1.2.840.113549.1.9.4')?.octets().equals(digest) !== true)
    throw new BadRequest('0x80091007', 'The hash value is not correct.');
}

function asSet({ raw }: BerNode): Buffer {
  return Buffer.concat([Buffer.from([tag.set]), raw.subarray(1)]);
}

/** RFC 5272 §5.1.1: a control that nobody knows fails the whole message. */
function addedBy(control: BerNode, request: number): Extension[] {
  if (control.child(1).oid() !== '1.3.6.1.5.5.7.7.8') throw wrong('unknown control');
  const added = control.child(2).child(0);
  if (control.child(0).smallInteger() === request) throw wrong('a body part twice');
  if (added.child(0).smallInteger() !== 0) throw wrong('pkiDataReference');
  if (added.child(1).child(0).smallInteger() !== request) throw wrong('certReferences');
  return added.child(2).children.map((extension) => ({
    oid: extension.child(0).oid(),
    critical: extension.children.length === 3,
    value: extension.children.at(-1)!.octets(),
  }));
}

function wrong(text: string): BadRequest {
  return new BadRequest('0x80091004', `Invalid cryptographic message type: ${text}.`);
}

/** The message without one of its signerInfos, which do not cover each other. */
export function withoutSigner(request: Buffer, signer: number): Buffer {
  const root = parseBer(request);
  const fields = root.child(1).child(0).children;
  const signers = fields.at(-1)!.children.filter((_, index) => index !== signer);
  return der.sequence(
    root.child(0).raw,
    der.contextConstructed(
      0,
      der.sequence(
        ...fields.slice(0, -1).map(({ raw }) => raw),
        der.setInOrder(...signers.map(({ raw }) => raw)),
      ),
    ),
  );
}
