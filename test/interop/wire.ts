/** Octets on a socket: clients spell requests in ways that no HTTP library would. */
import { connect } from 'node:net';

export interface WireAnswer {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Buffer;
}

/**
 * Sends a head, lines as given without their CRLF, and a body; reads until the server closes or the
 * announced length is there.
 */
export function exchange(
  port: number,
  head: readonly string[],
  body: Buffer = Buffer.alloc(0),
): Promise<WireAnswer> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    let received = Buffer.alloc(0);
    const finish = (): void => {
      socket.destroy();
      const answer = readAnswer(received);
      if (answer === undefined) reject(new Error(`cut off: ${received.toString('latin1')}`));
      else resolve(answer);
    };
    socket.once('error', reject);
    socket.once('end', finish);
    socket.on('data', (chunk: Buffer) => {
      received = Buffer.concat([received, chunk]);
      if (readAnswer(received)) finish();
    });
    socket.write(Buffer.concat([Buffer.from([...head, '', ''].join('\r\n'), 'latin1'), body]));
  });
}

/** Undefined until all of it is there. The gateway always announces a length. */
function readAnswer(octets: Buffer): WireAnswer | undefined {
  const end = octets.indexOf('\r\n\r\n');
  if (end < 0) return undefined;
  const [statusLine = '', ...lines] = octets.subarray(0, end).toString('latin1').split('\r\n');
  const headers = new Map(
    lines.map((line) => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()] as const;
    }),
  );
  const body = octets.subarray(end + 4);
  if (body.length < Number(headers.get('content-length') ?? 0)) return undefined;
  return { status: Number(statusLine.split(' ')[1]), headers, body };
}
