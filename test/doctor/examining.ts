/** The doctor on a configuration in a temporary folder, with the network as it is or a played one. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { loadConfig } from '../../src/config/index.js';
import { examine, systemWorld, type Finding } from '../../src/doctor/index.js';
import type { World } from '../../src/doctor/world.js';

export interface ExamineOptions {
  readonly world?: Partial<World>;
  readonly mapperPort?: number;
  readonly issuer?: string;
  readonly profile?: string;
  readonly adminPage?: boolean;
  /** More of `data`, after a comma. */
  readonly data?: string;
}

/** `data.passphrase` is given, so that a healthy configuration has no warning. */
export async function examineYaml(
  folder: string,
  yaml: string,
  { world, mapperPort, data = '', ...options }: ExamineOptions = {},
): Promise<readonly Finding[]> {
  await writeFile(join(folder, 'passphrase.txt'), 'a passphrase for tests');
  const file = join(folder, 'gateway.yaml');
  await writeFile(file, `data: { passphrase: { file: passphrase.txt }${data} }\n${yaml}`);
  const environment = {
    SCEP_GATEWAY_CONFIG: file,
    SCEP_GATEWAY_DATA_DIR: join(folder, 'data'),
  };
  return examine({
    load: () => loadConfig({ environment }),
    world: { ...systemWorld(mapperPort === undefined ? {} : { mapperPort }), ...world },
    progress: (_doing, work) => work,
    ...options,
  });
}

/** All that was found under an id. */
export function found(findings: readonly Finding[], id: string, about?: string): Finding[] {
  return findings.filter(
    (finding) => finding.id === id && (about === undefined || finding.about === about),
  );
}

export function results(findings: readonly Finding[], id: string): string[] {
  return found(findings, id).map(({ result }) => result);
}
