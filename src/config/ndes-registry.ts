import { GatewayError } from '../errors/index.js';
import { quoted } from './problem.js';
import { parseRegistryFile, type RegistryKey, type RegistryValue } from './registry-file.js';
import { decodeTextFile } from './text-file.js';

/** The values under `…\Microsoft\Cryptography\MSCEP`, by name without regard to case. */
export class NdesRegistry {
  readonly #values = new Map<string, RegistryValue>();
  /** Values under `Modules`: a policy module such as the Intune connector is registered. */
  readonly hasPolicyModule: boolean;

  private constructor(keys: readonly { readonly below: string; readonly key: RegistryKey }[]) {
    const isModule = (below: string) => /^\\modules(?:\\|$)/i.test(below);
    for (const { below, key } of keys) {
      if (isModule(below)) continue;
      for (const value of key.values) {
        if (value.name !== '') this.#values.set(value.name.toLowerCase(), value);
      }
    }
    this.hasPolicyModule = keys.some(({ below, key }) => isModule(below) && key.values.length > 0);
  }

  /**
   * @throws GatewayError `config.invalid` when it is no registry file, or not that of NDES
   */
  static parse(file: string | Uint8Array): NdesRegistry {
    const text = typeof file === 'string' ? file : (decodeTextFile(file) ?? '');
    const keys = parseRegistryFile(text).flatMap((key) => {
      const below = /\\Microsoft\\Cryptography\\MSCEP(\\.*)?$/i.exec(key.path);
      return below === null ? [] : [{ below: below[1] ?? '', key }];
    });
    if (keys.length === 0) {
      throw new GatewayError('config.invalid', 'This registry file holds no MSCEP key', {
        mend: 'export it with: reg export HKLM\\SOFTWARE\\Microsoft\\Cryptography\\MSCEP mscep.reg',
      });
    }
    return new NdesRegistry(keys);
  }

  get names(): string[] {
    return [...this.#values.values()].map(({ name }) => name);
  }

  has(name: string): boolean {
    return this.#values.has(name.toLowerCase());
  }

  number(name: string): number | undefined {
    const data = this.#values.get(name.toLowerCase())?.data;
    return data?.kind === 'number' ? data.number : undefined;
  }

  /** Printable, in quotes; undefined where there is no such text. */
  quotedText(name: string): string | undefined {
    const data = this.#values.get(name.toLowerCase())?.data;
    return data?.kind === 'text' ? quoted(data.text) : undefined;
  }
}
