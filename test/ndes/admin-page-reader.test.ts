import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  adminPage,
  encodePage,
  mscepPage,
  readAdminPage,
  type AdminPageState,
} from '../../src/ndes/index.js';

const thumbprint = 'A656FA66AB12B433A2DA5CF7CC153D9A';
const password = '8CE317021F690069';
const once: AdminPageState = { kind: 'password', thumbprint, password, validityMinutes: 60 };

const encodings: readonly (readonly [string, (html: string) => Buffer])[] = [
  ['UTF-16LE with a mark', encodePage],
  ['UTF-16LE without', (html) => Buffer.from(html, 'utf16le')],
  ['UTF-16BE with a mark', (html) => Buffer.from(`\uFEFF${html}`, 'utf16le').swap16()],
  ['UTF-16BE without', (html) => Buffer.from(html, 'utf16le').swap16()],
  ['UTF-8', (html) => Buffer.from(html)],
  ['UTF-8 with a mark', (html) => Buffer.from(`\uFEFF${html}`)],
  ['windows-1252', (html) => Buffer.from(html, 'latin1')],
  ['UTF-16LE with a NUL at its end', (html) => Buffer.from(`${html}\0`, 'utf16le')],
];

describe.each(encodings)('in %s', (_name, encode) => {
  test('a one-time password with its life and thumbprint', () => {
    expect(readAdminPage(encode(adminPage(once)))).toEqual({
      kind: 'password',
      password,
      thumbprint,
      validityMinutes: 60,
      lasting: false,
    });
  });

  test('a lasting password', () => {
    const page = adminPage({ kind: 'single-password', thumbprint, password });
    expect(readAdminPage(encode(page))).toEqual({
      kind: 'password',
      password,
      thumbprint,
      validityMinutes: undefined,
      lasting: true,
    });
  });

  test('the thumbprint alone, a full cache, a refusal, the page of devices', () => {
    const kinds = [
      adminPage({ kind: 'no-password', thumbprint }),
      adminPage({ kind: 'cache-full', limit: 5 }),
      adminPage({ kind: 'no-permission' }),
      mscepPage('http://ndes-server/CertSrv/mscep_admin'),
    ].map((page) => readAdminPage(encode(page)));
    expect(kinds).toEqual([
      { kind: 'no-password', thumbprint },
      { kind: 'cache-full' },
      { kind: 'no-permission' },
      { kind: 'enrollment-page' },
    ]);
  });
});

/** In the build of the English page; the words are this test's own. */
const german = (body: string) =>
  `<HTML><Body><LocID ID=locMSCertSrv>Registrierungsdienst für Netzwerkgeräte</LocID>${body}` +
  '<P> <A HREF=http://go.microsoft.com/fwlink/?LinkId=67852>Hilfe</A>. </P></Body></HTML>';

describe('a translated page', () => {
  const thumb =
    '<P> Der Fingerabdruck des Zertifikats: <B> A656FA66 AB12B433 A2DA5CF7 CC153D9A </B>';
  test.each([
    ['16 digits', password],
    ['32 digits', `${password}${password}`],
  ])('gives its password of %s by the bold type', (_name, secret) => {
    const body = `${thumb} <P> Das Kennwort lautet: <B> ${secret} </B> <P> Es gilt 45 Minuten lang für eine Registrierung. </P>`;
    expect(readAdminPage(encodePage(german(body)))).toEqual({
      kind: 'password',
      password: secret,
      thumbprint,
      validityMinutes: 45,
      lasting: false,
    });
  });

  test('tells its states apart by what else is bold or listed', () => {
    const states = [
      `${thumb} </P>`,
      '<P> Der Kennwortspeicher ist voll. <UL> <LI> Warten Sie. </LI> <LI> Starten Sie IIS neu. </LI> </UL>',
      '<P> Sie dürfen sich nicht registrieren. </P>',
      '<P> Die Adresse lautet http://ndes/CertSrv/mscep_admin </P>',
    ].map((body) => readAdminPage(encodePage(german(body))).kind);
    expect(states).toEqual(['no-password', 'cache-full', 'no-permission', 'enrollment-page']);
  });
});

test('the imitation of Okta has its own alphabet', () => {
  const html = '<P> The enrollment challenge password is: <B> a-Z_09xyz </B> <P>';
  expect(readAdminPage(Buffer.from(html))).toMatchObject({
    kind: 'password',
    password: 'a-Z_09xyz',
    thumbprint: undefined,
  });
});

test('a thumbprint without groups is no password', () => {
  const html = adminPage(once).replace('A656FA66 AB12B433 A2DA5CF7 CC153D9A', thumbprint);
  expect(readAdminPage(encodePage(html))).toMatchObject({ password, thumbprint });
});

test.each([
  '',
  '<html><body>Sign in</body></html>',
  '<B>not hex</B>',
  '{"error":"no"}',
  '<b<b<b<b'.repeat(9000),
])('another page is none (%#)', (html) => {
  expect(readAdminPage(Buffer.from(html))).toEqual({ kind: 'unknown' });
});

test('never throws, and never finds a password that is not on the page', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 600 }), (octets) => {
      expect(readAdminPage(Buffer.from(octets)).kind).not.toBe('password');
    }),
  );
  fc.assert(
    fc.property(
      fc.string({ maxLength: 300, unit: 'binary' }),
      fc.constantFrom(...encodings),
      (text, [, encode]) => {
        readAdminPage(encode(`${text}${adminPage(once)}${text}`));
      },
    ),
  );
});
