/** CertServerRequest, the one method of ICertPassage (MS-ICPR §3.2.4.1.1), as NDR. */
import { NdrReader, NdrWriter, type SyntaxId } from '../../dcerpc/index.js';
import type { RequestFormat } from '../ca-interface.js';

export const certPassage: SyntaxId = {
  uuid: '91ae6020-9e3c-11cf-8d7c-00aa00c091be',
  major: 0,
  minor: 0,
};

export const certServerRequest = 0;

/** The form of a request, where `dwFlags` says it (MS-WCCE §3.2.1.4.2.1.1). */
const requestTypes: Readonly<Record<RequestFormat, number>> = {
  pkcs10: 0x100,
  cms: 0x300,
  cmc: 0x400,
};

export interface NewRequest {
  /** DER. */
  readonly request: Buffer;
  readonly format: RequestFormat;
  /** `Name:value`, one a line. */
  readonly attributes: readonly (readonly [string, string])[];
}

/** @param authority the CA's common name (`pwszAuthority`) */
export function encodeNewRequest(authority: string, wanted: NewRequest): Buffer {
  const { request, format, attributes } = wanted;
  const writer = opening(requestTypes[format], authority, 0);
  blob(writer, attributeText(attributes));
  return blob(writer, request).finish();
}

/** Asks what became of a request: no format, nothing but its id (MS-WCCE §3.1.1.4.3.7). */
export function encodeStatusInspection(authority: string, requestId: number): Buffer {
  const writer = opening(0, authority, requestId);
  blob(writer, undefined);
  return blob(writer, undefined).finish();
}

function opening(flags: number, authority: string, requestId: number): NdrWriter {
  return new NdrWriter().uint32(flags).referent().wideString(authority).uint32(requestId);
}

/** The NUL at the end belongs to it: without it a CA answers 0x80070057. */
function attributeText(attributes: NewRequest['attributes']): Buffer {
  const lines = attributes.map(([name, value]) => `${name}:${value}\n`);
  return Buffer.from(`${lines.join('')}\0`, 'utf16le');
}

/** CERTTRANSBLOB (MS-WCCE §2.2.2.2). */
function blob(writer: NdrWriter, octets: Buffer | undefined): NdrWriter {
  if (octets === undefined) return writer.uint32(0).null();
  return writer.uint32(octets.length).referent().conformantOctets(octets);
}

export interface CertServerAnswer {
  readonly requestId: number;
  readonly disposition: number;
  /** CMS with the certificate and its chain; empty where none was issued. */
  readonly chain: Buffer;
  /** DER; empty where none was issued. */
  readonly certificate: Buffer;
  /** In the language of the CA. */
  readonly message: string;
  /** HRESULT of the call itself. */
  readonly returned: number;
}

/** @throws GatewayError `rpc.malformed` */
export function parseCertServerAnswer(stub: Buffer): CertServerAnswer {
  const reader = new NdrReader(stub);
  return {
    requestId: reader.uint32(),
    disposition: reader.uint32(),
    chain: readBlob(reader),
    certificate: readBlob(reader),
    message: readBlob(reader).toString('utf16le').replace(/\0.*$/s, ''),
    returned: reader.uint32(),
  };
}

/** What is there counts, not what `cb` says: the two are the same for who keeps to the protocol. */
function readBlob(reader: NdrReader): Buffer {
  const octets = reader.uint32();
  if (!reader.pointer()) return Buffer.alloc(0);
  return reader.conformantOctets().subarray(0, octets);
}
