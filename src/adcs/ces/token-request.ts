/** RequestSecurityToken, the one question of MS-WSTEP (§3.1.4.1.3.3), in its SOAP envelope. */
import { writeXml, xmlTag, type XmlNode } from '../../xml/index.js';
import type { CaRequest } from '../ca-interface.js';
import { namespaces, uris } from './names.js';
import { securityHeader, type UserNameToken } from './user-name-token.js';

interface Addressing {
  /** `urn:uuid:…`; the answer relates to it. */
  readonly messageId: string;
  /** URL of the service. */
  readonly to: string;
  /** Where the sign-in goes with the message. */
  readonly token: UserNameToken | undefined;
  readonly now: Date;
}

/** Asks for a certificate (§3.1.4.2.1.1). */
export function encodeIssue(
  { csr, format, template, attributes }: CaRequest,
  addressing: Addressing,
): Buffer {
  const items = [['CertificateTemplate', template] as const, ...attributes];
  return envelope(addressing, uris.issue, [
    xmlTag(
      'w:BinarySecurityToken',
      {
        'xmlns:w': namespaces.security,
        // CMS and CMC alike (MS-WCCE §2.2.2.6.2, §2.2.2.6.3).
        ValueType: format === 'pkcs10' ? uris.pkcs10 : uris.pkcs7,
        EncodingType: uris.base64,
      },
      csr.toString('base64'),
    ),
    xmlTag(
      'c:AdditionalContext',
      { 'xmlns:c': namespaces.authorization },
      ...items.map(([name, value]) =>
        xmlTag('c:ContextItem', { Name: name }, xmlTag('c:Value', {}, value)),
      ),
    ),
    xmlTag('e:RequestID', {
      'xmlns:e': namespaces.enrollment,
      'xmlns:i': namespaces.instance,
      'i:nil': 'true',
    }),
  ]);
}

/** Asks what became of a request (§3.1.4.2.1.2). */
export function encodeQuery(requestId: string, addressing: Addressing): Buffer {
  return envelope(addressing, uris.queryTokenStatus, [
    xmlTag('e:RequestID', { 'xmlns:e': namespaces.enrollment }, requestId),
  ]);
}

function envelope(
  { messageId, to, token, now }: Addressing,
  requestType: string,
  parts: readonly XmlNode[],
): Buffer {
  const must = { 's:mustUnderstand': '1' };
  const headers = [
    xmlTag('a:Action', must, uris.action),
    xmlTag('a:MessageID', {}, messageId),
    xmlTag('a:ReplyTo', {}, xmlTag('a:Address', {}, uris.anonymous)),
    xmlTag('a:To', must, to),
    ...(token ? [securityHeader(token, now)] : []),
  ];
  const question = xmlTag(
    't:RequestSecurityToken',
    { 'xmlns:t': namespaces.trust },
    xmlTag('t:TokenType', {}, uris.x509v3),
    xmlTag('t:RequestType', {}, requestType),
    ...parts,
  );
  return writeXml(
    xmlTag(
      's:Envelope',
      { 'xmlns:s': namespaces.soap, 'xmlns:a': namespaces.addressing },
      xmlTag('s:Header', {}, ...headers),
      xmlTag('s:Body', {}, question),
    ),
  );
}
