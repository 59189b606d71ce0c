import { Agent, request } from 'node:http';
import { readFileSync } from 'node:fs';
import type { PreparedRequest } from './prepared-request.js';

export interface LoadResult {
  readonly inFlight: number;
  readonly perSecond: number;
  /** CPU milliseconds of the server process for each enrollment. */
  readonly cpuMillis: number;
  readonly p50: number;
  readonly p99: number;
  readonly residentMiB: number;
  /** Enrollments the server refused (scepserver does under load); they count as served. */
  readonly refused: number;
}

/** Sends every request once, `inFlight` at a time, over kept-alive connections; then verifies every reply. */
export async function load(
  url: string,
  requests: readonly PreparedRequest[],
  inFlight: number,
  serverPid: number,
): Promise<LoadResult> {
  const agent = new Agent({ keepAlive: true, maxSockets: inFlight });
  const millis: number[] = [];
  const replies = new Array<Buffer>(requests.length);
  let next = 0;
  const cpuBefore = cpuMillis(serverPid);
  const started = performance.now();
  await Promise.all(
    Array.from({ length: inFlight }, async () => {
      for (let index = next++; index < requests.length; index = next++) {
        const sent = performance.now();
        replies[index] = await post(agent, url, requests[index]!.body);
        millis.push(performance.now() - sent);
      }
    }),
  );
  const seconds = (performance.now() - started) / 1000;
  const cpu = cpuMillis(serverPid) - cpuBefore;
  agent.destroy();
  const verdicts = await Promise.all(
    requests.map((prepared, index) => prepared.verify(replies[index]!)),
  );
  millis.sort((a, b) => a - b);
  return {
    inFlight,
    perSecond: requests.length / seconds,
    cpuMillis: cpu / requests.length,
    p50: percentile(millis, 0.5),
    p99: percentile(millis, 0.99),
    residentMiB: residentMiB(serverPid),
    refused: verdicts.filter((verdict) => verdict === 'refused').length,
  };
}

function post(agent: Agent, url: string, body: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const outgoing = request(
      `${url}?operation=PKIOperation`,
      {
        agent,
        method: 'POST',
        headers: { 'Content-Type': 'application/x-pki-message', 'Content-Length': body.length },
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () => {
          const reply = Buffer.concat(chunks);
          if (response.statusCode === 200) resolve(reply);
          else
            reject(
              new Error(`HTTP ${response.statusCode ?? 0}: ${reply.toString().slice(0, 200)}`),
            );
        });
        response.on('error', reject);
      },
    );
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

/** User and system time of a process and its threads; Linux counts in ticks of 10 ms. */
function cpuMillis(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

function residentMiB(pid: number): number {
  const match = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return Number(match?.[1] ?? 0) / 1024;
}

function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN;
}
