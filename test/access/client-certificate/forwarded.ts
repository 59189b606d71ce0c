import { readFileSync } from 'node:fs';
import {
  certificateForm,
  clientCertificate,
  type PresentedCertificate,
} from '../../../src/access/index.js';
import { Certificate, readPem } from '../../../src/x509/index.js';
import { proxies } from '../origins.js';

export type FormName = Parameters<typeof certificateForm>[0];

export const forms: readonly FormName[] = [
  'client-cert',
  'base64-der',
  'escaped-pem',
  'envoy',
  'alb-leaf',
  'alb-passthrough',
  'traefik',
];

/** A certificate of fixtures/client-certificates. */
export function fixture(file: string): Certificate {
  const [block] = readPem(readFileSync(`fixtures/client-certificates/${file}`, 'latin1'));
  if (!block) throw new RangeError(file);
  return Certificate.fromDer(block.der);
}

/** What a listener with this form makes of the headers; by default they come from a trusted proxy. */
export function forwarded(
  form: FormName,
  rawHeaders: readonly string[],
  options: {
    readonly peer?: string;
    readonly header?: string;
    readonly requiredHeaders?: readonly { readonly name: string; readonly value: string }[];
  } = {},
): PresentedCertificate {
  const { peer = '10.0.0.5', header, requiredHeaders = [] } = options;
  return clientCertificate(
    {
      forwarded: { form: certificateForm(form, header), trustedProxies: proxies, requiredHeaders },
    },
    {
      handshake: () => {
        throw new RangeError('the handshake is the proxy’s');
      },
      peer,
      rawHeaders,
    },
  );
}

export function lastStep({ steps }: { readonly steps: readonly string[] }): string {
  return steps.at(-1) ?? '';
}
