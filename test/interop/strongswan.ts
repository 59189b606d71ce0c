/** strongSwan's `pki --scepca` and `pki --scep` (Debian's strongswan-pki 5.9.8). */
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Gateway } from './gateway.js';
import { mustRun, runProgram, type ProgramRun } from './programs.js';

/** `pki` fetches nothing without the plugin of libstrongswan-extra-plugins. */
export const strongswanPrograms = [
  'pki',
  '/usr/lib/ipsec/plugins/libstrongswan-curl.so',
  'openssl',
];

/** What `pki --scepca` wrote, told apart as its manual says: by keyUsage. */
export interface CaFiles {
  readonly signing: string;
  readonly encryption: string;
  /** The root first; more where there are several tiers. */
  readonly authorities: readonly string[];
  /** Base names of all files written. */
  readonly names: readonly string[];
}

export class StrongswanPki {
  readonly #gateway: Gateway;

  constructor(gateway: Gateway) {
    this.#gateway = gateway;
  }

  async fetchCa(path: string, name: string): Promise<CaFiles> {
    const folder = join(this.#gateway.directory, name);
    mkdirSync(folder);
    const files = ['--caout', join(folder, 'ca.pem'), '--raout', join(folder, 'ra.pem')];
    const url = this.#gateway.url + path;
    const run = await runProgram('pki', ['--scepca', '--url', url, ...files, '--outform', 'pem']);
    if (run.status !== 0) throw new Error(`pki --scepca: ${run.stderr}`);
    const names = readdirSync(folder).sort();
    const startingWith = (prefix: string): string[] =>
      names.filter((file) => file.startsWith(prefix)).map((file) => join(folder, file));
    const [root = '', ...below] = startingWith('ca').sort((a, b) => a.length - b.length);
    const registration = startingWith('ra');
    const uses = await Promise.all(registration.map(keyUsage));
    const withUsage = (usage: string): string =>
      registration.find((_, i) => uses[i]?.includes(usage)) ?? root;
    return {
      signing: withUsage('Digital Signature'),
      encryption: withUsage('Key Encipherment'),
      authorities: [root, ...below],
      names,
    };
  }

  /** The certificate in PEM is the standard output of a run that succeeds. */
  enroll(
    path: string,
    { authorities, signing, encryption }: CaFiles,
    args: readonly string[],
    env: Readonly<Record<string, string>> = {},
  ): Promise<ProgramRun> {
    const trusted = authorities.flatMap((file) => ['--cacert', file]);
    const authority = ['--cacert-enc', encryption, '--cacert-sig', signing, ...trusted];
    const url = this.#gateway.url + path;
    return runProgram('pki', ['--scep', '--url', url, ...authority, '--outform', 'pem', ...args], {
      env,
    });
  }
}

async function keyUsage(file: string): Promise<string> {
  return mustRun('openssl', ['x509', '-in', file, '-noout', '-ext', 'keyUsage']);
}
