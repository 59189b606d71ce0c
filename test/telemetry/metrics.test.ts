import { afterEach, describe, expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { register } from 'prom-client';
import { createMetrics, type Metrics, type MetricSources } from '../../src/telemetry/index.js';

const quiet: MetricSources = {
  challenges: () => Promise.resolve({ open: 3, used: 2, expired: 1, revoked: 0 }),
  backlog: () =>
    Promise.resolve({
      waiting: [
        { profile: 'wifi', state: 'queued', count: 3, oldest: new Date('2026-01-01T00:00:00Z') },
        { profile: 'wifi', state: 'submitted', count: 1, oldest: new Date('2026-01-02T00:00:00Z') },
      ],
      issuers: [
        { issuer: 'corp', breaker: 'open' },
        { issuer: 'local', breaker: 'closed' },
      ],
    }),
  leads: () => true,
  certificates: () => [
    { issuer: 'local', kind: 'ca', serial: '01', notAfter: new Date('2036-01-01T00:00:00Z') },
    { issuer: 'local', kind: 'ra', serial: '02', notAfter: new Date('2028-01-01T00:00:00Z') },
  ],
  queues: () => [{ queue: 'line', length: 7 }],
  addressLists: () => [{ name: 'jamf-cloud', date: new Date('2026-01-01T00:00:00Z') }],
};

const opened: Metrics[] = [];
afterEach(() => {
  for (const metrics of opened.splice(0)) metrics.stop();
});

function metricsOf(sources: Partial<MetricSources> = {}): Metrics {
  const metrics = createMetrics({ ...quiet, ...sources });
  opened.push(metrics);
  return metrics;
}

async function lines(metrics: Metrics): Promise<readonly string[]> {
  const { text } = await metrics.expose();
  return text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
}

describe('createMetrics', () => {
  test('counts what it is told', async () => {
    const metrics = metricsOf();
    const answer = { group: 'scep', profile: 'wifi', status: 200, seconds: 0.004 };
    metrics.answered({ ...answer, operation: 'PKIOperation' });
    metrics.answered({ ...answer, operation: 'pkioperation', seconds: 3 });
    metrics.answered({ ...answer, operation: 'x'.repeat(1000) });
    metrics.answered({ ...answer, group: 'admin', operation: undefined, status: 401 });
    const operation = { profile: 'wifi', failInfo: undefined, code: undefined };
    metrics.pkiOperation({ ...operation, messageType: 'PKCSReq (19)', outcome: 'success' });
    metrics.pkiOperation({
      ...operation,
      messageType: '"99\\n"',
      outcome: 'failure',
      failInfo: 'badRequest',
      code: 'scep.message-type',
    });
    metrics.cms('open', 0.003);
    metrics.issuer('local', 'submit', 'issued', 0.02);
    metrics.denied('admin');
    metrics.limited('operations');
    metrics.signedIn('wrong');
    const all = await lines(metrics);
    for (const line of [
      'scep_gateway_http_requests_total{group="scep",status="200"} 3',
      'scep_gateway_http_requests_total{group="admin",status="401"} 1',
      'scep_gateway_http_request_seconds_bucket{le="0.005",group="scep"} 2',
      'scep_gateway_http_request_seconds_count{group="scep"} 3',
      'scep_gateway_scep_requests_total{profile="wifi",operation="pkioperation",status="200"} 2',
      'scep_gateway_scep_requests_total{profile="wifi",operation="other",status="200"} 1',
      'scep_gateway_pki_operations_total{profile="wifi",message_type="PKCSReq",outcome="success",fail_info="",code=""} 1',
      'scep_gateway_pki_operations_total{profile="wifi",message_type="unknown",outcome="failure",fail_info="badRequest",code="scep.message-type"} 1',
      'scep_gateway_cms_seconds_count{step="open"} 1',
      'scep_gateway_issuer_seconds_count{issuer="local",call="submit",outcome="issued"} 1',
      'scep_gateway_access_denied_total{group="admin"} 1',
      'scep_gateway_rate_limited_total{limit="operations"} 1',
      'scep_gateway_sign_ins_total{outcome="wrong"} 1',
    ]) {
      expect(all).toContain(line);
    }
  });

  test('looks up how things stand when it is read', async () => {
    const metrics = metricsOf();
    const all = await lines(metrics);
    for (const line of [
      'scep_gateway_challenges{state="open"} 3',
      'scep_gateway_challenges{state="expired"} 1',
      'scep_gateway_queue_depth{queue="line"} 7',
      'scep_gateway_pending_requests{profile="wifi",state="queued"} 3',
      'scep_gateway_pending_oldest_seconds{profile="wifi",state="submitted"} 1767312000',
      'scep_gateway_issuer_up{issuer="corp"} 0',
      'scep_gateway_issuer_up{issuer="local"} 1',
      'scep_gateway_certificate_expiry_seconds{issuer="local",kind="ca",serial="01"} 2082758400',
      'scep_gateway_certificate_expiry_seconds{issuer="local",kind="ra",serial="02"} 1830297600',
      'scep_gateway_address_list_date_seconds{list="jamf-cloud"} 1767225600',
    ]) {
      expect(all).toContain(line);
    }
    const valueOf = (name: string) =>
      Number(all.find((line) => line.startsWith(`${name} `))?.split(' ')[1]);
    expect(valueOf('process_resident_memory_bytes')).toBeGreaterThan(1e6);
    expect(valueOf('process_heap_bytes')).toBeGreaterThan(1e6);
    expect(valueOf('process_start_time_seconds')).toBeGreaterThan(1e9);
  });

  test('shows how long the process was too busy to listen', async () => {
    const metrics = metricsOf();
    await new Promise((resolve) => setTimeout(resolve, 60));
    const until = performance.now() + 150;
    while (performance.now() < until);
    await new Promise((resolve) => setTimeout(resolve, 60));
    const longest = (await lines(metrics)).find((line) =>
      line.startsWith('scep_gateway_event_loop_delay_seconds{at="max"}'),
    );
    expect(Number(longest?.split(' ')[1])).toBeGreaterThan(0.1);
  });

  test('forgets a certificate that was replaced', async () => {
    let certificates = quiet.certificates();
    const metrics = metricsOf({ certificates: () => certificates });
    await metrics.expose();
    certificates = certificates.slice(0, 1);
    const all = await lines(metrics);
    expect(all.filter((line) => line.startsWith('scep_gateway_certificate_expiry'))).toHaveLength(
      1,
    );
  });

  test('docs/operations.md names what there is, and all of it', async () => {
    const { text } = await metricsOf().expose();
    const exposed = [...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name);
    const page = readFileSync('docs/operations.md', 'utf8');
    const named = [...page.matchAll(/\b(?:scep_gateway|process)_[a-z_]+/g)].map(([name]) =>
      name.replace(/_seconds_count$/, '_seconds'),
    );
    expect([...new Set(named)].sort()).toEqual([...exposed].sort());
  });

  test('each gateway has numbers of its own, and the registry of the process none', async () => {
    const [one, other] = [metricsOf(), metricsOf()];
    one.denied('scep');
    expect(await lines(other)).not.toContain('scep_gateway_access_denied_total{group="scep"} 1');
    expect(await register.metrics()).toBe('\n');
  });
});
