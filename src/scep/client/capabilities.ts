import type { ContentCipher, DigestAlgorithm } from '../../pkcs7/index.js';
import type { ScepCapabilities } from './scep-client.types.js';

/** LF or CRLF between lines, any case: all are seen. */
export function parseCapabilities(body: string): ScepCapabilities {
  const lines = body.split(/[\r\n]+/).flatMap((line) => line.trim() || []);
  const known = new Set(lines.map((line) => line.toLowerCase()));
  return { lines, has: (capability) => known.has(capability.toLowerCase()) };
}

/** SCEPStandard stands for AES, SHA-256 and POST together (RFC 8894 §3.5.2). */
export function offersPost(capabilities: ScepCapabilities): boolean {
  return capabilities.has('POSTPKIOperation') || capabilities.has('SCEPStandard');
}

export function bestDigest(capabilities: ScepCapabilities): DigestAlgorithm {
  const offered = digestNames.find(([name]) => capabilities.has(name));
  return offered?.[1] ?? 'sha1';
}

export function bestCipher(capabilities: ScepCapabilities): ContentCipher {
  return capabilities.has('AES') || capabilities.has('SCEPStandard')
    ? 'aes-128-cbc'
    : 'des-ede3-cbc';
}

const digestNames = [
  ['SCEPStandard', 'sha256'],
  ['SHA-256', 'sha256'],
  ['SHA-512', 'sha512'],
  ['SHA-384', 'sha384'],
] as const;
