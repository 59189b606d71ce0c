/** What a bad message is told, as a device sees it. */
import { readReply, type TestSigner } from '../support/pki-message.js';
import { send, type Answer } from '../http/client.js';

/** `text` without the reference that ends it. */
export interface Told {
  readonly status: number;
  readonly pkiStatus?: string;
  readonly failInfo?: string;
  readonly text?: string;
}

/** Exactly what was told; a reference that is not the correlation id of the answer throws. */
export function toldBy(answer: Answer, ra: Pick<TestSigner, 'certificate'>): Told {
  const { status, headers, body } = answer;
  const correlationId = String(headers['x-correlation-id']);
  if (headers['content-type'] !== 'application/x-pki-message')
    return {
      status,
      text: withoutReference(body.toString('utf8'), `\nReference: ${correlationId}\n`),
    };
  const { messageType, pkiStatus, failInfo, failInfoText } = readReply(body, ra.certificate);
  if (messageType !== '3' || pkiStatus === undefined) throw new Error('the reply is no CertRep');
  if (failInfo === undefined) return { status, pkiStatus };
  const text = withoutReference(failInfoText ?? '', ` (reference ${correlationId})`);
  return { status, pkiStatus, failInfo, text };
}

export function postMessage(port: number, message: Buffer, path = '/scep'): Promise<Answer> {
  return send(port, `${path}?operation=PKIOperation`, {
    headers: { 'content-type': 'application/x-pki-message' },
    body: message,
  });
}

function withoutReference(text: string, reference: string): string {
  if (!text.endsWith(reference)) throw new Error(`no reference "${reference}" in: ${text}`);
  return text.slice(0, -reference.length);
}

export const uniform: Told = {
  status: 200,
  pkiStatus: '2',
  failInfo: '1',
  text:
    'The message failed its cryptographic checks: signature, encryption or proof of possession. ' +
    'Fetch the CA certificates again (GetCACert) and repeat the request.',
};

export const issued: Told = { status: 200, pkiStatus: '0' };

export function refused(text: string, failInfo = '2'): Told {
  return { status: 200, pkiStatus: '2', failInfo, text };
}

export function noScepMessage(reason: string): Told {
  return { status: 400, text: `This is no SCEP message. ${reason}` };
}
