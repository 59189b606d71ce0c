import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  encodeNewRequest,
  encodeStatusInspection,
  parseCertServerAnswer,
} from '../../../src/adcs/rpc/cert-server-request.js';
import { answerOf } from '../../../src/adcs/rpc/disposition.js';
import { readReturned } from '../../../src/adcs/returned-certificate.js';
import { isGatewayError } from '../../../src/errors/index.js';
import { answer, type RawAnswer } from './ca-server.js';

describe('requests as they stand on the wire', () => {
  test('a new one', () => {
    const stub = encodeNewRequest('CA1', {
      request: Buffer.from('30030201', 'hex'),
      format: 'cms',
      attributes: [
        ['CertificateTemplate', 'A'],
        ['rmd', 'g'],
      ],
    });
    const text = Buffer.from('CertificateTemplate:A\nrmd:g\n\0', 'utf16le');
    expect(stub.toString('hex')).toBe(
      [
        '00030000', // dwFlags: CMS
        '00000200', // pwszAuthority
        '04000000' + '00000000' + '04000000' + '4300' + '4100' + '3100' + '0000',
        '00000000', // pdwRequestId
        '3a000000' + '04000200' + '3a000000' + text.toString('hex') + '0000',
        '04000000' + '08000200' + '04000000' + '30030201',
      ].join(''),
    );
    expect(text.length).toBe(0x3a);
  });

  test('a status inspection has no format, no attributes and no request', () => {
    expect(encodeStatusInspection('CA', 0x1234).toString('hex')).toBe(
      '00000000' +
        ('00000200' + '03000000' + '00000000' + '03000000' + '43004100' + '0000' + '0000') +
        '34120000' +
        '0000000000000000' +
        '0000000000000000',
    );
  });
});

const rawAnswer = fc.record(
  {
    requestId: fc.nat(0xffff_ffff),
    disposition: fc.oneof(fc.nat(7), fc.nat(0xffff_ffff)),
    chain: fc.uint8Array({ maxLength: 40 }).map((octets) => Buffer.from(octets)),
    certificate: fc.uint8Array({ maxLength: 40 }).map((octets) => Buffer.from(octets)),
    message: fc.string({ unit: 'grapheme', maxLength: 20 }).filter((text) => !text.includes('\0')),
    returned: fc.oneof(fc.constant(0), fc.nat(0xffff_ffff)),
  },
  { requiredKeys: [] },
);

describe('answers', () => {
  test('are read as they were meant', () => {
    fc.assert(
      fc.property(rawAnswer, (raw: RawAnswer) => {
        expect(parseCertServerAnswer(answer(raw))).toEqual({
          requestId: raw.requestId ?? 0,
          disposition: raw.disposition ?? 0,
          chain: raw.chain ?? Buffer.alloc(0),
          certificate: raw.certificate ?? Buffer.alloc(0),
          message: raw.message ?? '',
          returned: raw.returned ?? 0,
        });
      }),
    );
  });

  test('are read or refused, and say one of the things a CA can say, however damaged', () => {
    const kinds = new Set<string>();
    fc.assert(
      fc.property(
        rawAnswer,
        fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 3 }),
        fc.nat(),
        fc.constantFrom('submit' as const, 'retrieve' as const),
        (raw, changes, cutAt, question) => {
          const whole = answer(raw);
          for (const [place, value] of changes) whole[place % whole.length] = value;
          const stub = cutAt % 3 === 0 ? whole.subarray(0, cutAt % whole.length) : whole;
          try {
            const read = parseCertServerAnswer(stub);
            readReturned({ certificate: read.certificate, bundle: read.chain });
            kinds.add(answerOf(read, question).kind);
          } catch (error) {
            expect(isGatewayError(error) && error.code).toBe('rpc.malformed');
            kinds.add('unreadable');
          }
        },
      ),
      { numRuns: 2000 },
    );
    expect([...kinds].sort()).toEqual(['denied', 'failed', 'issued', 'pending', 'unreadable']);
  });

  test('a count beyond what came takes no memory', () => {
    const stub = answer({ certificate: Buffer.from('30') });
    stub.writeUInt32LE(0xffff_fff0, 24);
    expect(() => parseCertServerAnswer(stub)).toThrow(
      expect.objectContaining({ code: 'rpc.malformed', detail: 'NDR data ends too soon' }),
    );
  });
});

