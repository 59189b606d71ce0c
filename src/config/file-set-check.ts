import type { ImportedPair } from './imported-pair-schema.js';
import { problemAt, type ConfigPath, type ConfigProblem } from './problem.js';

/** A key with its certificate, in one file or in two. */
export function checkFileSet(
  path: ConfigPath,
  { pfx, certificate, key }: Pick<ImportedPair, 'pfx' | 'certificate' | 'key'>,
): ConfigProblem[] {
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
