import { afterEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { encodeEptMap, parseEptMap } from '../../src/dcerpc/endpoint-mapper.js';
import { NdrWriter, tcpPort, type SyntaxId } from '../../src/dcerpc/index.js';
import { decodeUuid, encodeSyntax, encodeUuid } from '../../src/dcerpc/syntax.js';
import { encodeTower, tcpPortOf } from '../../src/dcerpc/tower.js';
import { isGatewayError } from '../../src/errors/index.js';
import { startPeer, type Peer, type PeerAnswer } from './peer.js';

const cert: SyntaxId = { uuid: '91ae6020-9e3c-11cf-8d7c-00aa00c091be', major: 0, minor: 0 };
const other: SyntaxId = { uuid: '12345778-1234-abcd-ef00-0123456789ac', major: 1, minor: 0 };

/** What a server answers. */
function eptMapAnswer(towers: readonly Buffer[], status = 0): Buffer {
  const writer = new NdrWriter().octets(Buffer.alloc(20)).uint32(towers.length).uint32(8).uint32(0);
  writer.uint32(towers.length);
  towers.forEach(() => writer.referent());
  for (const tower of towers) {
    writer.uint32(tower.length).uint32(tower.length).octets(tower);
  }
  return writer.uint32(status).finish();
}

describe('towers', () => {
  test('as on the wire', () => {
    // Floors of ICertPassage 0.0, NDR 2.0, connection-oriented, TCP, IP.
    expect(encodeTower(cert).toString('hex')).toBe(
      '0500' +
        '1300' +
        '0d' +
        '2060ae913c9ecf118d7c00aa00c091be' +
        '0000' +
        '0200' +
        '0000' +
        '1300' +
        '0d' +
        '045d888aeb1cc9119fe808002b104860' +
        '0200' +
        '0200' +
        '0000' +
        '0100' +
        '0b' +
        '0200' +
        '0000' +
        '0100' +
        '07' +
        '0200' +
        '0000' +
        '0100' +
        '09' +
        '0400' +
        '00000000',
    );
  });

  test('tell the port of their own interface only', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 65535 }), (port) => {
        expect(tcpPortOf(encodeTower(cert, port), cert)).toBe(port);
        expect(tcpPortOf(encodeTower(other, port), cert)).toBeUndefined();
      }),
    );
    expect(tcpPortOf(encodeTower(cert, 0), cert)).toBeUndefined();
  });

  test('of another protocol tell none', () => {
    const udp = encodeTower(cert, 49_200);
    udp.writeUInt8(0x08, udp.indexOf('0100070200c030', 0, 'hex') + 2);
    expect(tcpPortOf(udp, cert)).toBeUndefined();
  });

  test('are read or refused, whatever stands there', () => {
    fc.assert(
      fc.property(damaged(encodeTower(cert, 49_200)), (tower) => {
        try {
          const port = tcpPortOf(tower, cert);
          expect(port === undefined || (port > 0 && port < 65_536)).toBe(true);
        } catch (error) {
          expect(isGatewayError(error) && error.code).toBe('rpc.malformed');
        }
      }),
    );
  });
});

test('UUIDs keep their value', () => {
  fc.assert(
    fc.property(fc.uuid(), (uuid) => {
      expect(decodeUuid(encodeUuid(uuid))).toBe(uuid);
    }),
  );
});

describe('ept_map', () => {
  test('asks in the shape that servers read', () => {
    const stub = encodeEptMap(cert);
    const tower = encodeTower(cert);
    expect(stub.readUInt32LE(0)).not.toBe(0);
    expect(stub.subarray(4, 20)).toEqual(Buffer.alloc(16));
    expect(stub.readUInt32LE(24)).toBe(tower.length);
    expect(stub.readUInt32LE(28)).toBe(tower.length);
    expect(stub.subarray(32, 32 + tower.length)).toEqual(tower);
    expect(stub.length).toBe(32 + Math.ceil(tower.length / 4) * 4 + 20 + 4);
    expect(stub.readUInt32LE(stub.length - 4)).toBe(8);
  });

  test('the first tower with a port of ours counts', () => {
    const towers = [encodeTower(other, 1), encodeTower(cert, 0), encodeTower(cert, 49_200)];
    expect(parseEptMap(eptMapAnswer([...towers, encodeTower(cert, 2)]), cert)).toBe(49_200);
  });

  test('no tower is an interface that is not there', () => {
    expect(() => parseEptMap(eptMapAnswer([], 0x16c9a0d6), cert)).toThrow(
      expect.objectContaining({
        code: 'rpc.not-registered',
        detail: 'the endpoint mapper says 0x16c9a0d6',
      }),
    );
  });

  test('answers are read or refused, whatever stands there', () => {
    const answer = eptMapAnswer([encodeTower(cert, 49_200), encodeTower(other, 7)]);
    fc.assert(
      fc.property(damaged(answer), (stub) => {
        try {
          expect(parseEptMap(stub, cert)).toBeGreaterThan(0);
        } catch (error) {
          expect(isGatewayError(error) && error.code).toMatch(/^rpc\.(malformed|not-registered)$/);
        }
      }),
      { numRuns: 500 },
    );
  });

  let peer: Peer | undefined;
  afterEach(() => peer?.close());

  async function ask(answer: PeerAnswer): Promise<number> {
    peer = await startPeer({
      interfaces: [
        {
          syntax: encodeSyntax({
            uuid: 'e1af8308-5d1f-11c9-91a4-08002b14a0fa',
            major: 3,
            minor: 0,
          }),
          open: true,
          call: (opnum) => (opnum === 3 ? answer : { fault: 0x1c010002 }),
        },
      ],
    });
    return tcpPort(cert, {
      host: '127.0.0.1',
      port: peer.port,
      limits: { connectMillis: 2_000, answerMillis: 2_000 },
      signal: AbortSignal.timeout(5_000),
    });
  }

  test('over TCP, without sign-in', async () => {
    expect(await ask(eptMapAnswer([encodeTower(cert, 49_300)]))).toBe(49_300);
    expect(peer?.seen).toEqual([11, 0]);
  });

  test('a fault is a no', async () => {
    await expect(ask({ fault: 5 })).rejects.toMatchObject({
      code: 'rpc.bind-refused',
      detail: 'the endpoint mapper answers with fault 0x00000005',
    });
  });
});

/** Some octets changed, cut or added. */
function damaged(whole: Buffer) {
  return fc
    .tuple(
      fc.array(fc.tuple(fc.nat(whole.length - 1), fc.integer({ min: 0, max: 255 })), {
        maxLength: 4,
      }),
      fc.nat(whole.length),
      fc.uint8Array({ maxLength: 8 }),
      fc.boolean(),
    )
    .map(([changes, length, more, isCut]) => {
      const copy = Buffer.from(whole);
      for (const [place, value] of changes) copy.writeUInt8(value, place);
      return isCut ? copy.subarray(0, length) : Buffer.concat([copy, more]);
    });
}
