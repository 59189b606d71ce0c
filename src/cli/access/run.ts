import { dirname, resolve } from 'node:path';
import { loadConfig, type ResolvedConfig } from '../../config/index.js';
import { listAges, openExplainer, type AccessExplanation } from '../../gateway/index.js';
import { exitCodes } from '../exit-code.js';
import { readCertificates } from '../pem-file.js';
import { table } from '../table.js';
import { note, print } from '../terminal.js';
import { rawHeaders, readCases, type AccessCase } from './case-file.js';
import type { ExplainFlags, TestFlags } from './flags.js';

export async function runExplain(flags: ExplainFlags): Promise<number> {
  const { explain, close } = await explainer(flags.config);
  const explanation = await explain({
    listener: flags.listener,
    peer: flags.peer,
    rawHeaders: rawHeaders(flags.header ?? []),
    proxyLine: flags.proxyLine,
    path: flags.path,
    tlsCertificates: await readDers(flags.clientCertificate),
  }).finally(close);
  print(flags.json ? JSON.stringify(explanation, null, 2) : explanationText(explanation));
  return explanation.verdict === 'allowed' ? exitCodes.ok : exitCodes.refused;
}

function explanationText(explanation: AccessExplanation): string {
  const { verdict, listener, client, route, account, steps } = explanation;
  return [
    `listener  ${listener}`,
    `route     ${route}`,
    ...steps.map((step, index) => (index === 0 ? 'steps' : '').padEnd(10) + step),
    `client    ${client}`,
    ...(account === undefined ? [] : [`account   ${account}`]),
    `verdict   ${verdict}`,
  ].join('\n');
}

export async function runTest(file: string, flags: TestFlags): Promise<number> {
  const cases = await readCases(file);
  const { explain, close } = await explainer(flags.config);
  const results: CaseResult[] = [];
  for (const expected of cases) {
    const { listener, peer, headers, proxyLine, path, clientCertificate } = expected;
    const explanation = await explain({
      listener,
      peer,
      proxyLine,
      path,
      rawHeaders: rawHeaders(headers),
      tlsCertificates: await readDers(
        clientCertificate && resolve(dirname(file), clientCertificate),
      ),
    });
    const mismatch = mismatchOf(expected, explanation);
    results.push({ name: expected.name, mismatch, explanation });
  }
  await close();
  const failed = results.filter(({ mismatch }) => mismatch !== undefined);
  if (flags.json) {
    print(JSON.stringify({ passed: results.length - failed.length, results }, null, 2));
  } else {
    for (const { name, mismatch, explanation } of results) {
      print(mismatch === undefined ? `ok    ${name}` : `FAIL  ${name}: ${mismatch}`);
      if (mismatch !== undefined)
        print(explanation.steps.map((step) => `      ${step}`).join('\n'));
    }
    note(`${results.length - failed.length} as expected, ${failed.length} not`);
  }
  return failed.length === 0 ? exitCodes.ok : exitCodes.refused;
}

interface CaseResult {
  readonly name: string;
  readonly mismatch: string | undefined;
  readonly explanation: AccessExplanation;
}

function mismatchOf(
  { expect, client, account }: AccessCase,
  explanation: AccessExplanation,
): string | undefined {
  const verdict = expect === 'allow' ? 'allowed' : 'denied';
  if (explanation.verdict !== verdict) return `${explanation.verdict}, expected ${verdict}`;
  if (client !== undefined && client !== explanation.client) {
    return `the client is ${explanation.client}, expected ${client}`;
  }
  if (account === undefined || account === explanation.account) return undefined;
  return `the account is ${explanation.account ?? '(none)'}, expected ${account}`;
}

export async function runLists(flags: TestFlags): Promise<void> {
  const lists = await listAges((await load(flags.config)).config, () => new Date());
  if (flags.json) {
    print(JSON.stringify(lists, null, 2));
    return;
  }
  const cells = lists.map(({ name, entries, date, ageDays, old }) => [
    name,
    String(entries),
    date,
    `${ageDays} d${old ? ', old' : ''}`,
  ]);
  print(cells.length === 0 ? 'no lists' : table(['LIST', 'ENTRIES', 'DATE', 'AGE'], cells));
}

async function explainer(file: string | undefined) {
  return openExplainer(await load(file), () => new Date());
}

function load(file: string | undefined): Promise<ResolvedConfig> {
  return loadConfig({
    environment: file === undefined ? process.env : { ...process.env, SCEP_GATEWAY_CONFIG: file },
  });
}

async function readDers(file: string | undefined): Promise<Buffer[]> {
  return file === undefined ? [] : (await readCertificates(file)).map(({ der }) => der);
}
