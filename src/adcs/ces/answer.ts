import { isGatewayError } from '../../errors/index.js';
import { readXml, type XmlElement } from '../../xml/index.js';
import { namespaces } from './names.js';
import { readSoapFault, type SoapFault } from './soap-fault.js';
import { readTokenResponse, type TokenResponse } from './token-response.js';

export type CesAnswer =
  | { readonly kind: 'response'; readonly response: TokenResponse }
  | { readonly kind: 'fault'; readonly fault: SoapFault }
  /** Not what CES answers with: the page of a proxy, another service. `reason`: a clause. */
  | { readonly kind: 'unreadable'; readonly reason: string };

/**
 * What a body says, whatever its HTTP status and Content-Type are.
 *
 * @param messageId of the question; an answer to another one is none
 */
export function readAnswer(body: Buffer, messageId: string): CesAnswer {
  try {
    return answerIn(readXml(body), messageId);
  } catch (error) {
    if (isGatewayError(error)) return unreadable(error.message.replace(/\.$/, ''));
    throw error;
  }
}

function answerIn(envelope: XmlElement, messageId: string): CesAnswer {
  const { soap, addressing, trust } = namespaces;
  if (!envelope.is(soap, 'Envelope')) return unreadable('It is no SOAP 1.2 message');
  const related = envelope
    .all(soap, 'Header')
    .flatMap((header) => header.all(addressing, 'RelatesTo'));
  if (related.some(({ text }) => text.trim() !== messageId)) {
    return unreadable('It is the answer to another question');
  }
  const [content, ...more] = envelope.child(soap, 'Body')?.children ?? [];
  if (content === undefined || more.length > 0) return unreadable('Its body holds not one element');
  if (content.is(soap, 'Fault')) return { kind: 'fault', fault: readSoapFault(content) };
  const response = content.is(trust, 'RequestSecurityTokenResponseCollection')
    ? content.child(trust, 'RequestSecurityTokenResponse')
    : undefined;
  if (response === undefined) return unreadable('It holds no RequestSecurityTokenResponse');
  return { kind: 'response', response: readTokenResponse(response) };
}

function unreadable(reason: string): CesAnswer {
  return { kind: 'unreadable', reason };
}
