import { createFastCodec } from '../../pkcs7/index.js';
import { exitCodes } from '../exit-code.js';
import { readInput } from '../standard-input.js';
import { note, print } from '../terminal.js';
import { openAtHand } from './at-hand.js';
import { describeObject } from './describe-object.js';
import { readInspected, type InspectedRequest } from './input.js';
import type { InspectFlags } from './inspect-flags.js';
import { ownCertificates, ownKeys, ownPassword } from './own-keys.js';
import { ReportDraft, reportJson, reportText, type Report } from './report.js';

/** @returns the exit code: 0 fine, 1 something is wrong with it, 2 nothing we know */
export async function runInspect(file: string | undefined, flags: InspectFlags): Promise<number> {
  const input = readInspected(await readInput(file, 'paste'));
  if (!input) {
    const report = unknown('Neither ASN.1 nor text that stands for it.');
    tell([report], 'unreadable', flags);
    return exitCodes.usage;
  }
  const opened = await openAtHand(flags, input.request?.path);
  const atHand = opened.kind === 'open' ? opened.atHand : undefined;
  try {
    const given = await ownCertificates(flags);
    const context = {
      codec: createFastCodec(),
      atHand,
      ownKeys: await ownKeys(flags, given),
      password: await ownPassword(flags),
      certificates: [...given, ...(atHand?.certificates ?? [])],
    };
    const reports: Report[] = [];
    for (const object of input.objects) reports.push(await describeObject(object, context));
    if (input.objects.length === 0) reports.push(requestReport(input.request));
    tell(reports, input.form, flags);
    if (opened.kind === 'none' && flags.data && !flags.json) note(`(${opened.reason})`);
    return exitCodeFor(reports);
  } finally {
    if (opened.kind === 'open') await opened.close();
  }
}

function exitCodeFor(reports: readonly Report[]): number {
  if (reports.some(({ wrong, known }) => known && wrong.length > 0)) return exitCodes.refused;
  return reports.every(({ known }) => known) ? exitCodes.ok : exitCodes.usage;
}

function tell(reports: readonly Report[], form: string, { json }: InspectFlags): void {
  if (json) {
    const all = reports.map((report) => reportJson(report, form));
    print(JSON.stringify(all.length === 1 ? all[0] : all, null, 2));
  } else print(reports.map((report) => reportText(report, form)).join('\n\n'));
}

function unknown(text: string): Report {
  const draft = new ReportDraft();
  draft.what = 'Nothing we know';
  draft.known = false;
  draft.wrong(text, 'Give DER, PEM, base64, or the whole URL of a GET.');
  return draft.finish();
}

/** A URL without a pkiMessage in it. */
function requestReport(request: InspectedRequest | undefined): Report {
  const draft = new ReportDraft();
  const operation = request?.operation ?? '';
  draft.what = `A ${operation || 'SCEP'} request by GET`;
  if (request?.path !== undefined) draft.fact('Path', request.path);
  if (/^(GetCACaps|GetCACert|GetNextCACert)$/i.test(operation)) {
    draft.fact('CA identifier', request?.message ?? 'none');
    draft.note('It carries no pkiMessage: there is nothing to check.');
  } else if (/^PKIOperation$/i.test(operation)) {
    draft.wrong(
      request?.message ? 'Its message is no base64 of a pkiMessage.' : 'It carries no message.',
      'The line may have been cut off by the log: capture the whole URL, or the body of a POST.',
    );
  } else {
    draft.wrong(
      `SCEP has no operation ${operation}.`,
      'Operations: GetCACaps, GetCACert, GetNextCACert, PKIOperation.',
    );
  }
  return draft.finish();
}
