import type { ResolvedConfig } from '../config/index.js';
import type { CaNeeds } from '../gateway/index.js';
import type { AuthorityView } from '../issuer/index.js';
import type { Examination } from './examination.js';
import type { World } from './world.js';

/** What the examination of one issuer works with. */
export interface IssuerContext {
  readonly examination: Examination;
  readonly world: World;
  /** Name in the configuration. */
  readonly name: string;
  /** `issuer <name>`. */
  readonly about: string;
  readonly resolved: ResolvedConfig;
  /** What is kept of keys and certificates; undefined before the first start. */
  readonly view: AuthorityView | undefined;
  /** For asking the CA; remembers nothing. */
  readonly needs: CaNeeds;
  /** Names of the profiles that are looked at. */
  readonly profiles: readonly string[];
  /** Sign in to admin pages, which uses a password of theirs up. */
  readonly adminPage: boolean;
}
