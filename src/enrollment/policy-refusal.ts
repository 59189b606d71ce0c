import type { ErrorCode } from '../errors/index.js';

/** Thrown inside the policy only; `decidePolicy` turns it into an outcome. The text goes to the device. */
export class PolicyRefusal extends Error {
  constructor(
    readonly code: Extract<ErrorCode, `policy.${string}`>,
    readonly text: string,
  ) {
    super(text);
  }
}
