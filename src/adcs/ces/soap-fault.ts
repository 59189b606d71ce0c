import type { XmlElement } from '../../xml/index.js';
import { failureCode, type Hresult } from '../hresult.js';
import { childText } from './element-text.js';
import { namespaces } from './names.js';
import { isRequestId } from './request-id.js';

/** A SOAP 1.2 fault (part 1 §5.4). */
export interface SoapFault {
  /** Code and subcodes, from the general to the particular. */
  readonly codes: readonly FaultCode[];
  /** In the language of the server; may name accounts. */
  readonly reason: string | undefined;
  /** CertificateEnrollmentWSDetail (MS-WSTEP §3.1.4.1.3.7); undefined where there is none. */
  readonly detail: EnrollmentDetail | undefined;
}

interface FaultCode {
  readonly namespace: string;
  readonly localName: string;
}

interface EnrollmentDetail {
  /** `ErrorCode`, which is written as a signed number; a code of success gives no reason, so it is left out. */
  readonly hresult: Hresult | undefined;
  /** The CA denied it. */
  readonly invalidRequest: boolean;
  readonly requestId: string | undefined;
}

/** What is missing or cannot be read is left out: a fault is a fault. */
export function readSoapFault(fault: XmlElement): SoapFault {
  const { soap, enrollment } = namespaces;
  const [text] = fault.child(soap, 'Reason')?.all(soap, 'Text') ?? [];
  const detail = fault.child(soap, 'Detail')?.child(enrollment, 'CertificateEnrollmentWSDetail');
  return {
    codes: codesOf(fault.child(soap, 'Code')),
    reason: text?.text.trim() === '' ? undefined : text?.text.trim(),
    detail: detail && readDetail(detail),
  };
}

const mostCodes = 8;

function codesOf(code: XmlElement | undefined): FaultCode[] {
  const codes: FaultCode[] = [];
  for (let at = code; at !== undefined && codes.length < mostCodes;) {
    const value = at.child(namespaces.soap, 'Value');
    const read = value && qualifiedName(value);
    if (read !== undefined) codes.push(read);
    at = at.child(namespaces.soap, 'Subcode');
  }
  return codes;
}

function qualifiedName(value: XmlElement): FaultCode | undefined {
  const [, prefix = '', localName] = /^(?:([^:]*):)?([^:]+)$/.exec(value.text.trim()) ?? [];
  const namespace = value.namespaceOf(prefix);
  return namespace === undefined || localName === undefined ? undefined : { namespace, localName };
}

function readDetail(detail: XmlElement): EnrollmentDetail {
  const text = (name: string) => childText(detail, namespaces.enrollment, name);
  const code = text('ErrorCode') ?? '';
  const invalid = text('InvalidRequest');
  const requestId = text('RequestID');
  return {
    hresult: /^[-+]?\d{1,10}$/.test(code) ? failureCode(Number(code)) : undefined,
    invalidRequest: invalid === 'true' || invalid === '1',
    requestId: requestId !== undefined && isRequestId(requestId) ? requestId : undefined,
  };
}
