/**
 * Programs that use the stores in processes of their own, from a folder with the room `store` in it. `open` is
 * JavaScript that opens them.
 */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { expect } from '@jest/globals';
import { noon } from './records.js';

/** Enrolls without end, eight at a time; a line on stdout only after the store has acknowledged. */
export const enroller = (open: string): string => `
import { writeSync } from 'node:fs';
const run = process.argv[3];
const { challenges, enrollments } = await ${open};
const at = new Date(${noon.getTime()});
const audit = { at, event: 'enrollment.issued', correlationId: 'x', outcome: 'ok' };
async function enroll(id) {
  await challenges.add({ id, digest: id, account: run, binding: {}, createdAt: at, maxUses: 1, uses: 0 }, 1e6);
  await challenges.reserve(id, id, at);
  writeSync(1, 'reserved ' + id + '\\n');
  const key = { profile: 'p', transactionId: id, purpose: 'new' };
  const csr = Buffer.alloc(300);
  await enrollments.open({ id, key, csrKey: id, signerKey: id, requestDigest: id, csr, ground: '{}',
    subject: id, clientAddress: '', state: { kind: 'authorized' }, createdAt: at, updatedAt: at });
  const certificate = { thumbprint: id, serial: id, issuerDigest: id, subject: id, sanText: '', keyId: id,
    profile: 'p', issuer: 'i', transactionId: id, notBefore: at, notAfter: at, issuedAt: at, der: csr };
  await Promise.all([
    enrollments.conclude({ transaction: id, state: { kind: 'issued', certificate: id }, certificate, audit, now: at }),
    challenges.confirm(id, id),
  ]);
  writeSync(1, 'issued ' + id + '\\n');
}
async function lane(n) {
  for (let i = 0; ; i++) await enroll(run + '-' + n + '-' + i);
}
await Promise.all([0, 1, 2, 3, 4, 5, 6, 7].map(lane));
`;

/** Counts to 50 and says what it got. */
export const counter = (open: string): string => `
const opened = await ${open};
const counts = [];
for (let n = 0; n < 50; n++) counts.push(await opened.settings.next('crl'));
await opened.close();
console.log(JSON.stringify(counts));
`;

/** Lines that the process wrote until it was killed after `count` of them. */
export async function linesUntilKilled(child: ChildProcess, count: number): Promise<string[]> {
  const lines: string[] = [];
  for await (const line of createInterface({ input: child.stdout! })) {
    lines.push(line);
    if (lines.length === count) child.kill('SIGKILL');
  }
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  expect(child.signalCode).toBe('SIGKILL');
  return lines;
}
