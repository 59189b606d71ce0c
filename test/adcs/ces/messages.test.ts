import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { readAnswer } from '../../../src/adcs/ces/answer.js';
import { replyOfFault } from '../../../src/adcs/ces/fault-reply.js';
import { encodeIssue, encodeQuery } from '../../../src/adcs/ces/token-request.js';
import { readReturned } from '../../../src/adcs/returned-certificate.js';
import { fault, rawFault, response } from './service.js';

const addressing = {
  messageId: 'urn:uuid:1',
  to: 'https://ca1/service.svc/CES',
  token: undefined,
  now: new Date('2026-01-02T03:04:05Z'),
};

/** A namespace declaration is as good in one place as in another: left out here. */
function withoutDeclarations(message: Buffer): string {
  return message.toString('utf8').replace(/ xmlns:\w="[^"]*"/g, '');
}

const wsse = 'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd';
const header =
  '<s:Envelope><s:Header><a:Action s:mustUnderstand="1">http://schemas.microsoft.com/windows/pki/2009/01/enrollment/RST/wstep</a:Action><a:MessageID>urn:uuid:1</a:MessageID><a:ReplyTo><a:Address>http://www.w3.org/2005/08/addressing/anonymous</a:Address></a:ReplyTo><a:To s:mustUnderstand="1">https://ca1/service.svc/CES</a:To>';
const question =
  '</s:Header><s:Body><t:RequestSecurityToken><t:TokenType>http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-x509-token-profile-1.0#X509v3</t:TokenType>';
const end = '</t:RequestSecurityToken></s:Body></s:Envelope>';

describe('questions as they stand on the wire', () => {
  test.each([
    ['pkcs10', 'http://schemas.microsoft.com/windows/pki/2009/01/enrollment#PKCS10'],
    ['cms', `${wsse}#PKCS7`],
    ['cmc', `${wsse}#PKCS7`],
  ] as const)('a new request in %s', (format, valueType) => {
    const wanted = {
      csr: Buffer.from('30030201', 'hex'),
      format,
      template: 'A & B',
      attributes: [['rmd', 'g']] as const,
    };
    expect(withoutDeclarations(encodeIssue(wanted, addressing))).toBe(
      `${header}${question}<t:RequestType>http://docs.oasis-open.org/ws-sx/ws-trust/200512/Issue</t:RequestType><w:BinarySecurityToken ValueType="${valueType}" EncodingType="${wsse}#base64binary">MAMCAQ==</w:BinarySecurityToken><c:AdditionalContext><c:ContextItem Name="CertificateTemplate"><c:Value>A &#38; B</c:Value></c:ContextItem><c:ContextItem Name="rmd"><c:Value>g</c:Value></c:ContextItem></c:AdditionalContext><e:RequestID i:nil="true"/>${end}`,
    );
  });

  test('a query, with a user name token', () => {
    const token = { user: 'LAB\\svc', password: '<>' };
    expect(withoutDeclarations(encodeQuery('65', { ...addressing, token }))).toBe(
      `${header}<o:Security s:mustUnderstand="1"><u:Timestamp u:Id="timestamp"><u:Created>2026-01-02T03:04:05.000Z</u:Created><u:Expires>2026-01-02T03:09:05.000Z</u:Expires></u:Timestamp><o:UsernameToken u:Id="account"><o:Username>LAB\\svc</o:Username><o:Password Type="http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0#PasswordText">&#60;&#62;</o:Password></o:UsernameToken></o:Security>${question}<t:RequestType>http://schemas.microsoft.com/windows/pki/2009/01/enrollment/QueryTokenStatus</t:RequestType><e:RequestID>65</e:RequestID>${end}`,
    );
  });
});

describe('answers', () => {
  const octets = fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes));
  const word = fc.stringMatching(/^[A-Za-z0-9 -]{0,12}$/);
  const responses = fc
    .record(
      { requestId: word, disposition: word, bundle: octets, certificate: octets },
      { requiredKeys: [] },
    )
    .map((parts) => response(addressing, parts).body);
  const faults = fc
    .record(
      {
        errorCode: fc.integer({ min: -0x8000_0000, max: 0x7fff_ffff }),
        invalidRequest: fc.boolean(),
        requestId: word,
        reason: word,
      },
      { requiredKeys: [] },
    )
    .map((parts) => fault(addressing, parts).body);
  const strange = fc
    .record({ code: fc.constantFrom('s:Sender', 'q:x', ':', ''), name: word })
    .map(({ code, name }) => rawFault(addressing, { code, subcode: ['urn:x', name] }).body);

  test('whatever comes, cut, torn or whole, is read as something, and nothing is thrown', () => {
    const kinds = new Set<string>();
    fc.assert(
      fc.property(
        fc.oneof(responses, faults, strange),
        fc.constantFrom('whole', 'cut', 'torn'),
        fc.nat(),
        fc.constantFrom('<', '>', '&', '"', '\0', 'x', '<!--', '</s:Body>'),
        fc.constantFrom('submit', 'retrieve'),
        (body, damage, where, piece, asked) => {
          const whole = body.toString();
          const at = where % whole.length;
          const text = {
            whole,
            cut: whole.slice(0, at),
            torn: whole.slice(0, at) + piece + whole.slice(at + 1),
          }[damage];
          const answer = readAnswer(Buffer.from(text), addressing.messageId);
          if (answer.kind === 'fault') kinds.add(replyOfFault(answer.fault, asked).kind);
          if (answer.kind === 'response') readReturned(answer.response);
          kinds.add(answer.kind);
        },
      ),
      { numRuns: 2000 },
    );
    expect([...kinds].sort()).toEqual(['denied', 'failed', 'fault', 'response', 'unreadable']);
  });
});
