import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { KeyObject } from 'node:crypto';
import type { Certificate } from '../../src/x509/index.js';
import { runOpenssl } from '../support/openssl.js';

/** `openssl cms` over files in a directory of its own. */
export class OpensslCms {
  readonly #directory = mkdtempSync(join(tmpdir(), 'openssl-cms-'));

  file(name: string, content: string | Buffer): string {
    const path = join(this.#directory, name);
    writeFileSync(path, content);
    return path;
  }

  certificate(name: string, certificate: Certificate): string {
    return this.file(`${name}.pem`, certificate.toPem());
  }

  key(name: string, key: KeyObject): string {
    return this.file(`${name}.key`, key.export({ format: 'pem', type: 'pkcs8' }));
  }

  /** Runs `openssl cms …` over `input` and gives what it wrote. */
  run(input: Buffer, ...args: readonly string[]): Buffer {
    const from = this.file('input', input);
    const to = join(this.#directory, 'output');
    runOpenssl(['cms', ...args, '-in', from, '-out', to]);
    return readFileSync(to);
  }

  remove(): void {
    rmSync(this.#directory, { recursive: true, force: true });
  }
}
