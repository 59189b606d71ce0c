/** Files that an administrator names: not hostile, but damaged, or not what they were taken for. */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { parsePasswordHash } from '../../src/access/password.js';
import { parseNetworkList } from '../../src/address/index.js';
import { checkConfig, ndesRegistryToConfig } from '../../src/config/index.js';
import { readYaml } from '../../src/config/yaml-file.js';
import { importPem, importPfx } from '../../src/keys/index.js';
import { toPem } from '../../src/x509/index.js';
import { fixedAuthority } from '../../test/support/fixed-authority.js';
import { testKeyObject } from '../../test/support/keys.js';
import { pfxExample } from '../pfx-example.js';
import { mutateDer } from '../mutators/der.js';
import { textMutator } from '../mutators/text.js';
import { agree, type Target } from '../target.js';

async function pair(): Promise<{ certificate: string; key: string; encrypted: string }> {
  const { ca } = await fixedAuthority();
  const key = testKeyObject('ca');
  const encrypted = { cipher: 'aes-128-cbc', passphrase: 'secret' } as const;
  return {
    certificate: toPem('CERTIFICATE', ca.certificate.der),
    key: key.export({ type: 'pkcs8', format: 'pem' }).toString(),
    encrypted: key.export({ type: 'pkcs8', format: 'pem', ...encrypted }).toString(),
  };
}

export const targets: readonly Target[] = [
  {
    name: 'pem-identity',
    about: 'a key with its certificates from PEM files, encrypted or not',
    pace: 0.2,
    prepare: async () => {
      const { certificate, key, encrypted } = await pair();
      return {
        seeds: [Buffer.from(certificate + key), Buffer.from(certificate + encrypted)],
        mutate: textMutator([
          '-----BEGIN PRIVATE KEY-----',
          '-----END ',
          'Proc-Type: 4,ENCRYPTED\n',
        ]),
        refuses: ['config.invalid', 'keys.passphrase'],
        // OpenSSL reads the keys.
        library: true,
        run: (input) => {
          const text = input.toString('latin1');
          const { certificates } = importPem({ certificate: text, key: '', passphrase: 'secret' });
          return `ok ${Math.min(certificates.length, 2)}`;
        },
      };
    },
  },
  {
    name: 'pfx-identity',
    about: 'a key with its certificates from a PKCS#12 file',
    pace: 0.02,
    prepare: async () => ({
      seeds: [await pfxExample('secret')],
      mutate: mutateDer,
      refuses: ['config.invalid', 'keys.passphrase'],
      library: true,
      run: async (input) => {
        const { certificates } = await importPfx(input, 'secret');
        return `ok ${Math.min(certificates.length, 2)}`;
      },
    }),
  },
  {
    name: 'configuration',
    about: 'gateway.yaml: read, checked, and every problem named',
    pace: 0.1,
    prepare: () => ({
      seeds: readdirSync('examples')
        .filter((name) => name.endsWith('.yaml'))
        .map((name) => readFileSync(join('examples', name))),
      mutate: textMutator([
        '&a ',
        '*a',
        '<<: *a',
        '? ',
        '!!js ',
        '- ',
        ': ',
        '|',
        '>',
        '---\n',
        '\t',
      ]),
      refuses: [],
      library: true,
      run: (input) => {
        const read = readYaml(input.toString());
        return read.kind === 'read' ? checkConfig(read.value).kind : read.kind;
      },
    }),
  },
  {
    name: 'ndes-registry',
    about: 'the exported registry key of an NDES server',
    prepare: () => ({
      seeds: [Buffer.from(registry), Buffer.from(`\uFEFF${registry}`, 'utf16le')],
      mutate: textMutator([
        '"',
        '\\',
        '[',
        ']',
        'dword:',
        'hex(2):',
        'hex:',
        '00,',
        '\\\r\n',
        '=-',
        '@=',
      ]),
      refuses: ['config.invalid'],
      run: (input) => {
        const { yaml, notes } = ndesRegistryToConfig(input);
        agree('a configuration', readYaml(yaml).kind, 'read');
        return `${Math.min(notes.length, 4)} notes`;
      },
    }),
  },
  {
    name: 'network-list',
    about: 'list files of addresses',
    prepare: () => ({
      seeds: [Buffer.from('# date: 2026-11-01\n192.0.2.0/24 # a\n2001:db8::/32\r\n203.0.113.7\n')],
      mutate: textMutator(['# date: ', '2026-02-30', '/', '#', '\r', '192.0.2.0/24\n', '::/0\n']),
      mostOctets: 64 * 1024,
      refuses: [],
      run: (input) => parseNetworkList(input.toString()).kind,
    }),
  },
  {
    name: 'password-hash',
    about: 'password hashes as they stand in the store',
    prepare: () => ({
      seeds: [Buffer.from(`scrypt$131072$8$1$${'A'.repeat(22)}$${'B'.repeat(43)}`)],
      mutate: textMutator(['$', 'scrypt', '131072', '2147483648', '0', 'A']),
      mostOctets: 512,
      refuses: ['access.*', 'store.*', 'config.*', 'internal.*'],
      run: (input) => {
        const { cost, blockSize, parallelization } = parsePasswordHash(input.toString());
        // Whoever can write into the store shall not make a check take all memory.
        if (cost * blockSize * 128 > 2 ** 29 || parallelization > 16)
          throw new Error('too dear a hash');
        return 'ok';
      },
    }),
  },
];

const registry = `Windows Registry Editor Version 5.00

[HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\Cryptography\\MSCEP]
"EncryptionTemplate"="IPSECIntermediateOffline"
"GeneralPurposeTemplate"="IPSECIntermediateOffline"

[HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\Cryptography\\MSCEP\\EnforcePassword]
"EnforcePassword"=dword:00000001

[HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\Cryptography\\MSCEP\\PasswordMax]
"PasswordMax"=dword:00000005
"Text"=hex(2):41,00,\\
  00,00

[HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\Cryptography\\MSCEP\\CAInfo]
"Configuration"="ca1.corp.example\\\\Example CA"
`;