describe('dispositions', () => {
  const said = (raw: RawAnswer, question: 'submit' | 'retrieve' = 'submit') =>
    answerOf(parseCertServerAnswer(answer(raw)), question);

  test('issued, waiting, denied', () => {
    expect(said({ requestId: 7, disposition: 3 })).toEqual({ kind: 'issued', requestId: '7' });
    expect(said({ requestId: 7, disposition: 5 })).toEqual({ kind: 'pending', requestId: '7' });
    expect(said({ requestId: 7, disposition: 2, returned: 0x80094014, message: 'no' })).toEqual({
      kind: 'denied',
      requestId: '7',
      hresult: 0x80094014,
      message: 'no',
    });
  });

  test('the reason of the policy module in place of a disposition', () => {
    expect(said({ requestId: 7, disposition: 0x80094800 })).toMatchObject({
      kind: 'denied',
      requestId: '7',
      hresult: 0x80094800,
    });
    expect(said({ requestId: 0, disposition: 0x80094011 })).toMatchObject({
      kind: 'failed',
      hresult: 0x80094011,
    });
  });

  test('a return value counts more than what stands beside it', () => {
    expect(said({ requestId: 7, disposition: 3, returned: 0x80070005 })).toMatchObject({
      kind: 'failed',
      hresult: 0x80070005,
    });
  });

  const codesOfSuccess = fc.oneof(
    fc.constantFrom(1, 5, 1722),
    fc.integer({ min: 1, max: 0x7fff_ffff }),
  );

  test('a code of success as return value is no reason: what the disposition says counts', () => {
    fc.assert(
      fc.property(codesOfSuccess, (returned) => {
        expect(said({ requestId: 7, disposition: 3, returned })).toEqual({
          kind: 'issued',
          requestId: '7',
        });
        expect(said({ requestId: 7, disposition: 5, returned })).toEqual({
          kind: 'pending',
          requestId: '7',
        });
        expect(said({ requestId: 7, disposition: 2, returned })).toMatchObject({
          kind: 'denied',
          hresult: undefined,
        });
      }),
    );
  });

  test('where beside it nothing is said of the request, nothing is known', () => {
    fc.assert(
      fc.property(
        codesOfSuccess,
        fc.constantFrom(0, 1, 4),
        fc.constantFrom(0, 7),
        fc.constantFrom('submit' as const, 'retrieve' as const),
        (returned, disposition, requestId, question) => {
          const answered = said({ requestId, disposition, returned }, question);
          expect(answered).toMatchObject({ kind: 'failed', hresult: undefined });
        },
      ),
    );
  });

  test('a disposition that is none, and no failure, is no denial: nothing is known', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.constantFrom(7, 8, 31), fc.integer({ min: 7, max: 0x7fff_ffff })),
        fc.constantFrom(0, 7),
        fc.constantFrom(0, 1),
        (disposition, requestId, returned) => {
          for (const question of ['submit', 'retrieve'] as const) {
            const answered = said({ requestId, disposition, returned }, question);
            expect(answered).toEqual({
              kind: 'failed',
              hresult: undefined,
              message: undefined,
              requestId: requestId === 0 ? undefined : '7',
            });
          }
        },
      ),
    );
  });

  test('revoked, when asked for, is a no; what the CA has no certificate for is unknown', () => {
    expect(said({ requestId: 7, disposition: 6 }, 'retrieve').kind).toBe('denied');
    expect(said({ requestId: 7, disposition: 0 }, 'retrieve')).toMatchObject({
      kind: 'failed',
      hresult: 0x80094004,
    });
  });

  test('an error without a reason, and out of band', () => {
    for (const disposition of [0, 1, 4]) {
      expect(said({ requestId: 7, disposition })).toMatchObject({
        kind: 'failed',
        hresult: undefined,
      });
    }
  });
});
