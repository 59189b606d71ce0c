/** promtool of Prometheus 2.42 reads what the gateway shows, and the alert rules that are shipped. */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { as, send } from '../http/client.js';
import { device, remove, start, temporaryFolder, type Running } from '../gateway/running.js';
import { describeWithPrograms, runProgram } from './programs.js';

const rules = 'examples/monitoring/alerts.yml';

describeWithPrograms('Prometheus', ['promtool'], () => {
  let folder: string;
  let gateway: Running;
  beforeAll(async () => {
    folder = await temporaryFolder();
    gateway = await start(folder, 'profiles: { default: { approval: manual } }\n');
  }, 60_000);
  afterAll(async () => {
    await gateway.stop();
    await remove(folder);
  });

  async function metrics(): Promise<string> {
    return (await send(gateway.port, '/metrics')).body.toString();
  }

  test('the metrics are well-formed and named as Prometheus asks for', async () => {
    const phone = await device(gateway.port, '/scep/default', '127.0.0.1');
    expect(await phone.enroll('A', 'wrong')).toMatchObject({ kind: 'failed' });
    await send(gateway.port, '/api/v1/challenges', { method: 'POST', headers: as('admin', 'x') });
    const run = await runProgram('promtool', ['check', 'metrics'], { input: await metrics() });
    expect([run.status, run.stdout, run.stderr]).toEqual([0, '', '']);
  });

  test('the alert rules are well-formed, come when they should, and speak of metrics that there are', async () => {
    const run = await runProgram('promtool', ['check', 'rules', rules]);
    expect([run.status, run.stderr]).toEqual([0, '']);
    const judged = await runProgram('promtool', ['test', 'rules', 'test/interop/alerts.test.yml']);
    expect([judged.status, judged.stderr]).toEqual([0, '']);
    const text = readFileSync(rules, 'utf8');
    expect(run.stdout).toContain(`SUCCESS: ${text.match(/- alert:/g)?.length ?? 0} rules found`);
    const shown = await metrics();
    const named = new Set(text.match(/scep_gateway_[a-z_]+/g));
    expect([...named].filter((name) => !shown.includes(`# TYPE ${name} `))).toEqual([]);
  });
});
