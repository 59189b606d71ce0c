import { scryptSync } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadConfig } from '../../../src/config/index.js';
import { openInstallation, startGateway } from '../../../src/gateway/index.js';
import { capturedLog } from '../../support/captured-log.js';
import { labFile } from '../in-lab.js';

export interface LabGateway {
  /** `https://gateway.lab.test:<port>/certsrv/mscep_admin/` */
  readonly page: string;
  /** The same by plain HTTP, on another port. */
  readonly plainPage: string;
  readonly api: string;
  /** Audit records, as they stand in the log. */
  audit(): readonly Readonly<Record<string, unknown>>[];
}

/** Sign-in by Kerberos and the directory, and the account `local` beside them. */
export function labConfig(options: {
  readonly negotiate?: string;
  readonly directory?: string;
  readonly more?: string;
}): string {
  return `
listeners:
  - address: 10.77.0.30:0
    tls: { certificate: '${labFile('pki/gateway.pem')}', key: '${labFile('pki/gateway.key')}' }
  - address: 10.77.0.30:0
access:
  signIn:
    negotiate: { ${options.negotiate ?? `keytab: '${labFile('gateway.keytab')}'`} }
  ${options.more ?? ''}
accounts:
  - { name: local, principals: [svc-scep@LAB.TEST], passwordHash: '${localPassword}' }
directory:
  servers: [ldaps://dc1.lab.test]
  ca: '${labFile('pki/ca.pem')}'
  domain: LAB
  dnsDomain: lab.test
  service: { account: svc-directory@lab.test, password: { env: DIRECTORY_PASSWORD } }
  groups:
    - { group: SCEP-Challenges, roles: [challenge] }
    - { group: SCEP-Approvers, roles: [approve] }
    - { group: SCEP-Readers, roles: [read] }
  ${options.directory ?? ''}
`;
}

/** Of `a password of local`, at the least cost that is allowed. */
const localPassword = `scrypt$16384$8$1$${Buffer.alloc(16).toString('base64url')}$${scryptSync(
  'a password of local',
  Buffer.alloc(16),
  32,
).toString('base64url')}`;

/** One CA for all of them: its keys take longer to make than all else. */
function dataFolder(): string {
  return labFile(`data-${process.pid}`);
}

export async function withGateway(
  yaml: string,
  use: (gateway: LabGateway) => Promise<void>,
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'scep-gateway-lab-'));
  await writeFile(join(folder, 'gateway.yaml'), yaml);
  const resolved = await loadConfig({
    environment: {
      SCEP_GATEWAY_CONFIG: join(folder, 'gateway.yaml'),
      SCEP_GATEWAY_DATA_DIR: dataFolder(),
      DIRECTORY_PASSWORD: 'Directory-Passw0rd!',
    },
  });
  const { telemetry, text } = capturedLog();
  const installation = await openInstallation(resolved);
  const gateway = await startGateway(installation, telemetry);
  const [secure, plain] = gateway.listeners.map(({ port }) => `gateway.lab.test:${port}`);
  try {
    await use({
      page: `https://${secure}/certsrv/mscep_admin/`,
      plainPage: `http://${plain}/certsrv/mscep_admin/`,
      api: `https://${secure}/api/v1/challenges`,
      audit: () =>
        text()
          .split('\n')
          .filter(Boolean)
          .map((line) => JSON.parse(line) as Record<string, unknown>)
          .filter(({ audit }) => audit === true)
          .map(({ message, ...fields }) => ({ ...fields, event: message })),
    });
  } finally {
    await gateway.stop(1000);
    await installation.close();
    await telemetry.close();
    await rm(folder, { recursive: true, force: true });
  }
}
