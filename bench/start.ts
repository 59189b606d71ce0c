/**
 * `npm run bench:start`: what a start costs until the first answer, of this checkout and of others in turns.
 * Each starts on data of its own, which its first start has made.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startGateway } from './servers.js';

const words = new Map(
  process.argv.slice(2).map((word): [string, string] => {
    const [name = '', value = ''] = word.replace(/^--/, '').split('=');
    return [name, value];
  }),
);
const rounds = Number(words.get('rounds') ?? 7);
const checkouts = ['.', ...(words.get('against')?.split(',') ?? [])];

interface Start {
  readonly checkout: string;
  readonly wall: number;
  readonly cpu: number;
  readonly resident: number;
}

const scratch = mkdtempSync(join(tmpdir(), 'scep-gateway-start-'));
try {
  const starts: Start[] = [];
  for (let round = 0; round <= rounds; round++)
    for (const [index, checkout] of checkouts.entries()) {
      const start = await startOnce(checkout, join(scratch, `${index}`));
      if (round > 0) starts.push(start);
    }
  console.log('| checkout | CPU ms | wall ms | RSS MiB |\n| --- | --- | --- | --- |');
  for (const checkout of checkouts) {
    const own = starts.filter((start) => start.checkout === checkout);
    const of = (key: 'cpu' | 'wall' | 'resident') => median(own.map((start) => start[key]));
    console.log(`| ${checkout} | ${of('cpu')} | ${of('wall')} | ${of('resident')} |`);
  }
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

async function startOnce(checkout: string, data: string): Promise<Start> {
  const before = performance.now();
  const server = await startGateway({ keyBits: 2048, checkout, data });
  const wall = performance.now() - before;
  const start = { checkout, wall, cpu: server.cpu.used().all, resident: server.cpu.residentMiB() };
  await server.stop();
  return start;
}

function median(values: readonly number[]): string {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.floor(sorted.length / 2)]!.toFixed(0);
}
