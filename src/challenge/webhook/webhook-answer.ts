import { z } from 'zod';
import type { ValidatorAnswer } from '../external-challenges.js';

const sanEntry = z
  .string()
  .max(1024)
  .regex(/^(?:dns|email|upn|uri|ip|directory|other):./i);

/** MS-DTYP §2.4.2.1. */
const sid = z.string().regex(/^S-1-\d{1,13}(?:-\d{1,10}){1,15}$/);

/** Members we do not know are passed over; `data` and `error` are step-ca's. */
const answerSchema = z.object({
  allow: z.boolean(),
  reason: z.string().nullish(),
  error: z.union([z.string(), z.object({ message: z.string().nullish() })]).nullish(),
  attested: z
    .strictObject({
      san: z.array(sanEntry).min(1).max(100).optional(),
      sid: sid.optional(),
    })
    .nullish(),
});

/**
 * What the answer of a validator means. Only a well-formed `allow: true` lets in, only a well-formed
 * `allow: false` denies; all else is no answer.
 * @param password must not come back in a reason that goes into the audit trail
 */
export function readAnswer(status: number, body: string, password: string): ValidatorAnswer {
  if (status < 200 || status > 299) {
    return { kind: 'unavailable', detail: `it answered ${status}` };
  }
  const parsed = answerSchema.safeParse(jsonOf(body));
  if (!parsed.success) return { kind: 'unavailable', detail: 'its answer cannot be understood' };
  const { allow, reason, error, attested } = parsed.data;
  if (!allow) {
    const text = reason ?? (typeof error === 'string' ? error : error?.message) ?? '';
    return { kind: 'denied', detail: text === '' ? undefined : printable(text, password) };
  }
  return {
    kind: 'allowed',
    attested: {
      ...(attested?.san && { san: attested.san }),
      ...(attested?.sid !== undefined && { sid: attested.sid }),
    },
  };
}

function jsonOf(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

function printable(text: string, password: string): string {
  const told = password === '' ? text : text.replaceAll(password, '[challenge]');
  return told.replace(/[\p{Cc}\p{Cf}]/gu, ' ').slice(0, 200);
}
