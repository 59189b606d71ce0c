import type { IssuanceOutcome, IssuanceRequest } from '../../src/issuer/index.js';
import type { Certificate } from '../../src/x509/index.js';
import { ScriptedIssuer, type ScriptedIssuerOptions } from './scripted-issuer.js';

export interface DistantCaOptions extends ScriptedIssuerOptions {
  /** Whether it can be asked what became of a submission. */
  readonly reconciles?: boolean;
  /** Whether it takes requests under submission until `decide`. */
  readonly asksItsManager?: boolean;
}

/**
 * A CA outside the process, which remembers what it received over any number of deaths of the gateway, and
 * never thinks that two submissions may be one.
 */
export interface DistantCa {
  readonly issuer: ScriptedIssuer;
  /** What it issued, by transaction, in the order of submissions. */
  readonly issued: Map<string, Certificate[]>;
  /** The manager of the CA decides on everything that waits. */
  decide(yes: boolean): Promise<void>;
}

export async function distantCa({
  reconciles = false,
  asksItsManager = false,
  name = 'distant',
}: DistantCaOptions = {}): Promise<DistantCa> {
  const issuer = await ScriptedIssuer.create({ name, remote: true });
  const issued = new Map<string, Certificate[]>();
  const requests: { request: IssuanceRequest; outcome: IssuanceOutcome }[] = [];
  const issue = async (request: IssuanceRequest): Promise<IssuanceOutcome> => {
    const outcome = await issuer.issue(request);
    if (outcome.kind !== 'issued') return outcome;
    const before = issued.get(request.transaction) ?? [];
    issued.set(request.transaction, [...before, outcome.certificate]);
    return outcome;
  };
  issuer.onSubmit = async (request) => {
    const id = requests.length;
    requests.push({ request, outcome: { kind: 'pending', requestId: String(id) } });
    if (!asksItsManager) requests[id] = { request, outcome: await issue(request) };
    return requests[id]!.outcome;
  };
  issuer.onRetrieve = (requestId) =>
    Promise.resolve(
      requests[Number(requestId)]?.outcome ?? {
        kind: 'refused',
        text: 'The CA knows no such request.',
        detail: `no request ${requestId}`,
      },
    );
  if (reconciles) {
    issuer.reconcile = ({ transaction }) => {
      const known = requests.find(({ request }) => request.transaction === transaction);
      if (!known)
        return Promise.resolve({ kind: 'not-received', detail: 'the CA has no such request' });
      if (known.outcome.kind === 'unavailable')
        throw new Error('a CA is not unavailable to itself');
      return Promise.resolve(known.outcome);
    };
  }
  return {
    issuer,
    issued,
    async decide(yes) {
      for (const entry of requests) {
        if (entry.outcome.kind !== 'pending') continue;
        entry.outcome = yes
          ? await issue(entry.request)
          : {
              kind: 'refused',
              text: 'The CA refused.',
              detail: 'denied by an officer',
              hresult: 0x80094014,
            };
      }
    },
  };
}
