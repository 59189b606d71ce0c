import { NdesRegistry } from './ndes-registry.js';
import { keyText } from './problem.js';

export interface NdesImport {
  /** A complete gateway.yaml, with a comment on what each value was. */
  readonly yaml: string;
  /** What could not be carried over, and what to do about it. */
  readonly notes: readonly string[];
}

/**
 * Turns an exported `MSCEP` registry key (`reg export`, UTF-16LE or UTF-8) into a configuration.
 * @throws GatewayError `config.invalid` when the file is no registry file, or not that of NDES
 */
export function ndesRegistryToConfig(regFile: string | Uint8Array): NdesImport {
  const registry = NdesRegistry.parse(regFile);
  const settings = carried(registry);
  return {
    yaml: yamlText(registry, settings),
    notes: [...settings.notes, ...leftBehind(registry)],
  };
}

interface CarriedSettings {
  readonly max: number;
  readonly validityMinutes: number;
  readonly length: number;
  readonly single: boolean;
  readonly open: boolean;
  readonly notes: readonly string[];
}

function carried(registry: NdesRegistry): CarriedSettings {
  const notes: string[] = [];
  const within = (name: string, absent: number, min: number, max: number) => {
    const value = registry.number(name) ?? absent;
    const kept = Math.min(Math.max(value, min), max);
    if (kept !== value) notes.push(`${name} was ${value}; the nearest value here is ${kept}.`);
    return kept;
  };
  const open = registry.number('EnforcePassword') === 0;
  const single = registry.number('UseSinglePassword') === 1;
  const settings = {
    max: within('PasswordMax', 10_000, 1, 10_000_000),
    validityMinutes: within('PasswordValidity', 60, 1, 525_600),
    length: within('PasswordLength', 8, 8, 32),
    single: single && !open,
    open,
  };
  if (open) {
    notes.push(
      'EnforcePassword was 0: NDES gave a certificate to anyone who could reach it, and so will this gateway. Remove `none` from the file to demand challenges.',
    );
  }
  if (single && open)
    notes.push('UseSinglePassword was 1, which means nothing without a challenge.');
  if (settings.max <= 5) {
    notes.push(
      `PasswordMax was ${settings.max}: more open challenges than that answer "The password cache is full." This gateway has no need of so small a cache; raise \`max\`.`,
    );
  }
  return { ...settings, notes };
}

function yamlText(registry: NdesRegistry, settings: CarriedSettings): string {
  return `# Made from the registry of an NDES server, HKLM\\SOFTWARE\\Microsoft\\Cryptography\\MSCEP.
# Every key is explained in docs/configuration.md; check a change with: scep-gateway config check
${caComment(registry)}
listeners:
  # Reachable from this machine only. 0.0.0.0:80 answers where IIS did.
  - address: 127.0.0.1:8080

issuers:
  local:
    kind: local
${adcsLines(registry)}
profiles:
  default:
    issuer: local
    paths:
      - /certsrv/mscep/mscep.dll
      - /scep
    challenges:
${challengeLines(registry, settings)}
    # Replies as devices know them from NDES.
    failureContent: nul
    microsoftAttributes: true

# The admin page stays at /certsrv/mscep_admin/ and knows the account \`admin\`. An account for an MDM,
# with the cache of NDES as its quota; set its password in the environment before it is uncommented:
# accounts:
#   - name: mdm
#     password: { env: MDM_PASSWORD }
#     quota: ${settings.max}  # PasswordMax
`;
}

function caComment(registry: NdesRegistry): string {
  const configuration = registry.quotedText('Configuration');
  if (configuration === undefined) return '';
  return `#
# CAInfo\\Configuration was ${configuration}. Certificates come from the embedded CA below; devices must
# trust it before they move over.
`;
}

