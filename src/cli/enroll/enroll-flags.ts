import type { KeyType } from '../private-key.js';

/** What stands on the command line of `enroll`. */
export interface EnrollFlags {
  readonly url?: string;
  readonly subject?: string;
  readonly san?: readonly string[];
  readonly challenge?: string;
  readonly challengeFile?: string;
  readonly key?: string;
  readonly keyType?: KeyType;
  readonly passphraseFile?: string;
  readonly csr?: string;
  readonly keyUsage?: string;
  readonly eku?: string;
  readonly out?: string;
  readonly chain?: string;
  readonly fingerprint?: string | undefined;
  readonly identifier?: string | undefined;
  readonly digest?: DigestChoice | undefined;
  readonly cipher?: CipherChoice | undefined;
  readonly oaep?: OaepChoice | undefined;
  readonly method?: 'get' | 'post' | undefined;
  readonly wait: number;
  readonly interval: number;
  readonly poll?: boolean;
  readonly renew?: boolean;
  readonly cert?: string;
  readonly newKey?: string;
  readonly pkcsreq?: boolean;
  readonly getCa?: boolean;
  readonly getCert?: string;
  readonly getCrl?: boolean;
  readonly getNextCa?: boolean;
  readonly json?: boolean;
}

export const digestChoices = ['md5', 'sha1', 'sha256', 'sha384', 'sha512'] as const;
export const cipherChoices = ['des', '3des', 'aes128', 'aes192', 'aes256'] as const;
export const oaepChoices = ['sha1', 'sha256', 'sha384', 'sha512'] as const;

export type DigestChoice = (typeof digestChoices)[number];
export type CipherChoice = (typeof cipherChoices)[number];
type OaepChoice = (typeof oaepChoices)[number];
