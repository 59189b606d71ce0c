/** AD CS and NDES behind us: pages of certsrv and mscep_admin, answers of CES, XML. */
import { readAnswer } from '../../src/adcs/ces/answer.js';
import { replyOfFault } from '../../src/adcs/ces/fault-reply.js';
import { hresultInText } from '../../src/adcs/hresult.js';
import { readCertificate, readCertificates } from '../../src/adcs/webenroll/certificate-body.js';
import { Page } from '../../src/adcs/webenroll/page.js';
import { readNewestRenewal } from '../../src/adcs/webenroll/renewals-page.js';
import { readRetrieval } from '../../src/adcs/webenroll/retrieval.js';
import { readSubmissionPage } from '../../src/adcs/webenroll/submission-page.js';
import { adminPage, encodePage, mscepPage, readAdminPage } from '../../src/ndes/index.js';
import { toPem } from '../../src/x509/index.js';
import { readXml, writeXml, xmlTag, type XmlElement, type XmlNode } from '../../src/xml/index.js';
import { fault, response } from '../../test/adcs/ces/service.js';
import { bundleExamples, certificateExamples, fixtureFiles } from '../examples.js';
import { markupMutator } from '../mutators/text.js';
import { mutateDer } from '../mutators/der.js';
import { agree, type Target } from '../target.js';

const pageWords = [
  ...[
    '<LocID ID=locInfoReqID>',
    '<P ID=locInfoReqIDandReason>',
    '</LocID>',
    '</P>',
    '<DT>',
    '<DD>',
  ],
  ...['<A Href="certnew.cer?ReqID=81&amp;Enc=b64">', 'certnew.cer?ReqID=', '0x80094800', '0x0'],
  ...['<B>', '</B>', 'challenge password is:', 'var nRenewals=2;', '81', '"', "'", '<LI>', 'ID='],
];
const thumbprint = '0123456789ABCDEF0123456789ABCDEF';
const messageId = 'urn:uuid:1';

async function answers(): Promise<readonly Buffer[]> {
  const [certificate] = (await certificateExamples()).map(({ der }) => der);
  const [bundle] = await bundleExamples();
  if (certificate === undefined || bundle === undefined) throw new RangeError('no examples');
  const question = { messageId };
  return [
    response(question, { requestId: '17', bundle, certificate }),
    response(question, { requestId: '18', disposition: 'Taken Under Submission' }),
    fault(question, { errorCode: -2146877422, invalidRequest: true, requestId: '19' }),
    fault(question, { reason: 'Zugriff verweigert' }),
  ].map(({ body }) => Buffer.from(body));
}

export const targets: readonly Target[] = [
  {
    name: 'certsrv-page',
    about: 'pages of AD CS Web Enrollment: issued, pending, denied, errors',
    prepare: async () => ({
      seeds: [
        ...fixtureFiles('certsrv', '.html'),
        ...(await certificateExamples()).map(({ der }) => Buffer.from(toPem('CERTIFICATE', der))),
      ],
      mutate: markupMutator(pageWords),
      mostOctets: 64 * 1024,
      refuses: [],
      run: (input) => {
        const page = Page.parse(input);
        hresultInText(page.text);
        const said = readSubmissionPage(input);
        if ('requestId' in said && said.requestId !== undefined) {
          agree('a request id', /^\d{1,10}$/.test(said.requestId), true);
        }
        const renewal = readNewestRenewal(input);
        const retrieved = readRetrieval(input, '17').kind;
        return `${said.kind} ${retrieved}${renewal === undefined ? '' : ' renewals'}`;
      },
    }),
  },
  {
    name: 'certsrv-certificate',
    about: 'certificates and chains as certsrv hands them out',
    pace: 0.3,
    prepare: async () => ({
      seeds: [
        ...(await bundleExamples()),
        ...(await certificateExamples()).map(({ der }) => der),
        ...(await bundleExamples()).map((bytes) => Buffer.from(toPem('CERTIFICATE', bytes))),
      ],
      mutate: mutateDer,
      refuses: [],
      run: (input) => {
        const certificate = readCertificate(input);
        return `${certificate === undefined ? 'none' : 'one'} ${Math.min(readCertificates(input).length, 3)}`;
      },
    }),
  },
  {
    name: 'mscep-admin-page',
    about: 'the admin page of an upstream NDES, in whatever language',
    prepare: () => ({
      seeds: [
        adminPage({ kind: 'password', thumbprint, password: 'AB12CD34', validityMinutes: 60 }),
        adminPage({ kind: 'single-password', thumbprint, password: 'AB12CD34' }),
        adminPage({ kind: 'no-password', thumbprint }),
        adminPage({ kind: 'cache-full', limit: 5 }),
        adminPage({ kind: 'no-permission' }),
        mscepPage('http://ndes/certsrv/mscep_admin/'),
      ].flatMap((html) => [Buffer.from(html), encodePage(html)]),
      mutate: markupMutator(pageWords),
      mostOctets: 64 * 1024,
      refuses: [],
      run: (input) => readAdminPage(input).kind,
    }),
  },
  {
    name: 'xml',
    about: 'XML of protocols, read and written again',
    prepare: async () => ({
      seeds: await answers(),
      mutate: markupMutator(['xmlns:a="u"', 'a:', 'xmlns=""', ' i:nil="true"', '&lt;', '&#x20;']),
      mostOctets: 64 * 1024,
      refuses: ['xml.malformed'],
      run: (input) => {
        const root = readXml(input);
        const again = readXml(writeXml(plain(root)));
        agree('written and read', shape(again), shape(root));
        return 'ok';
      },
    }),
  },
  {
    name: 'ces-answer',
    about: 'answers of the Certificate Enrollment Web Service: tokens and faults',
    prepare: async () => ({
      seeds: await answers(),
      mutate: markupMutator([
        ...['<RequestID>', '</RequestID>', '<ErrorCode>', '<InvalidRequest>true</InvalidRequest>'],
        ...['s:Fault', 's:Body', '-2146877422', 'RequestSecurityTokenResponse', messageId],
      ]),
      mostOctets: 64 * 1024,
      refuses: [],
      run: (input) => {
        const read = readAnswer(input, messageId);
        if (read.kind === 'fault') return `fault ${replyOfFault(read.fault, 'submit').kind}`;
        return read.kind;
      },
    }),
  },
];

/** Without namespaces, which the writer leaves to whoever calls it. */
function plain(element: XmlElement): ReturnType<typeof xmlTag> {
  const content: XmlNode[] = [element.text, ...element.children.map(plain)];
  return xmlTag(element.localName, {}, ...content.filter((node) => node !== ''));
}

function shape({ localName, text, children }: XmlElement): unknown {
  return [localName, text, children.map(shape)];
}
