/** CES over HTTPS, played: messages written by hand after MS-WSTEP §4, in front of a `FakeCa`. */
import type { IncomingMessage } from 'node:http';
import { TLSSocket } from 'node:tls';
import { certificateBundle } from '../../../src/pkcs7/index.js';
import { tlsServerEndPoint } from '../../../src/ntlm/channel-binding/index.js';
import { Certificate } from '../../../src/x509/index.js';
import type { FakeCa, FakeRequest } from '../certsrv/fake-ca.js';
import { testKey } from '../../support/keys.js';
import { offer, startUpstream, tlsIdentity, type Handler } from '../../web-client/upstream.js';

export type Scheme = 'userNameToken' | 'negotiate' | 'certificate';

/** Where a connection ends: before the CA heard of the question, after it, or in the middle of the answer. */
export type Cut = 'before' | 'after' | 'middle' | 'hang';

export interface CesService {
  readonly url: string;
  readonly origin: string;
  /** SHA-256 of its certificate. */
  readonly pin: string;
  cut: Cut | undefined;
  /** Instead of what the CA says. */
  answer: ((question: Question) => RawAnswer | undefined) | undefined;
  readonly questions: Question[];
  close(): Promise<void>;
}

export interface RawAnswer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string | Buffer;
}

export interface Question {
  /** The message as it came. */
  readonly text: string;
  readonly messageId: string;
  readonly type: 'Issue' | 'QueryTokenStatus';
  readonly requestId: string;
  readonly csr: Buffer;
  readonly context: ReadonlyMap<string, string>;
}

export const password = 'right & <proper>';
export const account = 'LAB\\svc';

/** A ticket that the service takes, bound to its channel; there is no KDC here. */
export function ticket(channelBinding: Buffer | undefined): Buffer {
  return Buffer.concat([Buffer.from('ticket:'), channelBinding ?? Buffer.alloc(0)]);
}

export async function startCes(ca: FakeCa, scheme: Scheme): Promise<CesService> {
  const { certificate, options } = await tlsIdentity();
  const binding = tlsServerEndPoint(certificate.der);
  const handler: Handler = async (request, response, body) => {
    const { cut } = service;
    if (cut === 'hang') return;
    if (cut === 'before') return void request.socket.destroy();
    if (scheme === 'negotiate' && !hasTicket(request, ticket(binding))) {
      offer(response, 'Negotiate');
      return;
    }
    if (scheme === 'certificate' && !hasCertificate(request)) {
      return void response.writeHead(403).end('403.7 - Client certificate required');
    }
    const answer = await serviceAnswer(ca, service, request, body.toString('utf8'), scheme);
    if (cut === 'after') return void request.socket.destroy();
    const octets = Buffer.from(answer.body);
    response.writeHead(answer.status ?? 200, {
      'content-type': 'application/soap+xml; charset=utf-8',
      'content-length': octets.length,
      ...answer.headers,
    });
    if (cut === 'middle') {
      response.write(octets.subarray(0, octets.length / 2), () => request.socket.destroy());
      return;
    }
    response.end(octets);
  };
  const upstream = await startUpstream(handler, {
    ...options,
    ...(scheme === 'certificate' && { requestCert: true, rejectUnauthorized: false }),
  });
  const service: CesService = {
    url: `${upstream.origin}${path}`,
    origin: upstream.origin,
    pin: certificate.thumbprints.sha256,
    cut: undefined,
    answer: undefined,
    questions: [],
    close: () => upstream.close(),
  };
  return service;
}

const path = '/LAB-CA1-CA_CES_Test/service.svc/CES';

function hasTicket({ headers: { authorization = '' } }: IncomingMessage, expected: Buffer) {
  return authorization === `Negotiate ${expected.toString('base64')}`;
}

function hasCertificate({ socket }: IncomingMessage): boolean {
  const shown = socket instanceof TLSSocket ? socket.getPeerX509Certificate() : undefined;
  if (shown === undefined) return false;
  return Certificate.fromDer(shown.raw).publicKey.id === testKey('client-2').publicKey.id;
}

