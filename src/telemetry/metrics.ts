import { monitorEventLoopDelay } from 'node:perf_hooks';
import { Counter, Gauge, Histogram, Registry } from 'prom-client';

/** The numbers of one gateway in one process, as Prometheus reads them. Labels come from closed sets. */
export interface Metrics {
  /** An HTTP answer. `group` is that of the allow list; `operation` that of SCEP, as sent. */
  answered(answer: {
    readonly group: string;
    readonly operation: string | undefined;
    readonly profile: string | undefined;
    readonly status: number;
    readonly seconds: number;
  }): void;
  /** A PKIOperation that could be addressed. */
  pkiOperation(operation: {
    readonly profile: string;
    readonly messageType: string | undefined;
    readonly outcome: string;
    readonly failInfo: string | undefined;
    readonly code: string | undefined;
  }): void;
  /** Time that a step of the CMS codec took. */
  cms(step: CmsStep, seconds: number): void;
  /** Time that a call to a CA took. */
  issuer(issuer: string, call: string, outcome: string, seconds: number): void;
  denied(group: string): void;
  limited(limit: string): void;
  signedIn(outcome: string): void;
  /** The exposition format; gauges are asked for what they show first. */
  expose(): Promise<{ readonly contentType: string; readonly text: string }>;
  stop(): void;
}

export type CmsStep = 'read' | 'verify' | 'read-envelope' | 'open' | 'seal' | 'sign';

/** What is looked up when somebody reads the metrics. */
export interface MetricSources {
  /** Challenges by state. */
  readonly challenges: () => Promise<Readonly<Record<string, number>>>;
  /** Requests that wait for approval or a CA, by profile. */
  readonly pending: () => Promise<ReadonlyMap<string, number>>;
  readonly certificates: () => readonly {
    readonly issuer: string;
    readonly kind: string;
    readonly serial: string;
    readonly notAfter: Date;
  }[];
  readonly addressLists: () => readonly { readonly name: string; readonly date: Date }[];
}

const requestSeconds = [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
const stepSeconds = [0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1];
const operations: ReadonlySet<string> = new Set([
  'getcacaps',
  'getcacert',
  'getcacertchain',
  'getnextcacert',
  'pkioperation',
]);

export function createMetrics(sources: MetricSources): Metrics {
  const registry = new Registry();
  const registers = [registry];
  const prefixed = (name: string) => `scep_gateway_${name}`;
  const counter = <L extends string>(name: string, help: string, labelNames: readonly L[]) =>
    new Counter({ name: prefixed(name), help, labelNames, registers });
  const histogram = <L extends string>(
    name: string,
    help: string,
    labelNames: readonly L[],
    buckets: number[],
  ) => new Histogram({ name: prefixed(name), help, labelNames, buckets, registers });

  const requests = counter('http_requests_total', 'HTTP answers.', ['group', 'status']);
  const duration = histogram(
    'http_request_seconds',
    'Time from request to answer.',
    ['group'],
    requestSeconds,
  );
  const scep = counter('scep_requests_total', 'SCEP requests by operation.', [
    'profile',
    'operation',
    'status',
  ]);
  const pki = counter('pki_operations_total', 'PKIOperations and what became of them.', [
    'profile',
    'message_type',
    'outcome',
    'fail_info',
    'code',
  ]);
  const cms = histogram('cms_seconds', 'Time of one step of the CMS codec.', ['step'], stepSeconds);
  const issuer = histogram(
    'issuer_seconds',
    'Time of a call to a CA.',
    ['issuer', 'call', 'outcome'],
    requestSeconds,
  );
  const denied = counter(
    'access_denied_total',
    'Requests refused by an allow list or a certificate rule.',
    ['group'],
  );
  const limited = counter('rate_limited_total', 'Requests refused by a limit.', ['limit']);
  const signIns = counter('sign_ins_total', 'Sign-ins on the admin page and the API.', ['outcome']);
  const stopStanding = registerStanding(registry, sources);

  return {
    answered({ group, operation, profile, status, seconds }) {
      requests.inc({ group, status });
      duration.observe({ group }, seconds);
      if (operation === undefined) return;
      const name = operations.has(operation.toLowerCase()) ? operation.toLowerCase() : 'other';
      scep.inc({ profile: profile ?? '', operation: name, status });
    },
    pkiOperation({ profile, messageType, outcome, failInfo = '', code = '' }) {
      const [name = ''] = (messageType ?? '').split(' ');
      const message_type = /^[A-Za-z]+$/.test(name) ? name : 'unknown';
      pki.inc({ profile, message_type, outcome, fail_info: failInfo, code });
    },
    cms: (step, seconds) => cms.observe({ step }, seconds),
    issuer: (name, call, outcome, seconds) =>
      issuer.observe({ issuer: name, call, outcome }, seconds),
    denied: (group) => denied.inc({ group }),
    limited: (limit) => limited.inc({ limit }),
    signedIn: (outcome) => signIns.inc({ outcome }),
    expose: async () => ({ contentType: registry.contentType, text: await registry.metrics() }),
    stop: stopStanding,
  };
}

/** Gauges that show how things stand at the moment they are read. Returns what ends their measuring. */
function registerStanding(registry: Registry, sources: MetricSources): () => void {
  const registers = [registry];
  const delay = monitorEventLoopDelay({ resolution: 20 });
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
    name: 'scep_gateway_pending_requests',
    help: 'Requests that wait for approval or for a CA.',
    labelNames: ['profile'],
    registers,
    async collect() {
      for (const [profile, count] of await sources.pending()) this.set({ profile }, count);
    },
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
    name: 'scep_gateway_event_loop_delay_seconds',
    help: 'Delay of the event loop since the metrics were read last.',
    labelNames: ['quantile'],
    registers,
    collect() {
      if (delay.count > 0) {
        this.set({ quantile: '0.5' }, delay.percentile(50) / 1e9);
        this.set({ quantile: '0.99' }, delay.percentile(99) / 1e9);
        this.set({ quantile: '1' }, delay.max / 1e9);
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
  return () => void delay.disable();
}
