/**
 * A request that proves its possession, of nobody: its key was never kept. What cannot be decrypted or read
 * costs as much as what can, because this one is read and verified in its place.
 */
import { isGatewayError } from '../errors/index.js';
import {
  parseCertificationRequest,
  verifyProofOfPossession,
  type CertificationRequest,
} from '../x509/index.js';
import type { OpenedEnvelope } from '../pkcs7/index.js';

export interface OpenedRequest {
  readonly opened: OpenedEnvelope;
  readonly csr: CertificationRequest;
}

/**
 * The CSR in an envelope. Whoever alters a captured message and sends it under his own signature must not
 * learn from the time of the refusal how far its decryption came: up to the proof of possession, which the
 * caller verifies next, every failure takes the same steps.
 */
export async function openRequest(open: () => Promise<OpenedEnvelope>): Promise<OpenedRequest> {
  try {
    const opened = await open();
    return { opened, csr: parseCertificationRequest(opened.content) };
  } catch (error) {
    if (isGatewayError(error)) proveDecoy();
    throw error;
  }
}

/** @returns whether the decoy is what it should be: a valid request */
export function proveDecoy(): boolean {
  return verifyProofOfPossession(parseCertificationRequest(decoy));
}

const decoy = Buffer.from(
  'MIICVTCCAT0CAQAwEDEOMAwGA1UEAwwFZGVjb3kwggEiMA0GCSqGSIb3DQEBAQUAA4IBDwAwggEKAoIBAQCbQTwv20v7' +
    'd59RwFU7XOEHRAL4hr9FlfbEVcJJeVWyyuIph4imq8rSIgnNWs3l/8QHKgwtY8m/o4/yQ2fQK7dF3UqRRbaipTdEJoBd' +
    't4sb4Vn1zVA0ry8W96YmXhcCBdBxVYcFXw3fjpl7zsqsQGiSID7y8p+3SLp0oPBEkrVhQCFQUYpu0psfwW5mmBWoc/H5' +
    'PuT+PupWmZm4Pol8livLEdxqAJQa0KV0sNpmR25A5GX/myPr9OwmgtCylFggou71/mmZof2pyWqft649M/PcKrGPeCGy' +
    'nuwF4adbq4MBHb5AuB8CMIKA4cfG2vbeHIWp1qY6kAIxkqZ3/i78pDZdAgMBAAGgADANBgkqhkiG9w0BAQsFAAOCAQEA' +
    'YZbajaX/zy+EGD0c0UgSoa5aT/F+3ey/3k35wjn+0OyAQomHFGAu3tsN+7PFe9SfjF7pRqg/k2WG6kq7S8e45ZxYMSpl' +
    'VB1uIBz1o5K4qZ4vF9Rxe8CnT+ZUXG4AgG4C2qnVPx/jQz+1pzS3yseEINjER88FeYcWgc2/YyKz23jLxJujazF2uG5A' +
    'Us6Is8YQNAZIhgCe7LKcCKEm6g5tsfAQlJBr4iIQY386e07SBvYkoUEzUy0VjqWpbaMD0W/jI3/Ayml8EAS0z+Sn8wnc' +
    'OoSSFp4B6VFByQwMofqFw6yk1zgb0sQj0mPYU0OwIE/f0pryqHjw5FvC8JRU0Eiq6g==',
  'base64',
);