/** The CA that NDES stood before, for those who keep it; `Configuration` is `server\\name of the CA`. */
function adcsLines(registry: NdesRegistry): string {
  const templates = templateNames.map((name) => ({ name, value: registry.quotedText(name) }));
  const named = templates.filter(({ value }) => value !== undefined);
  const server = /^"([A-Za-z0-9.-]+)\\\\/.exec(registry.quotedText('Configuration') ?? '')?.[1];
  if (named.length === 0 && server === undefined) return '';
  return [
    '  # The CA behind NDES, through its Web Enrollment pages (docs/adcs.md):',
    '  # adcs:',
    '  #   kind: adcs-webenroll',
    `  #   url: https://${server ?? 'ca1.corp.example'}/certsrv/`,
    '  #   authentication: { ntlm: { user: svc-scep, domain: CORP, password: { env: ADCS_PASSWORD } } }',
    ...(named.length > 0 ? ['  #   templates:'] : []),
    ...named.map(({ name, value }) => `  #     ${name}: ${value ?? ''}`),
    '',
  ].join('\n');
}

function challengeLines(registry: NdesRegistry, settings: CarriedSettings): string {
  const from = (name: string) =>
    registry.number(name) === undefined ? `${name} was not set` : name;
  const lines = [
    `max: ${settings.max}  # ${from('PasswordMax')}`,
    `validityMinutes: ${settings.validityMinutes}  # ${from('PasswordValidity')}`,
    `length: ${settings.length}  # ${from('PasswordLength')}: octets, twice as many hex digits`,
    `single: ${String(settings.single)}  # ${from('UseSinglePassword')}`,
  ];
  if (settings.open) {
    lines.push(
      '# !!! EnforcePassword was 0: ANYONE WHO REACHES THIS GATEWAY GETS A CERTIFICATE.',
      '# !!! Remove the next line to demand a challenge.',
      'none: anyone-may-enroll',
    );
  }
  return lines.map((line) => `      ${line}`).join('\n');
}

const templateNames = ['SignatureTemplate', 'EncryptionTemplate', 'GeneralPurposeTemplate'];

/** One sentence for each value that has no home here. */
function leftBehind(registry: NdesRegistry): string[] {
  const notes: string[] = [];
  const templates = templateNames.flatMap((name) => {
    const text = registry.quotedText(name);
    return text === undefined ? [] : [`${name} ${text}`];
  });
  if (templates.length > 0) {
    notes.push(
      `${templates.join(', ')}: templates belong to AD CS. To keep that CA, uncomment the issuer \`adcs\` in the file and name it in the profile; what the embedded CA grants stands under \`policy\` (key usages, EKUs, validity).`,
    );
  }
  if (registry.has('EncryptedPassword')) {
    notes.push(
      'EncryptedPassword cannot be carried over: only the service account of NDES can decrypt it. Devices that hold the old single password need the new one from the admin page, or a static challenge.',
    );
  }
  const directory = registry.quotedText('PasswordVDir');
  if (directory !== undefined && directory.toLowerCase() !== '"certsrv/mscep_admin"') {
    notes.push(`PasswordVDir was ${directory}; the admin page is at /certsrv/mscep_admin/ here.`);
  }
  if (registry.has('CacheRequest')) {
    notes.push(
      'CacheRequest: a re-sent request gets the stored answer for `replayHours`, 24 hours.',
    );
  }
  if (registry.hasPolicyModule) {
    notes.push(
      'Modules: a policy module (the Intune connector is one) was registered; it cannot be loaded here.',
    );
  }
  const configuration = registry.quotedText('Configuration');
  if (configuration !== undefined) {
    notes.push(
      `CAInfo\\Configuration ${configuration}: certificates come from the embedded CA here.`,
    );
  }
  const others = registry.names.filter((name) => !explained.has(name.toLowerCase()));
  if (others.length > 0) {
    notes.push(`Not used here: ${others.map((name) => keyText([name])).join(', ')}.`);
  }
  return notes;
}

const explained: ReadonlySet<string> = new Set(
  [
    ...['PasswordMax', 'PasswordValidity', 'PasswordLength', 'UseSinglePassword'],
    ...['EnforcePassword', 'EncryptedPassword', 'PasswordVDir', 'CacheRequest', 'Configuration'],
    // The embedded CA and its RA keys have no use for these, and nobody misses them.
    ...['CAType', 'CertsInMYStore', ...templateNames],
  ].map((name) => name.toLowerCase()),
);
