/** The enrollment agents that sign requests for AD CS: from files, or the RA itself. */
import { createPrivateKey } from 'node:crypto';
import { faultOfAgent, faultOfUse, type CoSigning } from '../adcs/index.js';
import type { CoSignConfig, ImportedPair, ResolvedConfig } from '../config/index.js';
import { GatewayError } from '../errors/index.js';
import type { LocalAuthority, Notice } from '../issuer/index.js';
import { SoftwareKey } from '../keys/index.js';
import type { CoSigner } from '../pkcs7/index.js';
import type { AuthorityDependencies } from './authority-dependencies.js';
import { readImport } from './imported-pair.js';
import { watchFiles, type Watched } from './watched-files.js';

export interface EnrollmentAgents {
  readonly coSigning: CoSigning;
  /** Takes up files that changed. Never rejects. */
  refresh(): Promise<void>;
  /** What is wrong with them, or will be soon. */
  notices(now: Date): Notice[];
}

/** @throws GatewayError `config.*` or `keys.passphrase` for agents that can never sign */
export async function openEnrollmentAgents(
  issuer: string,
  config: CoSignConfig,
  ra: LocalAuthority,
  { resolved: { readSecret }, notices }: Pick<AuthorityDependencies, 'resolved' | 'notices'>,
): Promise<EnrollmentAgents> {
  const { applicationPolicy, templates } = config;
  const files: Watched<readonly CoSigner[]> = await watchFiles({
    what: `enrollment agents of issuer ${issuer}`,
    files: filesOf(config),
    read: () => readAgents(config, readSecret),
    log: {
      info: (text) => notices.post(issuer, { severity: 'info', code: 'agent.renewed', text }),
      error: (text, { error } = {}) => notices.post(issuer, unusable(`${text}: ${String(error)}`)),
    },
  });
  const agents = () => {
    if (config.agent) return files.current();
    const own = raAgent(ra);
    // The second agent alone is one too few.
    return own.length === 0 ? own : [...own, ...files.current()];
  };
  const form =
    config.form === 'cms'
      ? ({ form: 'cms' } as const)
      : ({ form: 'cmc', additions: config.addExtensions } as const);
  return {
    coSigning: { templates, applicationPolicy, agents, ...form },
    refresh: () => files.refresh(),
    notices: (now) => [
      ...(config.agent ? [] : raNotices(ra, applicationPolicy)),
      ...files.current().flatMap((agent) => agentNotices(agent, applicationPolicy, now)),
    ],
  };
}

/**
 * The agents that stand in files.
 * @throws GatewayError `config.*` or `keys.passphrase`
 */
export async function readAgents(
  { agent, secondAgent, applicationPolicy }: CoSignConfig,
  readSecret: ResolvedConfig['readSecret'],
): Promise<readonly CoSigner[]> {
  const pairs = [agent, secondAgent].flatMap((pair) => pair ?? []);
  return Promise.all(pairs.map((pair) => readAgent(pair, applicationPolicy, readSecret)));
}

/** @throws GatewayError `config.*` or `keys.passphrase` */
async function readAgent(
  pair: ImportedPair,
  policy: string,
  readSecret: ResolvedConfig['readSecret'],
): Promise<CoSigner> {
  const identity = await readImport(pair, readSecret, false, 'agent');
  const [certificate, ...chain] = identity?.certificates ?? [];
  if (!identity || !certificate) throw new RangeError('a key without its certificate');
  const fault = faultOfUse(certificate, policy);
  if (fault !== undefined) {
    throw new GatewayError('config.invalid', fault, {
      mend: 'Under `coSign`, name a certificate from a template for enrollment agents, or the `applicationPolicy` that the template demands.',
    });
  }
  return { certificate, key: new SoftwareKey(createPrivateKey(identity.privateKeyPem)), chain };
}

/** The RA certificates are worth something to the CA only when it issued them. */
function raAgent(ra: LocalAuthority): CoSigner[] {
  if (ra.raKeeper.status().origin === 'self') return [];
  return [{ ...ra.registrationAuthority('ra').signing, chain: [] }];
}

/** That they expire is told with the RA certificates. */
function raNotices(ra: LocalAuthority, policy: string): Notice[] {
  const [agent] = raAgent(ra);
  if (agent === undefined) {
    return [
      unusable(
        'Requests that need an enrollment agent wait: the RA certificates are not of the CA. Obtain some: scep-gateway ra enroll; or name another agent under coSign.agent.',
      ),
    ];
  }
  const fault = faultOfUse(agent.certificate, policy);
  if (fault === undefined) return [];
  return [
    unusable(
      `Requests that need an enrollment agent wait for another RA certificate. ${fault} Enroll it from a template for enrollment agents (raTemplates.SignatureTemplate), or name another agent under coSign.agent.`,
    ),
  ];
}

const warnDays = 30;
const dayMillis = 86_400_000;

/** What is wrong with an agent from a file, or will be soon. */
export function agentNotices({ certificate }: CoSigner, policy: string, now: Date): Notice[] {
  const fault = faultOfAgent(certificate, policy, now);
  if (fault !== undefined) {
    const mend = 'Requests wait until its successor is in place of its files.';
    return [unusable(`${fault} ${mend}`)];
  }
  const days = Math.floor((certificate.notAfter.getTime() - now.getTime()) / dayMillis);
  if (days >= warnDays) return [];
  const end = certificate.notAfter.toISOString().slice(0, 10);
  return [
    {
      severity: 'warning',
      code: 'agent.expiring',
      text: `The enrollment agent ${certificate.subject.text.slice(0, 200)} expires on ${end}, in ${days} days; put its successor in place of its files.`,
    },
  ];
}

function unusable(text: string): Notice {
  return { severity: 'error', code: 'agent.unusable', text };
}

function filesOf({ agent, secondAgent }: CoSignConfig): string[] {
  return [agent, secondAgent]
    .flatMap((pair) => {
      const secret = pair?.passphrase;
      return [
        pair?.pfx,
        pair?.certificate,
        pair?.key,
        secret && 'file' in secret ? secret.file : undefined,
      ];
    })
    .filter((file) => file !== undefined);
}
