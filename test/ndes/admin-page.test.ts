import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { adminPage, encodePage, type AdminPageState } from '../../src/ndes/index.js';
import { pageClients, thumbprintOn } from './parsers.js';

const thumbprint = 'A656FA66AB12B433A2DA5CF7CC153D9A';
const password = '8CE317021F690069';
const withPassword: AdminPageState = {
  kind: 'password',
  thumbprint,
  password,
  validityMinutes: 60,
};

describe('the clients of the admin page', () => {
  test.each(pageClients)('$name finds the password', ({ read }) => {
    expect(read(encodePage(adminPage(withPassword)))).toEqual({ kind: 'password', password });
  });

  test.each(pageClients)('$name finds the single password', ({ read }) => {
    const page = adminPage({ kind: 'single-password', thumbprint, password });
    expect(read(encodePage(page))).toEqual({ kind: 'password', password });
  });

  test.each(pageClients)('$name knows what it knows of a full cache', ({ read, knows }) => {
    const kind = knows.includes('cache-full') ? 'cache-full' : 'nothing';
    expect(read(encodePage(adminPage({ kind: 'cache-full', limit: 5 })))).toEqual({ kind });
  });

  test.each(pageClients)('$name knows what it knows of a refusal', ({ read, knows }) => {
    const kind = knows.includes('no-permission') ? 'no-permission' : 'nothing';
    expect(read(encodePage(adminPage({ kind: 'no-permission' })))).toEqual({ kind });
  });

  test.each(pageClients)('$name takes no part of the thumbprint for a password', ({ read }) => {
    const page = adminPage({ kind: 'no-password', thumbprint });
    expect(read(encodePage(page))).toEqual({ kind: 'nothing' });
  });

  test('read any password of 16 to 32 digits beside any thumbprint', () => {
    const hex = (octets: number) =>
      fc
        .uint8Array({ minLength: octets, maxLength: octets })
        .map((bytes) => Buffer.from(bytes).toString('hex').toUpperCase());
    fc.assert(
      fc.property(hex(16), hex(8), fc.integer({ min: 1, max: 525_600 }), (md5, secret, minutes) => {
        const body = encodePage(
          adminPage({
            kind: 'password',
            thumbprint: md5,
            password: secret,
            validityMinutes: minutes,
          }),
        );
        for (const { read } of pageClients) {
          expect(read(body)).toEqual({ kind: 'password', password: secret });
        }
        expect(thumbprintOn(body)?.replaceAll(' ', '')).toBe(md5);
      }),
      { numRuns: 50 },
    );
  });
});

describe('adminPage', () => {
  test('is as long as the pages captured from Windows Server 2022', () => {
    expect(adminPage(withPassword)).toHaveLength(1251);
    expect(adminPage({ kind: 'no-permission' })).toHaveLength(885);
  });

  test('keeps the sentences and blanks round the password', () => {
    expect(adminPage(withPassword)).toContain(
      '<P> The thumbprint (hash value) for the CA certificate is: ' +
        '<B> A656FA66 AB12B433 A2DA5CF7 CC153D9A </B> ' +
        '<P> The enrollment challenge password is: <B> 8CE317021F690069 </B> ' +
        '<P> This password can be used only once and will expire within 60 minutes. ' +
        '<P> Each enrollment requires a new challenge password. ' +
        'You can refresh this web page to obtain a new challenge password. </P>',
    );
  });

  test('names the single password as lasting, and no password where none is needed', () => {
    expect(adminPage({ kind: 'single-password', thumbprint, password })).toContain(
      '<B> 8CE317021F690069 </B> <P> This password can be used multiple times and will not expire.',
    );
    const open = adminPage({ kind: 'no-password', thumbprint });
    expect(open).toContain('<B> A656FA66 AB12B433 A2DA5CF7 CC153D9A </B>');
    expect(open).not.toContain('challenge password');
  });

  test('says that the cache is full, and of how many passwords', () => {
    const page = adminPage({ kind: 'cache-full', limit: 250 });
    expect(page).toContain(
      '<P> The password cache is full. <P> Network Device Enrollment Service stores unused password ' +
        'for later use. By default, passwords are stored for 60 minutes.<P>Use one of the existing ' +
        'passwords. If you cannot use an existing password: <UL> <LI> Wait until ',
    );
    expect(page).toContain('<LI> Configure the service to cache more than 250 passwords. </LI>');
  });

  test('refuses with two blanks between its sentences', () => {
    expect(adminPage({ kind: 'no-permission' })).toContain(
      '<P> You do not have sufficient permission to enroll with SCEP.  ' +
        'Please contact your system administrator. </P>',
    );
  });

  test.each<AdminPageState>([
    withPassword,
    { kind: 'single-password', thumbprint, password },
    { kind: 'no-password', thumbprint },
    { kind: 'cache-full', limit: 5 },
    { kind: 'no-permission' },
  ])('stands in the frame of NDES ($kind)', (state) => {
    const page = adminPage(state);
    expect(page).toMatch(
      /^<HTML><Head><Meta HTTP-Equiv="Content-Type" Content="text\/html; charset=UTF-8"><Title>Network Device Enrollment Service<\/Title><\/Head><Body BgColor=#FFFFFF>/,
    );
    expect(page).toMatch(
      /For more information see {2}<A HREF=http:\/\/go\.microsoft\.com\/fwlink\/\?LinkId=67852>Using Network Device Enrollment Service <\/A>\. <\/P><\/Font><\/Body><\/HTML>$/,
    );
  });
});

test('encodePage writes UTF-16LE behind a byte order mark', () => {
  expect(encodePage('<P> ü')).toEqual(Buffer.from('fffe3c0050003e002000fc00', 'hex'));
});
