import { describe, expect, test } from '@jest/globals';
import { der } from '../../src/asn1/index.js';
import { certificatesIn, codecs, scenario } from './scenario.js';

describe.each(codecs.map((codec) => [codec.name, codec] as const))('a reply, %s', (_n, codec) => {
  describe('shapes of a profile', () => {
    test.each([
      ['leaf', 1],
      ['leaf-and-issuer', 2],
      ['chain', 3],
    ] as const)('replyCertificates %s, leaf first', async (replyCertificates, count) => {
      const s = await scenario({ replyCertificates }, codec);
      const leaf = s.device.certificate;
      const chain = [s.authority.raSigning.certificate, s.authority.ca.certificate];
      s.enrollment.outcome = { kind: 'issued', certificate: leaf, chain };
      const reply = await s.exchange();
      const sent = await certificatesIn(reply, s.device, codec);
      expect(sent.map(({ der }) => der)).toEqual(
        [leaf, ...chain].slice(0, count).map(({ der }) => der),
      );
    });

    test('without signer certificate, as NDES replies', async () => {
      const s = await scenario({ includeSigner: false }, codec);
      const reply = await s.exchange();
      expect(reply.message.certificates).toEqual([]);
      expect(reply.pkiStatus).toBe('0');
    });

    test.each([
      ['empty', Buffer.alloc(0)],
      ['omit', undefined],
      ['nul', Buffer.from([0])],
    ] as const)('failureContent %s, in FAILURE and PENDING', async (failureContent, content) => {
      const s = await scenario({ failureContent }, codec);
      expect((await s.exchange({ messageType: '99' })).content).toEqual(content);
      s.enrollment.outcome = { kind: 'pending' };
      expect((await s.exchange()).content).toEqual(content);
    });

    test('microsoftAttributes: E_INVALIDARG on failure, "Issued" on success', async () => {
      const s = await scenario({ microsoftAttributes: true }, codec);
      const failed = await s.exchange({ messageType: '99' });
      expect(failed.attribute('1.3.6.1.4.1.311.21.33')).toEqual(der.printableString('-2147024809'));
      expect(failed.attribute('1.3.6.1.4.1.311.21.38')).toBeUndefined();
      const issued = await s.exchange();
      expect(issued.attribute('1.3.6.1.4.1.311.21.38')).toEqual(der.utf8String('Issued'));
      expect(issued.attribute('1.3.6.1.4.1.311.21.33')).toBeUndefined();
    });

    describe('the HRESULT of a CA that refused', () => {
      const hresult = 0x80094800;
      const windows = 'Mozilla/4.0 (compatible; Win32; NDES client 6.1.7601.17514)';
      const refusal = { kind: 'rejected', code: 'issuer.refused', text: 'No.' } as const;
      const wire = der.printableString('-2146875392');

      test.each([
        ['Windows by its User-Agent', {}, windows, hresult, wire],
        ['Windows, of no CA', {}, windows, undefined, undefined],
        ['others', {}, 'MicroMDM/SCEP', hresult, undefined],
        ['who does not say', {}, undefined, hresult, undefined],
        ['all of a profile that says so', { microsoftAttributes: true }, undefined, hresult, wire],
      ] as const)('for %s', async (_who, overrides, userAgent, code, expected) => {
        const s = await scenario(overrides, codec);
        s.enrollment.outcome = code === undefined ? refusal : { ...refusal, hresult: code };
        const reply = await s.exchange({}, userAgent);
        expect([reply.pkiStatus, reply.failInfo]).toEqual(['2', '2']);
        expect(reply.attribute('1.3.6.1.4.1.311.21.33')).toEqual(expected);
      });
    });

    test('none of it by default', async () => {
      const s = await scenario({}, codec);
      const failed = await s.exchange({ messageType: '99' });
      expect(failed.attribute('1.3.6.1.4.1.311.21.33')).toBeUndefined();
    });
  });
});
