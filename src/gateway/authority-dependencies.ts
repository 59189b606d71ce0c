import type { ResolvedConfig } from '../config/index.js';
import type { DataDirectory } from './data-directory.js';
import type { NoticeBoard } from './notice-board.js';

/** What it takes to open an issuer of the configuration. */
export interface AuthorityDependencies {
  readonly resolved: Pick<ResolvedConfig, 'config' | 'readSecret'>;
  readonly data: DataDirectory;
  readonly notices: NoticeBoard;
  readonly clock: () => Date;
}
