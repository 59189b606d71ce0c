import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parse } from 'yaml';
import { checkConfig, ndesRegistryToConfig, type GatewayConfig } from '../../src/config/index.js';
import { isGatewayError } from '../../src/errors/index.js';

const root = 'HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\Cryptography\\MSCEP';

/** As regedit exports a server: CRLF, values in subkeys of their own names. */
function registryFile(...sections: readonly (readonly [subkey: string, ...lines: string[]])[]) {
  const text = sections.map(([subkey, ...lines]) =>
    [`[${root}${subkey}]`, ...lines, ''].join('\r\n'),
  );
  return `Windows Registry Editor Version 5.00\r\n\r\n${text.join('\r\n')}\r\n`;
}

const defaults = registryFile(
  [
    '',
    '"SignatureTemplate"="IPSECIntermediateOffline"',
    '"EncryptionTemplate"="IPSECIntermediateOffline"',
    '"GeneralPurposeTemplate"="IPSECIntermediateOffline"',
  ],
  ['\\CAInfo', '"Configuration"="ca01.example.org\\\\Example Issuing CA"'],
  ['\\CAType', '"CAType"=dword:00000001'],
  ['\\CertsInMYStore', '"CertsInMYStore"=dword:00000001'],
  ['\\EnforcePassword', '"EnforcePassword"=dword:00000001'],
  ['\\PasswordMax', '"PasswordMax"=dword:00000005'],
  ['\\PasswordValidity', '"PasswordValidity"=dword:0000003c'],
  ['\\PasswordVDir', '"PasswordVDir"="CertSrv/mscep_admin"'],
  ['\\UseSinglePassword', '"UseSinglePassword"=dword:00000000'],
);

function configOf(yaml: string): GatewayConfig {
  const checked = checkConfig(parse(yaml));
  if (checked.kind === 'invalid') throw new Error(JSON.stringify(checked.problems));
  return checked.config;
}

function challengesOf(file: string | Uint8Array) {
  return configOf(ndesRegistryToConfig(file).yaml).profiles['default']?.challenges;
}

