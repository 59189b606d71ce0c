import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { readNewestRenewal } from '../../../src/adcs/webenroll/renewals-page.js';
import { readRetrieval } from '../../../src/adcs/webenroll/retrieval.js';
import { readSubmissionPage } from '../../../src/adcs/webenroll/submission-page.js';
import { certsrvPage, expectedPages } from './fixtures.js';

const readers = {
  submission: readSubmissionPage,
  retrieval: (body: Buffer) => readRetrieval(body, '84'),
};

describe('pages of certsrv, by element ids in any language', () => {
  test.each(expectedPages().map((page) => [page.file, page] as const))('%s', (file, page) => {
    expect(readers[page.reader](certsrvPage(file))).toMatchObject(page.outcome);
  });

  test('saved as UTF-16, they mean the same', () => {
    const text = certsrvPage('pending.ja.html').toString('utf8');
    const utf16 = Buffer.from(`\ufeff${text}`, 'utf16le');
    expect(readSubmissionPage(utf16)).toEqual({ kind: 'pending', requestId: '82' });
    expect(readSubmissionPage(Buffer.from(utf16).swap16())).toEqual({
      kind: 'pending',
      requestId: '82',
    });
  });

  test('ids and tags in any case, quoted or not', () => {
    const page = certsrvPage('pending.en.html').toString('utf8');
    for (const written of ['<p id="LOCINFOREQID">', "<P class=x Id='locinforeqid' >"]) {
      const body = Buffer.from(page.replace('<P ID=locInfoReqID>', written));
      expect(readSubmissionPage(body)).toEqual({ kind: 'pending', requestId: '82' });
    }
  });

  test.each([
    ['0x800706be in a script is none', '<Script>0x800706be</Script>', undefined],
    ['in a comment neither', '<!-- 0x800706be -->', undefined],
    ['in the text it is', '<B>0x800706be</B>', 0x800706be],
    ['a code of success is none', '<B>0x00000001</B>', undefined],
    ['nor what lacks the highest bit', '<B>0x000706be</B>', undefined],
  ])('an error number: %s', (_, markup, hresult) => {
    expect(readSubmissionPage(Buffer.from(`<HTML><Body>x ${markup}`))).toMatchObject({
      kind: 'failed',
      hresult,
    });
  });

  test('beside a code of success the failure counts, and its words are kept', () => {
    const page = `<HTML><Body>x 0x00000000 ${'menu '.repeat(200)} The CA said 0x800706BE, call failed.`;
    expect(readSubmissionPage(Buffer.from(page))).toEqual({
      kind: 'failed',
      hresult: 0x800706be,
      message: expect.stringMatching(/The CA said 0x800706BE, call failed\.$/) as unknown,
    });
  });

  test.each([
    ['1 - Error', 'failed'],
    ['3 - Issued', 'failed'],
    ['6 - Revoked', 'denied'],
    ['0x5 - Pending', 'pending'],
    ['what?', 'failed'],
  ])('disposition %s', (text, kind) => {
    const page = `<DT ID=locDispLabel>D</DT><DD>\r\n\t\t${text}</DD>`;
    expect(readRetrieval(Buffer.from(page), '84').kind).toBe(kind);
  });
});

describe('certcarc.asp', () => {
  test('tells the newest certificate of the CA', () => {
    expect(readNewestRenewal(certsrvPage('certcarc.html'))).toBe(2);
  });

  test.each([
    ['no page', ''],
    ['no number', 'var nRenewals=x;'],
    ['another variable', 'var nRenewalsOld=2;'],
    ['more than any CA has', 'var nRenewals=9999;'],
  ])('%s', (_, page) => {
    expect(readNewestRenewal(Buffer.from(page))).toBeUndefined();
  });
});

describe('a hostile server', () => {
  const kinds = ['issued', 'pending', 'denied', 'failed', 'certificate'];
  const readAll = (body: Buffer) => {
    expect(kinds).toContain(readSubmissionPage(body).kind);
    expect(kinds).toContain(readRetrieval(body, '84').kind);
    readNewestRenewal(body);
  };

  test('any octets are an answer', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 500 }), (body) => readAll(Buffer.from(body))));
  });

  test('any markup is an answer', () => {
    const part = fc.constantFrom(
      ...[
        '<',
        '>',
        '</',
        '<!--',
        '-->',
        '"',
        "'",
        '=',
        ' ',
        '&',
        '&#',
        ';',
        '<script',
        '</script>',
      ],
      ...[
        '<P ID=locInfoReqID>',
        '<A Href="certnew.cer?ReqID=1&amp;',
        '<P ID=locDenied>',
        '81',
        '0x',
      ],
      ...['<DT ID=locDispLabel>', '<DD>', '</DD>', '5', '\u{1f600}', '\ud800', 'İ', '<!', '<?'],
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 60 }), (parts) =>
        readAll(Buffer.from(parts.join(''))),
      ),
    );
  });

  test('a damaged page of each kind is an answer', () => {
    const pages = expectedPages().map(({ file }) => certsrvPage(file));
    const damage = fc.record({
      page: fc.constantFrom(...pages),
      at: fc.double({ min: 0, max: 1, noNaN: true }),
      removed: fc.nat(200),
      inserted: fc.uint8Array({ maxLength: 20 }),
    });
    fc.assert(
      fc.property(damage, ({ page, at, removed, inserted }) => {
        const start = Math.floor(at * page.length);
        readAll(Buffer.concat([page.subarray(0, start), inserted, page.subarray(start + removed)]));
      }),
    );
  });

  test.each(expectedPages().flatMap(({ file }) => (file.includes('.en.') ? [file] : [])))(
    'no cut of %s means another request or another decision',
    (file) => {
      const page = certsrvPage(file);
      const read = readers[/^(waiting|refused)/.test(file) ? 'retrieval' : 'submission'];
      const whole = read(page);
      for (let end = 0; end < page.length; end += 1) {
        const cut = read(page.subarray(0, end));
        if (cut.kind === 'failed') continue;
        expect(cut.kind).toBe(whole.kind);
        if (cut.kind !== 'certificate' && 'requestId' in whole)
          expect([whole.requestId, undefined]).toContain(cut.requestId);
      }
    },
  );

  test.each([
    ['<', '<'],
    ['opened comments', '<!--'],
    ['opened scripts', '<script>'],
    ['opened tags', '<a '],
    ['attributes', '<a href="x" id=y '],
    ['open quotes', '<a b="'],
    ['single quotes', "<a b='"],
    ['equal signs', '<a ='],
    ['ids', '<P ID=locInfoReqID>'],
    ['links', '<A Href="certnew.cer?ReqID=81&amp;Enc=bin">'],
    ['queries', '<A Href="certnew.cer?&&&&&&&&&&&&&&&&&&&&&&&&&&">'],
    ['entities', '&#1'],
    ['numbers', '1'],
    ['quotes', '"'],
    ['blanks', '<a' + ' '.repeat(64)],
    ['base64 and its end', 'MIIB=='],
    ['armour', '-----BEGIN CERTIFICATE-----'],
    ['renewals', 'var nRenewals  '],
    ['numbers behind a label', '<DT ID=locDispLabel><DD>'],
  ])('a megabyte of %s is read in bounded work', (_, unit) => {
    readAll(Buffer.from(unit.repeat(Math.ceil(1_048_576 / unit.length))));
  });
});
