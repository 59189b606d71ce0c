import type { Installation, RunningGateway } from '../gateway/index.js';
import { groupedHex } from './hex.js';

/** What an administrator needs to see once at the start. */
export function startPanel(installation: Installation, gateway: RunningGateway): string {
  const { resolved, data, newAdministratorPassword } = installation;
  const base = resolved.config.publicUrl?.replace(/\/+$/, '') ?? gateway.listeners[0]?.url ?? '';
  const profiles = Object.entries(resolved.config.profiles);
  const lines = [
    '',
    'scep-gateway is running.',
    '',
    ...profiles.map(([name, { paths }]) => row(`SCEP (${name})`, `${base}${paths[0] ?? ''}`)),
    row('Admin page', `${base}/certsrv/mscep_admin/`),
    row('Challenge API', `${base}/api/v1/challenges`),
    row('Configuration', resolved.file ?? 'defaults (no SCEP_GATEWAY_CONFIG)'),
    row('Data', data.path),
    '',
    ...thumbprintLines(gateway),
    row('Administrator', administratorText(newAdministratorPassword, resolved.adminPassword)),
    ...(data.passphraseGenerated
      ? [row('Key passphrase', `generated, in ${data.path}/passphrase: back it up with the keys`)]
      : []),
    '',
    `Next: ${commandName()} enroll --url ${base}${profiles[0]?.[1].paths[0] ?? ''} --subject CN=device-1 --challenge "$(${besideThis()}${commandName()} challenge new)"`,
    '',
  ];
  return lines.join('\n');
}

function row(label: string, value: string): string {
  return `  ${label.padEnd(16)} ${value}`;
}

/** One block for each CA, not for each profile. */
function thumbprintLines({ thumbprints }: RunningGateway): string[] {
  const seen = new Set<string>();
  return [...thumbprints].flatMap(([profile, { sha256, sha1, md5 }]) => {
    if (seen.has(sha256)) return [];
    seen.add(sha256);
    return [
      `  CA certificate of ${profile}:`,
      row('  SHA-256', groupedHex(sha256)),
      row('  SHA-1', groupedHex(sha1)),
      row('  MD5', groupedHex(md5)),
      '',
    ];
  });
}

function administratorText(generated: string | undefined, fixed: string | undefined): string {
  if (generated !== undefined) return `admin, password ${generated} (shown this once)`;
  return fixed === undefined
    ? 'admin, password as shown at the first start'
    : 'admin, password from SCEP_GATEWAY_ADMIN_PASSWORD';
}

/** As it can be typed where this was started: under npm the command is not on the PATH. */
function commandName(): string {
  const { npm_execpath: npm, npm_lifecycle_event: script } = process.env;
  return npm === undefined && script === undefined ? 'scep-gateway' : 'npx scep-gateway';
}

/** Another shell does not have our environment, and would open another data directory. */
function besideThis(): string {
  return ['SCEP_GATEWAY_CONFIG', 'SCEP_GATEWAY_DATA_DIR']
    .flatMap((name) => {
      const value = process.env[name];
      return value ? [`${name}='${value.replaceAll("'", `'\\''`)}' `] : [];
    })
    .join('');
}
