import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { der } from '../../src/asn1/index.js';
import { GatewayError } from '../../src/errors/index.js';
import { attributeOids } from '../support/pki-message.js';
import { codecs, correlationId, scenario } from './scenario.js';

describe.each(codecs.map((codec) => [codec.name, codec] as const))(
  'PKIOperation, %s',
  (_n, codec) => {
    describe('what no CertRep can answer', () => {
      test.each([
        ['nothing', undefined, 'It is empty.'],
        ['no octets', Buffer.alloc(0), 'It is empty.'],
        ['text', Buffer.from('operation=PKIOperation'), 'It is no CMS SignedData.'],
        ['a number', der.unsignedInteger(1), 'It is no CMS SignedData.'],
      ])('%s', async (_name, bytes, reason) => {
        const s = await scenario({}, codec);
        await expect(s.post(bytes)).rejects.toMatchObject({
          code: 'http.message',
          message: `This is no SCEP message. ${reason}`,
        });
      });

      test('a degenerate bundle, a truncated message, a message without transactionID', async () => {
        const s = await scenario({}, codec);
        const { body } = await s.get('GetCACert');
        await expect(s.post(body)).rejects.toMatchObject({
          code: 'http.message',
          message: 'This is no SCEP message. It is signed by nobody.',
        });
        const message = await s.message();
        for (const length of [1, 2, 10, 100, message.length - 1]) {
          await expect(s.post(message.subarray(0, length))).rejects.toMatchObject({
            code: 'http.message',
          });
        }
        const anonymous = await s.message({ attributes: { [attributeOids.transactionId]: null } });
        await expect(s.post(anonymous)).rejects.toMatchObject({
          message: 'This is no SCEP message. It has no transactionID.',
        });
      });

      test.each([
        ['empty', der.printableString('')],
        ['513 octets', der.printableString('9'.repeat(513))],
        ['an INTEGER', der.unsignedInteger(1)],
      ])('a transactionID that is %s', async (_name, value) => {
        const s = await scenario({}, codec);
        const message = await s.message({ attributes: { [attributeOids.transactionId]: value } });
        await expect(s.post(message)).rejects.toMatchObject({
          code: 'http.message',
          message: 'This is no SCEP message. Its transactionID cannot be used.',
        });
      });

      test('an unknown profile and an unknown operation', async () => {
        const s = await scenario({}, codec);
        const client = { correlationId, address: '192.0.2.1', userAgent: undefined };
        await expect(
          s.server.handle({ profile: 'other', operation: 'GetCACaps', message: undefined, client }),
        ).rejects.toMatchObject({ code: 'http.not-found' });
        await expect(s.get('GetCACertificate')).rejects.toMatchObject({
          code: 'http.operation',
          message: 'There is no SCEP operation "GetCACertificate".',
        });
      });

      test('an error of our own is not told as a fault of the message', async () => {
        const s = await scenario({}, codec);
        s.enrollment.enroll = () => Promise.reject(new TypeError('bug'));
        await expect(s.post(await s.message())).rejects.toThrow(TypeError);
        s.enrollment.enroll = () =>
          Promise.reject(new GatewayError('store.unavailable', 'The database is locked.'));
        await expect(s.post(await s.message())).rejects.toMatchObject({
          code: 'store.unavailable',
        });
      });
    });

    test('any octet of a PKCSReq may change: never another CSR, never another error', async () => {
      const s = await scenario({}, codec);
      const message = await s.message();
      await fc.assert(
        fc.asyncProperty(
          fc.nat(message.length - 1),
          fc.integer({ min: 1, max: 255 }),
          async (at, flip) => {
            const mutated = Buffer.from(message);
            mutated[at] = (mutated[at] ?? 0) ^ flip;
            try {
              expect((await s.post(mutated)).status).toBe(200);
            } catch (error) {
              expect(error).toBeInstanceOf(GatewayError);
              expect((error as GatewayError).class).toBe('transport');
            }
          },
        ),
        { numRuns: codec.name === 'fast' ? 400 : 80 },
      );
      for (const { csr } of s.enrollment.enrolled) expect(csr.der).toEqual(s.csr);
    });
  },
);
