import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { join } from 'node:path';
import { labFile } from '../in-lab.js';

/** An acceptor for ca1.lab.test that is not ours: acceptor.py. */
export interface OtherSide {
  tell(order: Readonly<Record<string, string>>): Promise<Readonly<Record<string, unknown>>>;
}

export async function withOtherSide(
  channelBinding: Buffer | undefined,
  use: (acceptor: OtherSide) => Promise<void>,
): Promise<void> {
  const acceptor = start(channelBinding);
  try {
    await use(acceptor);
  } finally {
    await acceptor.end();
  }
}

function start(channelBinding: Buffer | undefined): OtherSide & { end(): Promise<void> } {
  const child = spawn(
    '/usr/bin/python3',
    [join('test', 'lab', 'kerberos', 'acceptor.py'), channelBinding?.toString('hex') ?? '-'],
    {
      env: { ...process.env, KRB5_KTNAME: labFile('ca1.keytab') },
      stdio: ['pipe', 'pipe', 'inherit'],
    },
  );
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  return {
    async tell(order) {
      child.stdin.write(`${JSON.stringify(order)}\n`);
      const line = await lines.next();
      if (line.done) throw new Error('acceptor.py has ended');
      return JSON.parse(line.value) as Readonly<Record<string, unknown>>;
    },
    async end() {
      const ended = new Promise((resolve) => child.once('close', resolve));
      child.stdin.end();
      await ended;
    },
  };
}

export function hex(value: unknown): Buffer {
  return Buffer.from(typeof value === 'string' ? value : '', 'hex');
}
