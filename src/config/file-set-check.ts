import type { IssuerPair } from './imported-pair-schema.js';
import { problemAt, type ConfigPath, type ConfigProblem } from './problem.js';

/** A key with its certificate, in one file or in two. */
export function checkFileSet(
  path: ConfigPath,
  { pfx, certificate, key, tokenKey }: Pick<IssuerPair, 'pfx' | 'certificate' | 'key' | 'tokenKey'>,
): ConfigProblem[] {
  if (tokenKey !== undefined) return checkTokenKey(path, { pfx, certificate, key, tokenKey });
  if (pfx !== undefined && (certificate !== undefined || key !== undefined)) {
    return [
      problemAt(
        path,
        'names both a PKCS#12 file and PEM files',
        'write either `pfx`, or `certificate` and `key`',
      ),
    ];
  }
  if (pfx !== undefined) return [];
  if (certificate === undefined && key === undefined) {
    return [problemAt(path, 'names no file', 'write either `pfx`, or `certificate` and `key`')];
  }
  if (key === undefined) {
    return [
      problemAt(path, 'has a certificate without its key', 'add `key: path of the PEM file`'),
    ];
  }
  if (certificate !== undefined) return [];
  return [
    problemAt(path, 'has a key without its certificate', 'add `certificate: path of the PEM file`'),
  ];
}

function checkTokenKey(
  path: ConfigPath,
  { pfx, certificate, key, tokenKey }: Pick<IssuerPair, 'pfx' | 'certificate' | 'key' | 'tokenKey'>,
): ConfigProblem[] {
  if (pfx !== undefined || key !== undefined) {
    return [
      problemAt(
        path,
        'names both a key of a token and a file with a key',
        'write `certificate` and `tokenKey`, and no `key` or `pfx`',
      ),
    ];
  }
  if (certificate === undefined) {
    return [
      problemAt(
        path,
        'has a key of a token without its certificate',
        'add `certificate: path of the PEM file`',
      ),
    ];
  }
  if (tokenKey?.label !== undefined || tokenKey?.id !== undefined) return [];
  return [
    problemAt(
      [...path, 'tokenKey'],
      'does not say which key',
      'add `label` (CKA_LABEL), `id` (CKA_ID), or both',
    ),
  ];
}