describe('an exported MSCEP registry key', () => {
  test('with the values NDES comes with', () => {
    const { yaml, notes } = ndesRegistryToConfig(defaults);
    const profile = configOf(yaml).profiles['default'];
    expect(profile).toMatchObject({
      paths: ['/certsrv/mscep/mscep.dll', '/scep'],
      failureContent: 'nul',
      microsoftAttributes: true,
      challenges: { max: 5, validityMinutes: 60, length: 8, single: false, dynamic: true },
    });
    expect(profile?.challenges.none).toBeUndefined();
    expect(yaml).toContain('max: 5  # PasswordMax\n');
    expect(yaml).toContain('length: 8  # PasswordLength was not set: octets');
    expect(yaml).toContain('# CAInfo\\Configuration was "ca01.example.org\\\\Example Issuing CA".');
    expect(yaml).toContain('#     quota: 5  # PasswordMax');
    const uncommented = yaml.replace(
      /^ {2}# ( *(?:adcs|kind|url|authentication|templates|\w+Template):.*)$/gm,
      '  $1',
    );
    expect(checkConfig(parse(uncommented))).toMatchObject({
      kind: 'valid',
      config: {
        issuers: {
          adcs: {
            url: 'https://ca01.example.org/certsrv/',
            templates: { SignatureTemplate: 'IPSECIntermediateOffline' },
          },
        },
      },
    });
    expect(notes).toEqual([
      'PasswordMax was 5: more open challenges than that answer "The password cache is full." This gateway has no need of so small a cache; raise `max`.',
      'SignatureTemplate "IPSECIntermediateOffline", EncryptionTemplate "IPSECIntermediateOffline", GeneralPurposeTemplate "IPSECIntermediateOffline": templates belong to AD CS. To keep that CA, uncomment the issuer `adcs` in the file and name it in the profile; what the embedded CA grants stands under `policy` (key usages, EKUs, validity).',
      'CAInfo\\Configuration "ca01.example.org\\\\Example Issuing CA": certificates come from the embedded CA here.',
    ]);
  });

  test('the account in the comment is one that works once it is uncommented', () => {
    const { yaml } = ndesRegistryToConfig(defaults);
    const uncommented = yaml.replace(/^# (accounts:[^]*)$/m, (_, block: string) =>
      block.replaceAll(/^# /gm, ''),
    );
    expect(configOf(uncommented).accounts).toMatchObject([{ name: 'mdm', quota: 5 }]);
  });

  test('UTF-16LE with a byte order mark, UTF-8 with and without, REGEDIT4 and plain line feeds', () => {
    const text = defaults.replace('00000005', '000003e8');
    const forms = [
      Buffer.from(`\uFEFF${text}`, 'utf16le'),
      Buffer.from(`\uFEFF${text}`, 'utf8'),
      Buffer.from(text, 'utf8'),
      `\uFEFF${text}`,
      text.replaceAll('\r\n', '\n').replace(/^Windows.*$/m, 'REGEDIT4'),
    ];
    for (const form of forms) expect(challengesOf(form)?.max).toBe(1000);
  });

  test('single password: kept as a mode, the password itself is not', () => {
    const hex = `hex:01,00,00,00,d0,8c,9d,df,01,15,d1,11,8c,7a,00,c0,4f,c2,97,eb,01,00,\\\r\n  00,00,11,22,33,44,55,66,\\\r\n  77`;
    const { yaml, notes } = ndesRegistryToConfig(
      registryFile(
        ['\\UseSinglePassword', '"UseSinglePassword"=dword:00000001'],
        ['\\EncryptedPassword', `"EncryptedPassword"=${hex}`],
        ['\\PasswordLength', '"PasswordLength"=dword:00000010'],
      ),
    );
    expect(configOf(yaml).profiles['default']?.challenges).toMatchObject({
      single: true,
      length: 16,
      max: 10_000,
    });
    expect(notes).toEqual([
      'EncryptedPassword cannot be carried over: only the service account of NDES can decrypt it. Devices that hold the old single password need the new one from the admin page, or a static challenge.',
    ]);
  });

  test('EnforcePassword 0 opens the profile, loudly', () => {
    const { yaml, notes } = ndesRegistryToConfig(
      registryFile(
        ['\\EnforcePassword', '"EnforcePassword"=dword:00000000'],
        ['\\UseSinglePassword', '"UseSinglePassword"=dword:00000001'],
      ),
    );
    expect(configOf(yaml).profiles['default']?.challenges).toMatchObject({
      none: 'anyone-may-enroll',
      single: false,
    });
    expect(yaml).toContain(
      '      # !!! EnforcePassword was 0: ANYONE WHO REACHES THIS GATEWAY GETS A CERTIFICATE.\n      # !!! Remove the next line to demand a challenge.\n      none: anyone-may-enroll\n',
    );
    expect(notes).toHaveLength(2);
    expect(notes[0]).toMatch(/^EnforcePassword was 0: /);
  });

  test('values out of range are moved to the nearest one, and said', () => {
    const { yaml, notes } = ndesRegistryToConfig(
      registryFile(
        ['\\PasswordLength', '"PasswordLength"=dword:00000004'],
        ['\\PasswordValidity', '"PasswordValidity"=dword:ffffffff'],
        ['\\PasswordMax', '"PasswordMax"=hex(b):64,00,00,00,00,00,00,00'],
      ),
    );
    expect(configOf(yaml).profiles['default']?.challenges).toMatchObject({
      length: 8,
      validityMinutes: 525_600,
      max: 100,
    });
    expect(notes).toEqual([
      'PasswordValidity was 4294967295; the nearest value here is 525600.',
      'PasswordLength was 4; the nearest value here is 8.',
    ]);
  });

  test('what has no home is named', () => {
    const { notes } = ndesRegistryToConfig(
      registryFile(
        ['', '"HashAlgorithm"="SHA256"', '"evil\\"\\\\name"=dword:1', '@="default value"'],
        ['\\PasswordVDir', '"PasswordVDir"=hex(2):6d,00,78,00,00,00'],
        ['\\CacheRequest', '"CacheRequest"=dword:14'],
        ['\\Modules', '"NDESPolicy"="{D9BE4F6A-0000-0000-0000-000000000000}"'],
        ['\\Modules\\NDESPolicy', '"NDESCertThumbprint"="00"'],
      ),
    );
    expect(notes).toEqual([
      'PasswordVDir was "mx"; the admin page is at /certsrv/mscep_admin/ here.',
      'CacheRequest: a re-sent request gets the stored answer for `replayHours`, 24 hours.',
      'Modules: a policy module (the Intune connector is one) was registered; it cannot be loaded here.',
      'Not used here: HashAlgorithm, "evil\\"\\\\name".',
    ]);
  });

  test('names are compared without case, comments and deletions do not count, the last value wins', () => {
    const file = registryFile([
      '\\PasswordMax',
      '; "PasswordMax"=dword:00000001',
      '"passwordmax"=dword:00000002',
      '"PASSWORDMAX"=dword:00000007',
      '"PasswordLength"=-',
    ]).concat(`[-${root}\\Gone]\r\n"PasswordMax"=dword:00000009\r\n`);
    expect(challengesOf(file)).toMatchObject({ max: 7, length: 8 });
  });

  test('a text in the registry cannot write configuration', () => {
    const file = registryFile(['\\CAInfo', '"Configuration"="x\\ny: z"']).replace(
      'x\\ny',
      'x\u0085\u2028\u0007y',
    );
    const { yaml } = ndesRegistryToConfig(file);
    expect(yaml).toContain('# CAInfo\\Configuration was "x\\u0085\\u2028\\u0007y: z".');
    expect(configOf(yaml).issuers).toHaveProperty('local');
  });

  test.each([
    ['', 'This is not an exported registry file'],
    ['listeners: []', 'This is not an exported registry file'],
    [Buffer.from([0x80, 0x81]), 'This is not an exported registry file'],
    [
      'Windows Registry Editor Version 5.00\r\n\r\n[HKEY_LOCAL_MACHINE\\SOFTWARE\\Other]\r\n',
      'This registry file holds no MSCEP key',
    ],
  ])('%j is refused with the mend', (file, message) => {
    expect(() => ndesRegistryToConfig(file)).toThrow(
      expect.objectContaining({
        code: 'config.invalid',
        message,
        mend: 'export it with: reg export HKLM\\SOFTWARE\\Microsoft\\Cryptography\\MSCEP mscep.reg',
      }),
    );
  });

  test('any lines under the key make a configuration that loads, or are refused', () => {
    const line = fc.oneof(
      fc.string(),
      fc
        .tuple(
          fc.constantFrom('PasswordMax', 'PasswordLength', 'EnforcePassword', 'Configuration', 'x'),
          fc.oneof(
            fc.nat().map((number) => `dword:${number.toString(16)}`),
            fc.string().map((text) => JSON.stringify(text)),
            fc.uint8Array().map((octets) => `hex(2):${Buffer.from(octets).toString('hex')}`),
          ),
        )
        .map(([name, data]) => `"${name}"=${data}`),
    );
    fc.assert(
      fc.property(fc.array(line, { maxLength: 8 }), (lines) => {
        try {
          configOf(ndesRegistryToConfig(registryFile(['', ...lines])).yaml);
        } catch (error) {
          expect(isGatewayError(error)).toBe(true);
        }
      }),
    );
  });
});