async function serviceAnswer(
  ca: FakeCa,
  service: Pick<CesService, 'answer' | 'questions'>,
  request: IncomingMessage,
  text: string,
  scheme: Scheme,
): Promise<RawAnswer> {
  if (request.url !== path) return { status: 404, body: 'not here' };
  if (request.method !== 'POST') return { status: 405, body: '' };
  if (request.headers['content-type'] !== 'application/soap+xml; charset=utf-8') {
    return { status: 415, body: '' };
  }
  const question = questionIn(text);
  service.questions.push(question);
  if (scheme === 'userNameToken' && !isLetIn(text)) return invalidSecurity(question);
  return service.answer?.(question) ?? caAnswer(ca, question);
}

/** What the CA says to who signed in elsewhere. @param text the message as it came */
export function answerTo(ca: FakeCa, text: string, user: string): Promise<RawAnswer> {
  return caAnswer(ca, questionIn(text), user);
}

/** What the CA says of a question, in CES' form. */
async function caAnswer(ca: FakeCa, question: Question, user = account): Promise<RawAnswer> {
  const { type, requestId, csr, context } = question;
  if (ca.outage !== undefined) return fault(question, { errorCode: Number(ca.outage) | 0 });
  const request = type === 'Issue' ? await ca.submit(csr, context, user) : ca.find(+requestId);
  if (request === undefined) {
    return fault(question, { errorCode: 0x80094004 | 0, invalidRequest: true });
  }
  return ofRequest(ca, question, request);
}

function ofRequest(ca: FakeCa, question: Question, { id, state }: FakeRequest): RawAnswer {
  switch (state.kind) {
    case 'issued':
      return response(question, {
        requestId: String(id),
        disposition: 'Issued',
        bundle: certificateBundle([state.certificate, ca.certificate]),
        certificate: state.certificate.der,
      });
    case 'pending':
      return response(question, { requestId: String(id), disposition: 'Taken Under Submission' });
    case 'denied':
      return fault(question, {
        errorCode: Number(state.hresult.slice(0, 10)) | 0,
        invalidRequest: true,
        requestId: String(id),
        reason: `${state.text} Denied by Policy Module`,
      });
  }
}

interface ResponseParts {
  readonly requestId?: string;
  readonly disposition?: string;
  readonly bundle?: Buffer;
  readonly certificate?: Buffer;
}

const wsse = 'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd';
const wstep = 'http://schemas.microsoft.com/windows/pki/2009/01/enrollment';

/** Lines of 64 digits that end as Windows ends them. */
function lines(der: Buffer): string {
  return (der.toString('base64').match(/.{1,64}/g) ?? []).map((line) => `${line}&#xD;\n`).join('');
}

function token(type: string, der: Buffer): string {
  return `<BinarySecurityToken ValueType="${type}" EncodingType="${wsse}#base64binary" xmlns="${wsse}">${lines(der)}</BinarySecurityToken>`;
}

