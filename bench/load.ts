import { Agent, request } from 'node:http';
import { readFileSync } from 'node:fs';

/** Made beforehand, so that the load program costs next to nothing while the clock runs. */
export interface PreparedRequest {
  readonly method: 'GET' | 'POST';
  /** Query, without the question mark. */
  readonly query: string;
  readonly body?: Buffer;
  /** Throws when the reply is none that this request may get. */
  verify(reply: Reply): Promise<'served' | 'refused'>;
}

export interface Reply {
  readonly status: number;
  readonly body: Buffer;
}

export interface LoadResult {
  readonly inFlight: number;
  readonly perSecond: number;
  /** CPU milliseconds of the server process for each request. */
  readonly cpuMillis: number;
  /** Of its main thread alone: where there is one event loop, it cannot do more in a second. */
  readonly loopMillis: number;
  readonly p50: number;
  readonly p99: number;
  readonly residentMiB: number;
  /** What the server refused (scepserver does under load); it counts as served. */
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
  const replies = new Array<Reply>(requests.length);
  let next = 0;
  const before = [cpuMillis(serverPid), loopMillis(serverPid)] as const;
  const started = performance.now();
  await Promise.all(
    Array.from({ length: inFlight }, async () => {
      for (let index = next++; index < requests.length; index = next++) {
        const sent = performance.now();
        replies[index] = await send(agent, url, requests[index]!);
        millis.push(performance.now() - sent);
      }
    }),
  );
  const seconds = (performance.now() - started) / 1000;
  const cpu = cpuMillis(serverPid) - before[0];
  const loop = loopMillis(serverPid) - before[1];
  agent.destroy();
  const verdicts = await Promise.all(
    requests.map((prepared, index) => prepared.verify(replies[index]!)),
  );
  millis.sort((a, b) => a - b);
  return {
    inFlight,
    perSecond: requests.length / seconds,
    cpuMillis: cpu / requests.length,
    loopMillis: loop / requests.length,
    p50: percentile(millis, 0.5),
    p99: percentile(millis, 0.99),
    residentMiB: residentMiB(serverPid),
    refused: verdicts.filter((verdict) => verdict === 'refused').length,
  };
}

function send(agent: Agent, url: string, { method, query, body }: PreparedRequest): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const headers =
      body === undefined
        ? {}
        : { 'Content-Type': 'application/x-pki-message', 'Content-Length': body.length };
    const outgoing = request(`${url}?${query}`, { agent, method, headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks) }),
      );
      response.on('error', reject);
    });
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

/** User and system time of a process and its threads; Linux counts in ticks of 10 ms. */
function cpuMillis(pid: number): number {
  return ticksMillis(`/proc/${pid}/stat`);
}

function loopMillis(pid: number): number {
  return ticksMillis(`/proc/${pid}/task/${pid}/stat`);
}

function ticksMillis(file: string): number {
  const fields = readFileSync(file, 'utf8').split(') ')[1]!.split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

function residentMiB(pid: number): number {
  const match = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return Number(match?.[1] ?? 0) / 1024;
}

function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN;
}
