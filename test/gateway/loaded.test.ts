import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import { startGatewayProcess, type GatewayProcess } from '../support/gateway-process.js';

/** Folders of `dist` and packages that a gateway has only where its configuration names what they do. */
const optional = [
  ...[
    'access/negotiate',
    'access/ntlm',
    'adcs',
    'dcerpc',
    'directory',
    'doctor',
    'ffi',
    'kerberos',
  ],
  ...['pkcs11', 'pkcs7/pkijs', 'scep/client', 'scep/explain', 'scep/relay', 'store/memory'],
  ...['store/postgres', 'store/redis', 'store/upkeep', 'upstream', 'web-client', 'xml'],
].map((folder) => `dist/${folder}/`);
const packages = [
  ...[
    '@peculiar/webcrypto',
    '@redis/client',
    'asn1js',
    'koffi',
    'ldapts',
    'node-cache',
    'node-forge',
  ],
  ...['pg', 'pkijs', 'yaml'],
].map((name) => `node_modules/${name}/`);

describe('a gateway that serves', () => {
  let gateway: GatewayProcess | undefined;

  afterEach(async () => {
    await gateway?.dispose();
    gateway = undefined;
  });

  /** Of `optional` and `packages`, after a start and a clean end. */
  async function loadedBy(config?: string): Promise<string[]> {
    gateway = await startGatewayProcess({
      ...(config !== undefined && { config }),
      environment: { NODE_V8_COVERAGE: 'loaded' },
    });
    expect(await gateway.stop()).toBe(0);
    const files = loadedFiles(join(gateway.directory, 'loaded'));
    expect(files.some((file) => file.includes('/dist/gateway/gateway.js'))).toBe(true);
    return [...optional, ...packages].filter((part) =>
      files.some((file) => file.includes(`/${part}`)),
    );
  }

  test('loads nothing by default that only some configurations use', async () => {
    expect(await loadedBy()).toEqual([]);
  });

  test('loads what its configuration names', async () => {
    const config = `
codec: pkijs
data: { challengeStore: memory }
access: { signIn: { ntlm: { enabled: true } } }
issuers:
  upstream: { kind: ndes, mode: relay, url: "http://127.0.0.1:9/certsrv/mscep/mscep.dll" }
`;
    expect(await loadedBy(config)).toEqual([
      ...[
        'dist/access/ntlm/',
        'dist/adcs/',
        'dist/dcerpc/',
        'dist/pkcs7/pkijs/',
        'dist/scep/client/',
      ],
      ...[
        'dist/scep/relay/',
        'dist/store/memory/',
        'dist/upstream/',
        'dist/web-client/',
        'dist/xml/',
      ],
      ...['@peculiar/webcrypto', 'asn1js', 'node-cache', 'pkijs', 'yaml'].map(
        (name) => `node_modules/${name}/`,
      ),
    ]);
  });
});

/** As V8 writes them down when a process ends in which NODE_V8_COVERAGE is set: ES modules and CommonJS alike. */
function loadedFiles(directory: string): string[] {
  return readdirSync(directory).flatMap((name) => {
    const { result } = JSON.parse(readFileSync(join(directory, name), 'utf8')) as {
      readonly result: readonly { readonly url: string }[];
    };
    return result.map(({ url }) => url);
  });
}
