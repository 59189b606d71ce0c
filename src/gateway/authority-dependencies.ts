import type { CoSigning } from '../adcs/index.js';
import type { ResolvedConfig } from '../config/index.js';
import type { Notice } from '../issuer/index.js';
import type { Tokens } from '../pkcs11/index.js';
import type { SettingsStore } from '../store/index.js';
import type { DataDirectory } from './data-directory.js';
import type { NoticeBoard } from './notice-board.js';

/** What it takes to open an issuer of the configuration. */
export interface AuthorityDependencies {
  readonly resolved: Pick<ResolvedConfig, 'config' | 'readSecret'>;
  readonly data: DataDirectory;
  readonly tokens: Pick<Tokens, 'byName'>;
  readonly notices: NoticeBoard;
  readonly clock: () => Date;
}

/** What it takes to ask a CA that is not ours, without keys in front of it. */
export interface CaNeeds {
  readonly readSecret: ResolvedConfig['readSecret'];
  /** What is remembered of the CA. */
  readonly state: Pick<SettingsStore, 'get' | 'set'>;
  readonly report: (notice: Notice) => void;
  readonly clock: () => Date;
  /** Signs beside the device, for templates that want it. */
  readonly coSigning?: CoSigning | undefined;
  /** Hears which way to sign in is begun, where the interface chooses among several. */
  readonly onSignIn?: (scheme: string) => void;
}

export function caNeeds(name: string, dependencies: AuthorityDependencies): CaNeeds {
  const { resolved, data, notices, clock } = dependencies;
  return {
    readSecret: resolved.readSecret,
    state: data.settings,
    report: (notice) => notices.post(name, notice),
    clock,
  };
}