export function response(
  { messageId }: Pick<Question, 'messageId'>,
  { requestId, disposition = 'Issued', bundle, certificate }: ResponseParts,
): RawAnswer {
  const requested = certificate
    ? token(
        'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-x509-token-profile-1.0#X509v3',
        certificate,
      )
    : `<SecurityTokenReference xmlns="${wsse}"><Reference URI="https://ca1.lab.test${path}"/></SecurityTokenReference>`;
  return {
    body: envelope(
      messageId,
      `${wstep}/RSTRC/wstep`,
      `<RequestSecurityTokenResponseCollection xmlns="http://docs.oasis-open.org/ws-sx/ws-trust/200512"><RequestSecurityTokenResponse>
<TokenType>http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-x509-token-profile-1.0#X509v3</TokenType>
<DispositionMessage xml:lang="en-US" xmlns="${wstep}">${disposition}</DispositionMessage>
${token(`${wsse}#PKCS7`, bundle ?? Buffer.from('3000', 'hex'))}
<RequestedSecurityToken>${requested}</RequestedSecurityToken>
${requestId === undefined ? '' : `<RequestID xmlns="${wstep}">${requestId}</RequestID>`}
</RequestSecurityTokenResponse></RequestSecurityTokenResponseCollection>`,
    ),
  };
}

export interface FaultParts {
  /** Signed. */
  readonly errorCode?: number | undefined;
  readonly invalidRequest?: boolean;
  readonly requestId?: string;
  readonly reason?: string;
}

export function fault(
  question: Pick<Question, 'messageId'>,
  { errorCode, invalidRequest = false, requestId, reason = 'No.' }: FaultParts,
): RawAnswer {
  const nil = ' xmlns:i="http://www.w3.org/2001/XMLSchema-instance" i:nil="true"/>';
  const code = errorCode === undefined ? nil : `>${errorCode}</ErrorCode>`;
  const id = requestId === undefined ? nil : `>${requestId}</RequestID>`;
  return rawFault(question, {
    code: 's:Receiver',
    reason,
    detail: `<CertificateEnrollmentWSDetail xmlns="${wstep}"><BinaryResponse${nil}<ErrorCode${code}<InvalidRequest>${String(invalidRequest)}</InvalidRequest><RequestID${id}</CertificateEnrollmentWSDetail>`,
  });
}

/** As WCF says it of a message that it turns away. */
export function rawFault(
  { messageId }: Pick<Question, 'messageId'>,
  parts: {
    readonly code: string;
    /** Namespace and name. */
    readonly subcode?: readonly [string, string];
    readonly reason?: string;
    readonly detail?: string;
  },
): RawAnswer {
  const { code, subcode, reason = 'No.', detail } = parts;
  const sub = subcode
    ? `<s:Subcode><s:Value xmlns:x="${subcode[0]}">x:${subcode[1]}</s:Value></s:Subcode>`
    : '';
  return {
    status: 500,
    body: envelope(
      messageId,
      'http://www.w3.org/2005/08/addressing/soap/fault',
      `<s:Fault><s:Code><s:Value>${code}</s:Value>${sub}</s:Code><s:Reason><s:Text xml:lang="en-US">${reason}</s:Text></s:Reason>${detail === undefined ? '' : `<s:Detail>${detail}</s:Detail>`}</s:Fault>`,
    ),
  };
}

function envelope(messageId: string, action: string, body: string): string {
  return `<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:a="http://www.w3.org/2005/08/addressing"><s:Header><a:Action s:mustUnderstand="1">${action}</a:Action><a:RelatesTo>${messageId}</a:RelatesTo><ActivityId CorrelationId="8f0c" xmlns="http://schemas.microsoft.com/2004/09/ServiceModel/Diagnostics">00</ActivityId></s:Header><s:Body>${body}</s:Body></s:Envelope>`;
}

function invalidSecurity(question: Question): RawAnswer {
  return rawFault(question, {
    code: 's:Sender',
    subcode: [wsse, 'InvalidSecurity'],
    reason: 'An error occurred when verifying security for the message.',
  });
}

/** WCF wants a timestamp of now beside the token. */
function isLetIn(text: string): boolean {
  const [created, expires] = ['Created', 'Expires'].map((name) => Date.parse(within(text, name)));
  const now = Date.now();
  return (
    (created ?? NaN) <= now &&
    (expires ?? NaN) > now &&
    within(text, 'Username') === account &&
    within(text, 'Password') === password
  );
}

function questionIn(text: string): Question {
  const type = within(text, 'RequestType').endsWith('QueryTokenStatus')
    ? 'QueryTokenStatus'
    : 'Issue';
  const items = [...text.matchAll(/<\w+:ContextItem Name="([^"]*)"><\w+:Value>([^<]*)</g)];
  return {
    text,
    messageId: within(text, 'MessageID'),
    type,
    requestId: within(text, 'RequestID'),
    csr: Buffer.from(within(text, 'BinarySecurityToken'), 'base64'),
    context: new Map(items.map(([, name = '', value = '']) => [unescaped(name), unescaped(value)])),
  };
}

/** By a pattern and not by our reader: it is what we judge. */
function within(text: string, name: string): string {
  return unescaped(new RegExp(`<\\w+:${name}(?: [^>]*)?>([^<]*)</`).exec(text)?.[1] ?? '');
}

function unescaped(text: string): string {
  return text.replace(/&#(\d+);/g, (_, code: string) => String.fromCharCode(Number(code)));
}
