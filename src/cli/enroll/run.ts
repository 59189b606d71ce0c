import { GatewayError } from '../../errors/index.js';
import type { EnrollFlags } from './enroll-flags.js';
import { pollPending, requestCertificate } from './enrollment.js';
import { getCa, getCert, getCrl, getNextCa } from './query.js';

/** @returns the exit code */
export async function runEnroll(flags: EnrollFlags): Promise<number> {
  const operation = operationOf(flags);
  if (operation === 'poll') return pollPending(flags);
  const { url } = flags;
  if (url === undefined) {
    throw new GatewayError('cli.usage', 'Which server?', {
      mend: 'Give --url, such as http://127.0.0.1:8080/scep',
    });
  }
  return operations[operation]({ ...flags, url });
}

type Operation = 'new' | 'renew' | 'poll' | 'getCa' | 'getCert' | 'getCrl' | 'getNextCa';

const operations = {
  new: requestCertificate,
  renew: requestCertificate,
  getCa,
  getCert,
  getCrl,
  getNextCa,
} as const;

function operationOf(flags: EnrollFlags): Operation {
  const named = (['renew', 'poll', 'getCa', 'getCert', 'getCrl', 'getNextCa'] as const).filter(
    (name) => flags[name] !== undefined,
  );
  if (named.length > 1) {
    const shown = named.map((name) => `--${name.replace(/[A-Z]/g, (c) => `-${c.toLowerCase()}`)}`);
    throw new GatewayError('cli.usage', `One thing at a time: ${shown.join(', ')}.`);
  }
  return named[0] ?? 'new';
}
