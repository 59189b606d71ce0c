import { loadConfig, type ResolvedConfig } from '../../config/index.js';
import { openExplainer, type AccessExplanation } from '../../gateway/index.js';
import { exitCodes } from '../exit-code.js';
import { table } from '../table.js';
import { note, print } from '../terminal.js';
import { rawHeaders, readCases, type AccessCase } from './case-file.js';
import type { ExplainFlags, TestFlags } from './flags.js';

export async function runExplain(flags: ExplainFlags): Promise<number> {
  const { explain } = await explainer(flags.config);
  const explanation = explain({
    listener: flags.listener,
    peer: flags.peer,
    rawHeaders: rawHeaders(flags.header ?? []),
    proxyLine: flags.proxyLine,
    path: flags.path,
  });
  print(flags.json ? JSON.stringify(explanation, null, 2) : explanationText(explanation));
  return explanation.verdict === 'allowed' ? exitCodes.ok : exitCodes.refused;
}

function explanationText({ verdict, listener, client, route, steps }: AccessExplanation): string {
  return [
    `listener  ${listener}`,
    `route     ${route}`,
    ...steps.map((step, index) => (index === 0 ? 'steps' : '').padEnd(10) + step),
    `client    ${client}`,
    `verdict   ${verdict}`,
  ].join('\n');
}

export async function runTest(file: string, flags: TestFlags): Promise<number> {
  const cases = await readCases(file);
  const { explain } = await explainer(flags.config);
  const results = cases.map((expected) => {
    const { listener, peer, headers, proxyLine, path } = expected;
    const explanation = explain({
      listener,
      peer,
      proxyLine,
      path,
      rawHeaders: rawHeaders(headers),
    });
    return { name: expected.name, mismatch: mismatchOf(expected, explanation), explanation };
  });
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

function mismatchOf(
  { expect, client }: AccessCase,
  explanation: AccessExplanation,
): string | undefined {
  const verdict = expect === 'allow' ? 'allowed' : 'denied';
  if (explanation.verdict !== verdict) return `${explanation.verdict}, expected ${verdict}`;
  if (client === undefined || client === explanation.client) return undefined;
  return `the client is ${explanation.client}, expected ${client}`;
}

export async function runLists(flags: TestFlags): Promise<void> {
  const { lists } = await explainer(flags.config);
  const rows = lists.map(({ name, entries, date }) => ({ name, entries, date }));
  if (flags.json) {
    print(JSON.stringify(rows, null, 2));
    return;
  }
  const cells = rows.map(({ name, entries, date }) => [name, String(entries), date]);
  print(cells.length === 0 ? 'no lists' : table(['LIST', 'ENTRIES', 'DATE'], cells));
}

async function explainer(file: string | undefined) {
  const { config }: ResolvedConfig = await loadConfig({
    environment: file === undefined ? process.env : { ...process.env, SCEP_GATEWAY_CONFIG: file },
  });
  return openExplainer(config, () => new Date());
}
