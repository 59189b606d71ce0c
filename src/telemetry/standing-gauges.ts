import { monitorEventLoopDelay } from 'node:perf_hooks';
import { Gauge, type Registry } from 'prom-client';

/** What is looked up when somebody reads the metrics. */
export interface MetricSources {
  /** Challenges by state. */
  readonly challenges: () => Promise<Readonly<Record<string, number>>>;
  /** What waits for approval or a CA, and how the CAs answer. */
  readonly backlog: () => Promise<{
    readonly waiting: readonly {
      readonly profile: string;
      readonly state: string;
      readonly count: number;
      readonly oldest: Date;
    }[];
    readonly issuers: readonly { readonly issuer: string; readonly breaker: 'closed' | 'open' }[];
  }>;
  /** Whether this process does the background work. */
  readonly leads: () => boolean;
  readonly certificates: () => readonly {
    readonly issuer: string;
    readonly kind: string;
    readonly serial: string;
    readonly notAfter: Date;
  }[];
  /** What waits in this process, by a name of ours. */
  readonly queues: () => readonly { readonly queue: string; readonly length: number }[];
  readonly addressLists: () => readonly { readonly name: string; readonly date: Date }[];
}

/** Between two looks at the event loop. */
const samplingMillis = 20;

/** What is measured is the time between two looks, so an idle process shows their distance. */
function late(nanos: number): number {
  return Math.max(0, nanos / 1e9 - samplingMillis / 1e3);
}

/** Gauges that show how things stand at the moment they are read. */
export function registerStandingGauges(registry: Registry, sources: MetricSources) {
  const registers = [registry];
  const delay = monitorEventLoopDelay({ resolution: samplingMillis });
  delay.enable();

  new Gauge({
    name: 'scep_gateway_challenges',
    help: 'Challenges on record by state; closed ones are kept for a day.',
    labelNames: ['state'],
    registers,
    async collect() {
      for (const [state, count] of Object.entries(await sources.challenges())) {
        this.set({ state }, count);
      }
    },
  });
  new Gauge({
    name: 'scep_gateway_background_leader',
    help: '1 where this process does the background work for all gateways of its database.',
    registers,
    collect() {
      this.set(sources.leads() ? 1 : 0);
    },
  });
  const oldest = new Gauge({
    name: 'scep_gateway_pending_oldest_seconds',
    help: 'When the oldest of them came, seconds since 1970.',
    labelNames: ['profile', 'state'],
    registers,
  });
  const up = new Gauge({
    name: 'scep_gateway_issuer_up',
    help: '0 while a CA is left alone because it does not answer.',
    labelNames: ['issuer'],
    registers,
  });
  const pending = new Gauge({
    name: 'scep_gateway_pending_requests',
    help: 'Requests that wait for approval or for a CA.',
    labelNames: ['profile', 'state'],
    registers,
  });
  new Gauge({
    name: 'scep_gateway_certificate_expiry_seconds',
    help: 'When a CA or RA certificate ends, seconds since 1970.',
    labelNames: ['issuer', 'kind', 'serial'],
    registers,
    collect() {
      this.reset();
      for (const { issuer, kind, serial, notAfter } of sources.certificates()) {
        this.set({ issuer, kind, serial }, Math.floor(notAfter.getTime() / 1000));
      }
    },
  });
  new Gauge({
    name: 'scep_gateway_address_list_date_seconds',
    help: 'Of when an address list is, seconds since 1970.',
    labelNames: ['list'],
    registers,
    collect() {
      for (const { name, date } of sources.addressLists()) {
        this.set({ list: name }, Math.floor(date.getTime() / 1000));
      }
    },
  });
  new Gauge({
    name: 'scep_gateway_queue_depth',
    help: 'What is in the queues of this process.',
    labelNames: ['queue'],
    registers,
    collect() {
      for (const { queue, length } of sources.queues()) this.set({ queue }, length);
    },
  });
  new Gauge({
    name: 'scep_gateway_event_loop_delay_seconds',
    help: 'Delay of the event loop since the metrics were read last.',
    // `quantile` is a word that only summaries may use.
    labelNames: ['at'],
    registers,
    collect() {
      if (delay.count > 0) {
        this.set({ at: 'p50' }, late(delay.percentile(50)));
        this.set({ at: 'p99' }, late(delay.percentile(99)));
        this.set({ at: 'max' }, late(delay.max));
      }
      delay.reset();
    },
  });
  new Gauge({
    name: 'process_resident_memory_bytes',
    help: 'Resident memory of the process.',
    registers,
    collect() {
      this.set(process.memoryUsage.rss());
    },
  });
  new Gauge({
    name: 'process_heap_bytes',
    help: 'Heap of the process in use.',
    registers,
    collect() {
      this.set(process.memoryUsage().heapUsed);
    },
  });
  new Gauge({
    name: 'process_start_time_seconds',
    help: 'When the process started, seconds since 1970.',
    registers,
  }).set(Math.floor(performance.timeOrigin / 1000));
  return {
    stop: () => void delay.disable(),
    /** For gauges that one look fills together: prom-client asks each gauge for itself. */
    async refresh() {
      const { waiting, issuers } = await sources.backlog();
      pending.reset();
      oldest.reset();
      for (const { profile, state, count, oldest: came } of waiting) {
        pending.inc({ profile, state }, count);
        oldest.set({ profile, state }, Math.floor(came.getTime() / 1000));
      }
      for (const { issuer, breaker } of issuers) up.set({ issuer }, breaker === 'closed' ? 1 : 0);
    },
  };
}
