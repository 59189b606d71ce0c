import type { XmlElement } from '../../xml/index.js';
import { childText } from './element-text.js';
import { namespaces, uris } from './names.js';
import { isRequestId } from './request-id.js';

/** RequestSecurityTokenResponse (MS-WSTEP §3.1.4.1.3.4): issued, or under submission. */
export interface TokenResponse {
  readonly requestId: string | undefined;
  /** DER of the certificate; undefined: none came; empty: one that cannot be decoded. */
  readonly certificate: Buffer | undefined;
  /** The CMC full response with the certificate and its chain; undefined: none came. */
  readonly bundle: Buffer | undefined;
}

/** `DispositionMessage` is in the language of the CA, so nothing depends on it. */
export function readTokenResponse(response: XmlElement): TokenResponse {
  const { trust, enrollment } = namespaces;
  const requestId = childText(response, enrollment, 'RequestID');
  const tokens = [response, response.child(trust, 'RequestedSecurityToken')].flatMap(
    (holder) => holder?.all(namespaces.security, 'BinarySecurityToken') ?? [],
  );
  return {
    requestId: requestId !== undefined && isRequestId(requestId) ? requestId : undefined,
    certificate: tokenOf(tokens, uris.x509v3),
    bundle: tokenOf(tokens, uris.pkcs7),
  };
}

function tokenOf(tokens: readonly XmlElement[], valueType: string): Buffer | undefined {
  const token = tokens.find(
    ({ attributes }) => attributes.get('ValueType')?.replace(/ /g, '') === valueType,
  );
  return token && decodeBase64(token.text);
}

/** Lines may end in `&#xD;`. Empty for what is no base64. */
function decodeBase64(text: string): Buffer {
  const digits = text.replace(/[ \t\r\n]+/g, '');
  return Buffer.from(/^[A-Za-z0-9+/]+={0,2}$/.test(digits) ? digits : '', 'base64');
}
