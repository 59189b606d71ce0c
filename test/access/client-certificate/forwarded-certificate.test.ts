import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { z } from 'zod';
import { fixture, forms, forwarded, lastStep } from './forwarded.js';

const rows = z
  .array(
    z.strictObject({
      name: z.string(),
      form: z.enum([
        'client-cert',
        'base64-der',
        'escaped-pem',
        'envoy',
        'alb-leaf',
        'alb-passthrough',
        'traefik',
      ]),
      headers: z.array(z.tuple([z.string(), z.string()])),
      certificates: z.array(z.string()).optional(),
      refused: z.string().optional(),
    }),
  )
  .parse(JSON.parse(readFileSync('fixtures/client-certificates/headers.json', 'utf8')));

const client = fixture('client.pem').der.toString('base64');

describe('the table of headers', () => {
  test.each(rows)('$name', ({ form, headers, certificates, refused }) => {
    const presented = forwarded(form, headers.flat());
    if (refused !== undefined) {
      expect(presented.kind).toBe('refused');
      expect(lastStep(presented).endsWith(refused)).toBe(true);
      return;
    }
    const found = presented.kind === 'presented' ? [presented.leaf, ...presented.others] : [];
    expect(presented.kind).toBe(certificates?.length === 0 ? 'none' : 'presented');
    expect(found.map(({ thumbprints }) => thumbprints.sha256)).toEqual(
      certificates?.map((file) => fixture(file).thumbprints.sha256),
    );
  });

  test('has a row for every form', () => {
    expect(new Set(rows.map(({ form }) => form))).toEqual(new Set(forms));
  });
});

describe('who may forward', () => {
  test.each(rows.filter(({ headers }) => headers.length > 0))(
    'a stranger may not: $name',
    ({ form, headers }) => {
      const presented = forwarded(form, headers.flat(), { peer: '203.0.113.7' });
      expect(presented.kind).toBe('refused');
      expect(lastStep(presented)).toMatch(
        /^the peer 203\.0\.113\.7 is no trusted proxy and sends /,
      );
    },
  );

  test('a stranger that sends none has none', () => {
    expect(forwarded('envoy', ['Host', 'x'], { peer: '203.0.113.7' }).kind).toBe('none');
  });

  test('the markers of the proxy are asked for besides', () => {
    const requiredHeaders = [{ name: 'X-Azure-FDID', value: 'ours' }];
    const header = ['X-ARR-ClientCert', client];
    expect(lastStep(forwarded('base64-der', header, { requiredHeaders }))).toBe(
      'the required header X-Azure-FDID is missing',
    );
    const marked = [...header, 'x-azure-fdid', 'ours'];
    expect(forwarded('base64-der', marked, { requiredHeaders }).kind).toBe('presented');
  });

  test('under a name of its own, the usual name is another header', () => {
    const header = 'x-client-der';
    expect(forwarded('base64-der', ['X-Client-DER', client], { header }).kind).toBe('presented');
    expect(lastStep(forwarded('base64-der', ['X-ARR-ClientCert', client], { header }))).toBe(
      'the header x-arr-clientcert is none that is believed here',
    );
  });

  test('a repeated header is refused, also when one is empty or both are the same', () => {
    for (const value of ['', client]) {
      const presented = forwarded('base64-der', [
        'X-ARR-ClientCert',
        client,
        'x-arr-clientcert',
        value,
      ]);
      expect(lastStep(presented)).toBe('the header x-arr-clientcert came twice');
    }
  });
});

describe('any text', () => {
  const headerOf = {
    'client-cert': 'Client-Cert',
    'base64-der': 'X-ARR-ClientCert',
    'escaped-pem': 'X-SSL-Client-Cert',
    envoy: 'X-Forwarded-Client-Cert',
    'alb-leaf': 'X-Amzn-Mtls-Clientcert-Leaf',
    'alb-passthrough': 'X-Amzn-Mtls-Clientcert',
    traefik: 'X-Forwarded-Tls-Client-Cert',
  } as const;
  const valid = rows.filter(({ certificates }) => (certificates?.length ?? 0) > 0);

  test.each(forms)('%s: is judged, never thrown at, and is no certificate', (form) => {
    const texts = fc.oneof(
      fc.string({ unit: 'binary-ascii', maxLength: 300 }),
      fc.string({
        unit: fc.constantFrom(...Array.from('%0A+/=:",;-BEGINCRTFAhs ')),
        maxLength: 300,
      }),
    );
    fc.assert(
      fc.property(texts, (value) => {
        const { kind } = forwarded(form, [headerOf[form], value]);
        return kind === 'refused' || (kind === 'none' && decodeURIComponent(value).trim() === '');
      }),
      { numRuns: 1000 },
    );
  });

  test.each(valid)(
    '$name: changed anywhere it is judged, cut anywhere it is refused',
    ({ form, headers }) => {
      const [[name, value] = ['', '']] = headers;
      // The last characters may be padding, a line end, or the end of a longer chain.
      const inLeaf = Math.min(value.length, client.length) - 40;
      fc.assert(
        fc.property(fc.nat(value.length - 1), fc.string({ maxLength: 2 }), (at, put) => {
          const changed = value.slice(0, at) + put + value.slice(at + 1);
          expect(['none', 'presented', 'refused']).toContain(forwarded(form, [name, changed]).kind);
          const cut = value.slice(0, 1 + (at % inLeaf));
          expect(forwarded(form, [name, cut]).kind).toBe('refused');
        }),
        { numRuns: 200 },
      );
    },
  );
});
