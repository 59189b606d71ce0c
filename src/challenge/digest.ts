import { createHmac } from 'node:crypto';
import type { ChallengeDigest } from '../store/index.js';

/** A password of our making is an even number of hex digits, shown in upper case. */
const GENERATED = /^(?:[0-9A-Fa-f]{2})+$/;

/**
 * Keyed hashes of challenges: HMAC-SHA-256 under the gateway's challenge key. Looking a challenge up by
 * its digest is also what keeps the comparison free of timing: whoever presents one does not know the
 * key, so how far two digests agree tells nothing.
 *
 * Generated and configured secrets are hashed apart. A generated one is hex that people type and MDMs
 * re-case, so its case is folded (nothing is lost: it only ever has upper case). A configured one counts
 * letter by letter and only in its profile, so two profiles may have the same secret.
 */
export class ChallengeDigests {
  readonly #key: Buffer;

  constructor(key: Buffer) {
    this.#key = key;
  }

  generated(password: string): ChallengeDigest {
    const text = password.trim();
    return this.#digest('generated', GENERATED.test(text) ? text.toUpperCase() : text);
  }

  configured(profile: string, secret: string): ChallengeDigest {
    return this.#digest('configured', profile, secret.trim());
  }

  /** Judged outside: a yes is for one transaction. */
  external(profile: string, transaction: string, password: string): ChallengeDigest {
    return this.#digest('external', profile, transaction, password);
  }

  #digest(...parts: readonly string[]): ChallengeDigest {
    return createHmac('sha256', this.#key)
      .update(JSON.stringify(parts))
      .digest('hex') as ChallengeDigest;
  }
}
