import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { namesDevice } from '../../src/challenge/device.js';

const serial = 'C02XK1ZZJG5H';
const udid = '5E0D4A3B-0001-4A7E-9F0C-1D2E3F405060';

test.each([
  ['CN=C02XK1ZZJG5H', []],
  ['O=Example,CN=c02xk1zzjg5h', []],
  ['CN=Mac of Ann+SERIALNUMBER=C02XK1ZZJG5H,O=Example', []],
  [`CN=Ann\\, Lee,OU=${udid.toLowerCase()}`, []],
  ['CN=Ann', [`dns:${serial}.devices.example.org`]],
  ['CN=Ann', [`uri:${udid}`]],
  ['', [`dns:${serial}`]],
])('%j with %j names the device', (subject, san) => {
  expect(namesDevice([serial, udid], { subject, san })).toBe(true);
});

test.each([
  ['', []],
  ['CN=', []],
  ['CN=Ann', []],
  [`CN=chief-executive ${serial}`, []],
  [`CN=x\\,CN=${serial}`, []],
  [`CN=${serial}1`, []],
  ['CN=Ann', [`email:${serial}@example.org`]],
  ['CN=Ann', [`dns:devices.${serial}`]],
  ['CN=Ann', [`upn:x.${serial}`]],
])('%j with %j does not', (subject, san) => {
  expect(namesDevice([serial, udid], { subject, san })).toBe(false);
});

test('any text can be asked for', () => {
  fc.assert(
    fc.property(
      fc.array(fc.string()),
      fc.string(),
      fc.array(fc.string()),
      (devices, subject, san) => {
        const named = namesDevice(devices, { subject, san });
        if (devices.length === 0) expect(named).toBe(false);
      },
    ),
  );
});
