/** Tokens that keys of the chosen issuers live in: signed in to once, looked at, not changed. */
import type { ResolvedConfig } from '../config/index.js';
import { configuredTokens } from '../gateway/index.js';
import { describeToken, Tokens, type TokenDescription } from '../pkcs11/index.js';
import type { Examination } from './examination.js';
import { failed, info, ok, type Verdict } from './finding.js';

/**
 * `token.login`, `token.mechanisms`.
 * @returns those that can be used, open
 */
export async function examineTokens(
  examination: Examination,
  resolved: ResolvedConfig,
  issuers: readonly string[],
): Promise<Tokens> {
  const { config } = resolved;
  const tokens = new Tokens();
  for (const settings of configuredTokens(resolved)) {
    const { name } = settings;
    const about = `token ${name}`;
    const doing = 'signing in to the token';
    let description: TokenDescription | undefined;
    await examination.check({ id: 'token.login', about, doing }, async () => {
      description = await describeToken(await tokens.open(settings));
      const { label, serial, maker } = description;
      return ok(`${maker} "${label}", serial ${serial}: the module loads, and the PIN is right.`);
    });
    await examination.check({ id: 'token.mechanisms', about, needs: ['token.login'] }, () => {
      const opens = issuers.some((issuer) => config.issuers[issuer]?.raKeyToken === name);
      return description ? mechanismVerdicts(description, opens) : [];
    });
  }
  return tokens;
}

function mechanismVerdicts(
  { signs, opens, makesBits }: TokenDescription,
  forRa: boolean,
): Verdict[] {
  const verdicts: Verdict[] = [];
  if (!signs) {
    verdicts.push(
      failed(
        'It does not sign with RSA (CKM_RSA_PKCS).',
        'Look for a setting of the module that allows it, or use another token.',
      ),
    );
  }
  if (!opens && forRa) {
    verdicts.push(
      failed(
        'It does no raw RSA (CKM_RSA_X_509), so RA keys in it open no requests.',
        'Remove raKeyToken of the issuer: RA keys in sealed files, the CA key in the token.',
      ),
    );
  }
  if (makesBits === 0) {
    verdicts.push(
      info(
        'It makes no RSA keys over PKCS #11.',
        "Make them with its maker's tools and name them: import.tokenKey.",
      ),
    );
  }
  return verdicts.length > 0
    ? verdicts
    : [
        ok(
          `It signs${opens ? ', opens requests' : ''} and makes RSA keys up to ${makesBits} bits.`,
        ),
      ];
}
