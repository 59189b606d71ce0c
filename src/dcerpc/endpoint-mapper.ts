/** Finds the port of an interface on a server: ept_map (C706 appendix O, MS-RPCE §2.2.1.2.4). */
import { isGatewayError } from '../errors/index.js';
import type { ChannelOptions } from './channel.js';
import { connectRpc, type RpcAnswer, type RpcConnection } from './connection.js';
import { NdrReader } from './ndr-reader.js';
import { NdrWriter } from './ndr-writer.js';
import { bindRefused, malformed, notRegistered } from './rpc-error.js';
import type { SyntaxId } from './syntax.js';
import { encodeTower, tcpPortOf } from './tower.js';

const endpointMapper: SyntaxId = {
  uuid: 'e1af8308-5d1f-11c9-91a4-08002b14a0fa',
  major: 3,
  minor: 0,
};

export const endpointMapperPort = 135;

const eptMap = 3;

/** More than one, because servers answer with towers of other protocols too. */
const mostTowers = 8;

/**
 * Nobody signs in here, and nothing is sealed: Windows' endpoint mapper is open. Who answers falsely
 * sends us to a port of the same server, where the sign-in decides.
 *
 * @param options `port` is that of the endpoint mapper
 * @throws GatewayError `rpc.not-registered`, and those of `connectRpc` and `call` but `rpc.unanswered`
 */
export async function tcpPort(abstract: SyntaxId, options: ChannelOptions): Promise<number> {
  const connection = await connectRpc({
    ...options,
    interface: endpointMapper,
    signIn: undefined,
  });
  try {
    const answer = await lookUp(connection, abstract);
    if (answer.kind === 'fault') {
      throw bindRefused(`the endpoint mapper answers with fault ${hex(answer.status)}`);
    }
    return parseEptMap(answer.stub, abstract);
  } finally {
    connection.close();
  }
}

/** A question changes nothing at the server, so no answer leaves nothing in doubt. */
async function lookUp(connection: RpcConnection, abstract: SyntaxId): Promise<RpcAnswer> {
  try {
    return await connection.call(eptMap, encodeEptMap(abstract));
  } catch (error) {
    const isLost = isGatewayError(error) && error.code === 'rpc.unanswered';
    throw isLost && isGatewayError(error.cause) ? error.cause : error;
  }
}

/** No object, the tower wanted, no earlier search. */
export function encodeEptMap(abstract: SyntaxId): Buffer {
  const tower = encodeTower(abstract);
  return new NdrWriter()
    .referent()
    .octets(Buffer.alloc(16))
    .referent()
    .uint32(tower.length)
    .conformantOctets(tower)
    .uint32(0)
    .octets(Buffer.alloc(16))
    .uint32(mostTowers)
    .finish();
}

/** @throws GatewayError `rpc.not-registered`, `rpc.malformed` */
export function parseEptMap(stub: Buffer, abstract: SyntaxId): number {
  const reader = new NdrReader(stub);
  reader.octets(20);
  const count = reader.uint32();
  const most = reader.uint32();
  const offset = reader.uint32();
  const actual = reader.uint32();
  if (most > mostTowers || actual > most || offset !== 0 || count > actual) {
    throw malformed(`${actual} towers`);
  }
  const present = Array.from({ length: actual }, () => reader.pointer());
  const towers = present.flatMap((isThere) => (isThere ? [readTower(reader)] : []));
  const status = reader.uint32();
  const [port] = towers.slice(0, count).flatMap((tower) => tcpPortOf(tower, abstract) ?? []);
  if (port === undefined) throw notRegistered(`the endpoint mapper says ${hex(status)}`);
  return port;
}

/** twr_t: the count of the array stands in front of the structure. */
function readTower(reader: NdrReader): Buffer {
  const most = reader.uint32();
  const octets = reader.uint32();
  if (octets > most) throw malformed('a tower longer than its array');
  return reader.octets(most).subarray(0, octets);
}

function hex(status: number): string {
  return `0x${status.toString(16).padStart(8, '0')}`;
}
