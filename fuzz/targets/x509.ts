/** CSRs, CRLs, names and extensions. */
import { der, parseBer } from '../../src/asn1/index.js';
import {
  Certificate,
  extensionOids,
  Name,
  parseCertificationRequest,
  parseCrl,
  parseDistinguishedName,
  parseSubjectAltName,
  readApplicationPolicies,
  readBasicConstraints,
  readCrlDistributionPoints,
  readExtendedKeyUsage,
  readKeyUsage,
  readPem,
  readSubjectAltNames,
  requestedValidityDays,
  sidInUri,
  sidOf,
  subjectAltNameText,
  toPem,
  verifyProofOfPossession,
  writeSubjectAltNames,
  type Extension,
} from '../../src/x509/index.js';
import { isGatewayError, readableOr } from '../../src/errors/index.js';
import { certificateExamples, crlExample, fixtureFiles, requestExamples } from '../examples.js';
import { mutateDer } from '../mutators/der.js';
import { textMutator } from '../mutators/text.js';
import { agree, type Target } from '../target.js';

export const targets: readonly Target[] = [
  {
    name: 'csr',
    about: 'PKCS#10 with attributes, requested extensions and the proof of possession',
    prepare: async () => ({
      seeds: await requestExamples(),
      mutate: mutateDer,
      refuses: ['csr.malformed'],
      run: (input) => {
        const csr = parseCertificationRequest(input);
        agree('octets', csr.der.length, input.length);
        requestedValidityDays(csr);
        for (const extension of csr.extensions) readExtension(extension);
        agreeWithItself(csr.subject);
        return verifyProofOfPossession(csr) ? 'proven' : 'not proven';
      },
    }),
  },
  {
    name: 'certificate-extensions',
    about: 'every extension that is looked into',
    prepare: async () => ({
      seeds: (await certificateExamples()).map((certificate) => certificate.der),
      mutate: mutateDer,
      refuses: ['asn1.*', 'x509.malformed'],
      run: (input) => {
        const certificate = Certificate.fromDer(input);
        sidOf(certificate);
        const read = certificate.extensions.map(readExtension);
        return read.includes('refused') ? 'some refused' : 'all read';
      },
    }),
  },
  {
    name: 'crl',
    about: 'CRLs: of trust lists, of a CA behind us',
    prepare: async () => ({
      seeds: [await crlExample()],
      mutate: mutateDer,
      refuses: ['x509.malformed'],
      run: (input) => {
        const list = parseCrl(input);
        return `ok ${Math.min(list.revoked.length, 3)}`;
      },
    }),
  },
  {
    name: 'distinguished-name',
    about: 'names as text: bindings of challenges, settings',
    prepare: () => ({
      seeds: names.map((text) => Buffer.from(text)),
      mutate: textMutator(['CN=', 'O=', 'OID.1.2.3=', '#0c0141', '\\2c', '\\', '"', '+', ',', ';']),
      mostOctets: 2048,
      refuses: ['config.invalid'],
      run: (input) => {
        const name = Name.fromDer(parseDistinguishedName(input.toString()));
        agreeWithItself(name);
        return name.isEmpty ? 'empty' : 'ok';
      },
    }),
  },
  {
    name: 'subject-alt-name',
    about: 'alternative names as text',
    prepare: () => ({
      seeds: altNames.map((text) => Buffer.from(text)),
      mutate: textMutator(['dns:', 'ip:', 'uri:', 'upn:', 'email:', 'directory:', 'CN=', 'xn--']),
      mostOctets: 2048,
      refuses: ['config.invalid'],
      run: (input) => {
        const text = input.toString();
        sidInUri(text);
        const name = parseSubjectAltName(text);
        const again = parseSubjectAltName(subjectAltNameText(name));
        agree('written and read', subjectAltNameText(again), subjectAltNameText(name));
        return name.type;
      },
    }),
  },
  {
    name: 'pem',
    about: 'PEM texts: uploads, files, answers of servers',
    prepare: () => ({
      seeds: [...fixtureFiles('client-certificates', '.pem'), Buffer.from(encrypted)],
      mutate: textMutator([
        ...['-----BEGIN CERTIFICATE-----', '-----END CERTIFICATE-----', '-----BEGIN ', '-----END '],
        ...['Proc-Type: 4,ENCRYPTED\n', 'DEK-Info: AES-128-CBC,00\n\n', ' x', 'a:', '\n\n', '='],
      ]),
      mostOctets: 64 * 1024,
      refuses: ['x509.malformed'],
      run: (input) => {
        const blocks = readPem(input.toString('latin1'));
        for (const { label, der: bytes } of blocks) {
          const [again] = readPem(toPem(label, bytes));
          agree('written and read', again?.der.toString('hex'), bytes.toString('hex'));
        }
        return `${Math.min(blocks.length, 3)} blocks`;
      },
    }),
  },
];

const encrypted =
  '-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n more\n\nAAAA\n-----END RSA PRIVATE KEY-----\n';

const names = [
  ...['CN=device-1,O=Example', 'CN="a, b"+OU=x, DC=corp,DC=example', 'OID.2.5.4.3=#0c0161', ''],
  ...['CN=\\2c\\"\\+\\<\\>\\;\\\\, E=a@example.org', 'serialNumber=C02, S=Bavaria, C=DE'],
];

const altNames = [
  ...['dns:device-1.example.org', 'ip:192.0.2.1', 'ip:2001:db8::1', 'email:a@example.org'],
  ...['upn:a@corp.example', 'uri:https://example.org/a', 'directory:CN=a,O=b', 'dns:münchen.de'],
  'uri:tag:microsoft.com,2022-09-14:sid:S-1-5-21-1-2-3-1104',
];

/**
 * As text, read and written again, a name stays what it is; an RDN of several attributes comes into the
 * order of DER on the way. Names with values beyond what text can say are left alone.
 */
function agreeWithItself(name: Name): void {
  const once = readableOr(undefined, () => Name.fromDer(parseDistinguishedName(name.text)));
  if (once === undefined) return;
  const twice = Name.fromDer(parseDistinguishedName(once.text));
  agree('a name, written and read', twice.text, once.text);
  agree('a name', once.rdns.length, name.rdns.length);
}

const readers: ReadonlyMap<string, (extension: Extension) => unknown> = new Map<
  string,
  (extension: Extension) => unknown
>([
  [extensionOids.keyUsage, readKeyUsage],
  [extensionOids.extendedKeyUsage, readExtendedKeyUsage],
  [extensionOids.basicConstraints, readBasicConstraints],
  [extensionOids.cdp, readCrlDistributionPoints],
  [
    extensionOids.subjectAltName,
    ({ value }) => {
      const found = readSubjectAltNames(value);
      for (const name of found) subjectAltNameText(name);
      // Written again they are the same names.
      const raw = parseBer(value).children.map((node) => der.element(node.tag, node.content));
      agree(
        'alternative names',
        readSubjectAltNames(writeSubjectAltNames(raw, false).value).length,
        found.length,
      );
    },
  ],
]);

function readExtension(extension: Extension): 'read' | 'refused' {
  try {
    readers.get(extension.oid)?.(extension);
    if (!readers.has(extension.oid)) readApplicationPolicies(extension);
    return 'read';
  } catch (error) {
    if (!isGatewayError(error)) throw error;
    return 'refused';
  }
}
