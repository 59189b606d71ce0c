import { percentile } from './load.js';
import type { Measured } from './bench.js';
import type { ServerUnderTest } from './servers.js';

const widths = {
  server: 13,
  request: 12,
  'in flight': 9,
  'per second': 10,
  'CPU ms': 7,
  'loop ms': 7,
  '× raw': 6,
  'p50 ms': 8,
  'p99 ms': 8,
  'RSS MiB': 7,
  refused: 7,
  'load ms': 7,
  'raw ms': 7,
  'idle %': 6,
  'stolen %': 8,
};

type Column = keyof typeof widths;

export function printHead(): void {
  printCells(Object.fromEntries(Object.keys(widths).map((name) => [name, name])));
  printCells(
    Object.fromEntries(Object.entries(widths).map(([name, width]) => [name, '-'.repeat(width)])),
  );
}

/** As Markdown: docs/performance.md takes it as it is. */
export function printRow(
  server: ServerUnderTest,
  request: string,
  inFlight: string,
  measured: Measured,
): void {
  const each = (millis: number) => (millis / measured.requests).toFixed(2);
  const ofAllCores = (millis: number) =>
    (millis / measured.seconds / server.cpu.cores / 10).toFixed(0);
  printCells({
    server: server.name,
    request,
    'in flight': inFlight,
    'per second': perSecond(measured).toFixed(0),
    'CPU ms': each(measured.cpuMillis),
    'loop ms': each(measured.loopMillis),
    '× raw': (measured.cpuMillis / measured.requests / measured.raw).toFixed(2),
    'p50 ms': percentile(measured.millis, 0.5).toFixed(1),
    'p99 ms': percentile(measured.millis, 0.99).toFixed(1),
    'RSS MiB': server.cpu.residentMiB().toFixed(0),
    refused: String(measured.refused),
    'load ms': each(measured.generatorMillis),
    'raw ms': measured.raw.toFixed(2),
    'idle %': ofAllCores(measured.idleMillis),
    'stolen %': ofAllCores(measured.stolenMillis),
  });
}

export function perSecond({ requests, seconds }: Measured): number {
  return requests / seconds;
}

export function cpuEach({ cpuMillis, requests }: Measured): number {
  return cpuMillis / requests;
}

function printCells(cells: Readonly<Partial<Record<Column, string>>>): void {
  const padded = (Object.entries(widths) as [Column, number][]).map(([name, width], index) => {
    const text = cells[name] ?? '';
    return index < 3 ? text.padEnd(width) : text.padStart(width);
  });
  console.log(`| ${padded.join(' | ')} |`);
}
