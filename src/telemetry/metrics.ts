import { Counter, Histogram, Registry } from 'prom-client';
import { registerStandingGauges, type MetricSources } from './standing-gauges.js';

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
  const standing = registerStandingGauges(registry, sources);

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
    async expose() {
      await standing.refresh();
      return { contentType: registry.contentType, text: await registry.metrics() };
    },
    stop: () => standing.stop(),
  };
}
