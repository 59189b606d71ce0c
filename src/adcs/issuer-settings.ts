import type { Notice } from '../issuer/index.js';
import type { CoSigning } from './co-signing.js';
import type { ChainState } from './fetched-chain.js';
import type { TemplateRule } from './template-choice.js';

/** What an issuer of AD CS is told, whichever interface it uses. */
export interface IssuerSettings {
  readonly name: string;
  /** As whom the CA knows the gateway. */
  readonly identity: string | undefined;
  readonly templates: TemplateRule;
  /** Further request attributes, name and value. */
  readonly attributes: readonly (readonly [string, string])[];
  /** Undefined: requests go bare. */
  readonly coSigning?: CoSigning | undefined;
  /** SHA-256 of the issuing CA certificates to accept, upper-case hex without colons; empty: any at first. */
  readonly pins: readonly string[];
  readonly state: ChainState;
  readonly report: (notice: Notice) => void;
  readonly clock: () => Date;
}
