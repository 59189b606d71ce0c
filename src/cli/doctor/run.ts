import { loadConfig } from '../../config/index.js';
import { examine, explainFailure, systemWorld, type Finding } from '../../doctor/index.js';
import { GatewayError } from '../../errors/index.js';
import { exitCodes } from '../exit-code.js';
import { withProgress } from '../progress.js';
import { note, print } from '../terminal.js';
import type { DoctorFlags } from './flags.js';

/** @returns the exit code */
export async function runDoctor(flags: DoctorFlags): Promise<number> {
  const { issuer, profile, adminPage, explain, json } = flags;
  if (explain !== undefined) return runExplain(explain, json === true);
  const findings = await examine({
    load: () => loadConfig({ environment: process.env }),
    world: systemWorld(),
    progress: withProgress,
    issuer,
    profile,
    adminPage,
  });
  print(json ? JSON.stringify(findings, null, 2) : findingsText(findings));
  if (!json) note(summary(findings));
  return exitCodeOf(findings);
}

function runExplain(text: string, json: boolean): number {
  const explained = explainFailure(text);
  if (explained === undefined) {
    throw new GatewayError('cli.not-found', 'Nothing is known of that.', {
      mend: 'Give the whole line with its code, such as 0x80094800; docs/adcs.md lists the codes of the CA.',
    });
  }
  const { id, text: meaning, next } = explained;
  print(
    json ? JSON.stringify({ id, text: meaning, next }, null, 2) : `${meaning}\n  → ${next ?? ''}`,
  );
  return exitCodes.ok;
}

const marks = {
  ok: 'ok      ',
  info: 'info    ',
  warning: 'warning ',
  failed: 'FAILED  ',
  skipped: 'skipped ',
} as const satisfies Record<Finding['result'], string>;

function findingsText(findings: readonly Finding[]): string {
  const abouts = [...new Set(findings.map(({ about }) => about))];
  return abouts
    .map((about) => {
      const lines = findings.filter((finding) => finding.about === about).map(findingText);
      return [about, ...lines].join('\n');
    })
    .join('\n\n');
}

function findingText({ id, result, text, next }: Finding): string {
  const line = `  ${marks[result]}${id.padEnd(24)} ${text}`;
  return next === undefined ? line : `${line}\n${' '.repeat(35)}→ ${next}`;
}

function summary(findings: readonly Finding[]): string {
  const count = (result: Finding['result']) =>
    findings.filter((finding) => finding.result === result).length;
  return `${count('ok')} ok, ${count('warning')} warnings, ${count('failed')} failed, ${count('skipped')} skipped`;
}

function exitCodeOf(findings: readonly Finding[]): number {
  const isInvalid = findings.some(({ id, result }) => id === 'config.valid' && result === 'failed');
  if (isInvalid) return exitCodes.configuration;
  if (findings.some(({ result }) => result === 'failed')) return exitCodes.refused;
  return findings.some(({ result }) => result === 'warning') ? exitCodes.warnings : exitCodes.ok;
}
