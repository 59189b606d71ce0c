/** An upstream server looked at on demand, for an administrator: what it says, and what is wrong with it. */
import type { ChallengeSource } from '../challenge/index.js';
import { isGatewayError } from '../errors/index.js';
import { offersPost, parseCapabilities } from '../scep/client/index.js';
import { judgeCaCertificates } from './ca-report.js';
import type { UpstreamServer } from './upstream-server.js';

export interface Finding {
  readonly kind: 'good' | 'warning' | 'fault';
  readonly text: string;
}

export interface ExaminationOptions {
  readonly server: Pick<UpstreamServer, 'query'>;
  readonly fingerprint: string | undefined;
  /** Asked for one challenge, which is used up by that. */
  readonly source: ChallengeSource | undefined;
  readonly now: Date;
}

/** Never rejects for what the server does or is. */
export async function examineUpstream(options: ExaminationOptions): Promise<Finding[]> {
  const { source } = options;
  return [
    ...(await told('GetCACaps', () => examineCaps(options))),
    ...(await told('GetCACert', () => examineCaCert(options))),
    ...(source ? await told('admin page', () => examinePage(source)) : []),
  ];
}

async function examineCaps({ server }: ExaminationOptions): Promise<Finding[]> {
  const answer = await server.query('GetCACaps');
  const capabilities = parseCapabilities(answer?.body.toString('latin1') ?? '');
  if (capabilities.lines.length === 0) {
    return [warning('GetCACaps: none; messages go by GET, with SHA-1 and 3DES, as to an old NDES')];
  }
  const standard = capabilities.has('SCEPStandard');
  const missing = [
    ...(offersPost(capabilities) ? [] : ['POSTPKIOperation']),
    ...(standard || capabilities.has('SHA-256') || capabilities.has('SHA-512') ? [] : ['SHA-256']),
    ...(standard || capabilities.has('AES') ? [] : ['AES']),
  ];
  return [
    good(`GetCACaps: ${capabilities.lines.slice(0, 20).join(', ')}`),
    ...(missing.length > 0 ? [warning(`GetCACaps: without ${missing.join(', ')}`)] : []),
  ];
}

async function examineCaCert({ server, fingerprint, now }: ExaminationOptions): Promise<Finding[]> {
  const answer = await server.query('GetCACert');
  if (!answer) return [fault('GetCACert: an error in answer; is the URL that of the SCEP server?')];
  const report = judgeCaCertificates(answer.body, { fingerprint, now });
  const [issuing] = report.chain;
  return [
    ...(issuing
      ? [
          good(
            `GetCACert: the CA is ${issuing.subject.text}, SHA-256 ${issuing.thumbprints.sha256}, MD5 ${issuing.thumbprints.md5}`,
          ),
        ]
      : []),
    ...(report.authority
      ? [good(`GetCACert: messages are sealed to ${report.authority.recipient.subject.text}`)]
      : []),
    ...report.faults.map((text) => fault(`GetCACert: ${text}`)),
    ...report.warnings.map((text) => warning(`GetCACert: ${text}`)),
    ...(fingerprint === undefined && report.authority
      ? [warning('GetCACert: no `fingerprint` is configured, so any CA it names is believed')]
      : []),
  ];
}

async function examinePage(source: ChallengeSource): Promise<Finding[]> {
  const challenge = await source.fetch();
  const text = `a password of ${challenge.password.length} characters`;
  return challenge.kind === 'lasting'
    ? [good(`admin page: ${text} that lasts (UseSinglePassword)`)]
    : [
        good(
          `admin page: ${text}, good for ${challenge.validityMinutes} minutes; it is used up now`,
        ),
      ];
}

async function told(what: string, examine: () => Promise<Finding[]>): Promise<Finding[]> {
  try {
    return await examine();
  } catch (error) {
    if (!isGatewayError(error)) throw error;
    return [fault(`${what}: ${[error.message, error.detail].filter(Boolean).join(' ')}`)];
  }
}

function good(text: string): Finding {
  return { kind: 'good', text };
}

function warning(text: string): Finding {
  return { kind: 'warning', text };
}

function fault(text: string): Finding {
  return { kind: 'fault', text };
}
