import { GatewayError } from '../../errors/index.js';
import { bindingFromJson, bindingToJson } from '../binding-json.js';
import type {
  ChallengeDigest,
  ChallengeId,
  ChallengeRecord,
  Reservation,
} from '../challenge-store.js';

/** A record as the scripts take it and give it: nine texts, `''` for what it has not. */
export function recordToTexts(record: ChallengeRecord): readonly string[] {
  return [
    record.id,
    record.digest,
    record.account,
    bindingToJson(record.binding),
    timeToText(record.createdAt),
    timeToText(record.expiresAt),
    String(record.maxUses ?? ''),
    String(record.uses),
    timeToText(record.revokedAt),
  ];
}

/** @throws GatewayError `store.damaged` for what no gateway wrote */
export function recordFromReply(reply: unknown): ChallengeRecord {
  const [id, digest, account, binding, created, expires, max, uses, revoked] = textsOf(reply);
  const createdAt = timeOf(created);
  if (!id || !digest || account === undefined || binding === undefined || !createdAt)
    throw unreadable();
  try {
    return {
      id: id as ChallengeId,
      digest: digest as ChallengeDigest,
      account,
      binding: bindingFromJson(binding),
      createdAt,
      expiresAt: timeOf(expires),
      maxUses: max === '' ? undefined : numberOf(max),
      uses: numberOf(uses),
      revokedAt: timeOf(revoked),
    };
  } catch (cause) {
    throw unreadable(cause);
  }
}

/** @throws GatewayError `store.damaged` */
export function reservationFromReply(reply: unknown): Reservation {
  const [id, created, transaction, touched] = textsOf(reply);
  const createdAt = timeOf(created);
  if (!id || !createdAt || transaction === undefined) throw unreadable();
  return { challenge: id as ChallengeId, createdAt, transaction, touchedAt: timeOf(touched) };
}

export function timeToText(time: Date | undefined): string {
  return time === undefined ? '' : String(time.getTime());
}

/** @throws GatewayError `store.damaged` */
export function listOf(reply: unknown): readonly unknown[] {
  if (Array.isArray(reply)) return reply as readonly unknown[];
  throw unreadable();
}

function textsOf(reply: unknown): readonly string[] {
  return listOf(reply).map((text) => {
    if (typeof text !== 'string') throw unreadable();
    return text;
  });
}

/** @throws GatewayError `store.damaged` */
export function numberOf(reply: unknown): number {
  const number = typeof reply === 'number' ? reply : Number(reply === '' ? NaN : reply);
  if (!Number.isSafeInteger(number)) throw unreadable();
  return number;
}

function timeOf(text: string | undefined): Date | undefined {
  return text === '' || text === undefined ? undefined : new Date(numberOf(text));
}

function unreadable(cause?: unknown): GatewayError {
  return new GatewayError(
    'store.damaged',
    'The challenge server holds a record that cannot be read.',
    {
      mend: 'Give the gateway a prefix or a database of its own: data.redis.prefix, data.redis.database.',
      ...(cause !== undefined && { cause }),
    },
  );
}
