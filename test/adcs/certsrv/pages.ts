import { certificateBundle } from '../../../src/pkcs7/index.js';
import { readPem, toPem } from '../../../src/x509/index.js';
import type { FakeCa, FakeRequest } from './fake-ca.js';

export interface PageRequest {
  readonly method: string;
  /** Path and query. */
  readonly target: string;
  readonly body: Buffer;
  readonly userAgent: string;
  /** Who signed in, `LAB\svc-scep`. */
  readonly user: string;
}

export interface PageAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly body: Buffer;
}

/** What the pages under /certsrv/ answer, with the ids and oddities of the real ones. */
export async function certsrvPage(ca: FakeCa, request: PageRequest): Promise<PageAnswer> {
  const url = new URL(request.target, 'http://certsrv');
  const query = new Map([...url.searchParams].map(([name, value]) => [name.toLowerCase(), value]));
  switch (url.pathname.toLowerCase()) {
    case '/certsrv/certfnsh.asp':
      return submission(ca, request);
    case '/certsrv/certnew.cer':
      return retrieval(ca, query, request.userAgent);
    case '/certsrv/certcarc.asp':
      return html('<Script Language="JavaScript">\r\n\tvar nRenewals=0;\r\n</Script>');
    case '/certsrv/certnew.p7b':
      return file('application/x-pkcs7-certificates', certificateBundle([ca.certificate]));
    case '/certsrv/certcrl.crl':
      return file('application/pkix-crl', await ca.crl());
    case '/certsrv/':
      return html('<P ID=locWelcome>Welcome</P>');
    default:
      return {
        status: 404,
        contentType: 'text/html',
        body: Buffer.from('<h2>404 - File or directory not found.</h2>'),
      };
  }
}

async function submission(ca: FakeCa, { method, body, user }: PageRequest): Promise<PageAnswer> {
  if (ca.outage !== undefined) return errorPage(ca.outage);
  const form = new URLSearchParams(body.toString('latin1'));
  const [block] = readPem(form.get('CertRequest') ?? '');
  if (method !== 'POST' || form.get('Mode') !== 'newreq' || block === undefined) {
    return errorPage('0x80093102');
  }
  const attributes = new Map(
    (form.get('CertAttrib') ?? '').split(/\r?\n/).flatMap((line): [string, string][] => {
      const colon = line.indexOf(':');
      return colon < 0 ? [] : [[line.slice(0, colon), line.slice(colon + 1)]];
    }),
  );
  return resultPage(await ca.submit(block.der, attributes, user));
}

function resultPage({ id, state }: FakeRequest): PageAnswer {
  switch (state.kind) {
    case 'issued':
      return html(
        `<P ID=locInfo> Issued</P><A Href="certnew.cer?ReqID=${id}&amp;Enc=bin">DER</A> <A Href="certnew.cer?ReqID=${id}&amp;Enc=b64">64</A>`,
      );
    case 'pending':
      return html(
        `<P ID=locInfoNewReq>Received.\r\n<P ID=locInfoReqID>\r\nYour Request Id is ${id}.\r\n</P>`,
      );
    case 'denied':
      return html(
        `<P ID=locDenied> Denied.\r\n<P ID=locInfoReqIDandReason>\r\nYour Request Id is ${id}. The disposition message is "Denied by Policy Module  ${state.hresult}, ${state.text}\r\n".\r\n</P>`,
      );
  }
}

function retrieval(ca: FakeCa, query: ReadonlyMap<string, string>, userAgent: string): PageAnswer {
  if (ca.outage !== undefined) return errorPage(ca.outage);
  const request = ca.find(Number(query.get('reqid')));
  const state = request?.state;
  if (state?.kind === 'issued') {
    const { der } = state.certificate;
    const body = query.get('enc') === 'bin' ? der : Buffer.from(toPem('CERTIFICATE', der));
    return file(userAgent.includes('Mozilla') ? 'application/pkix-cert' : 'text/html', body);
  }
  const [code, message, status] =
    state === undefined
      ? ['0', '(none)', '']
      : state.kind === 'pending'
        ? ['5', 'Taken Under Submission', '0x00000000']
        : ['2', state.text, state.hresult];
  return html(
    `<DT ID=locDispLabel><B>Disposition:</B></DT>\r\n<DD>\r\n\t\t${code} <LocID ID=locDispSpacer>-</LocID>\r\n</DD>\r\n` +
      `<DT ID=locDispMsgLabel>Disposition message:</DT><DD>\r\n\t\t${message}\r\n\t</DD><DT>LastStatus</DT><DD>${status}</DD>`,
  );
}

function errorPage(hresult: string): PageAnswer {
  return html(`<P ID=locErrorInfo>Your request failed.</P><P>CCertRequest::Submit ${hresult}</P>`);
}

function html(content: string): PageAnswer {
  const script =
    '<Script Language="JavaScript">var trap="certnew.cer?ReqID=CACert&amp;Renewal=0";</Script>';
  return file(
    'text/html; charset=utf-8',
    Buffer.from(`<HTML><Body>\r\n${script}\r\n${content}\r\n</Body></HTML>`),
  );
}

function file(contentType: string, body: Buffer): PageAnswer {
  return { status: 200, contentType, body };
}
