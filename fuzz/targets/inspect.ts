/** `scep-gateway inspect`: whatever people paste. */
import { describeObject } from '../../src/cli/inspect/describe-object.js';
import { readInspected } from '../../src/cli/inspect/input.js';
import { reportText } from '../../src/cli/inspect/report.js';
import { printable } from '../../src/cli/printable.js';
import { createFastCodec } from '../../src/pkcs7/index.js';
import { toPem } from '../../src/x509/index.js';
import { fixedAuthority } from '../../test/support/fixed-authority.js';
import { bundleExamples, derExamples, messageExamples } from '../examples.js';
import { mutateDer } from '../mutators/der.js';
import { textMutator } from '../mutators/text.js';
import type { Target } from '../target.js';

export const targets: readonly Target[] = [
  {
    name: 'inspect-object',
    about: 'messages, certificates, CSRs, CRLs as inspect describes them',
    pace: 0.1,
    prepare: async () => {
      const { ca, ra } = await fixedAuthority();
      const certificates = [ca.certificate, ra.certificate];
      const context = {
        codec: createFastCodec(),
        atHand: undefined,
        ownKeys: [{ certificate: ra.certificate, key: ra.key }],
        password: undefined,
        certificates,
      };
      return {
        seeds: [...messageExamples(), ...(await derExamples()), ...(await bundleExamples())],
        mutate: mutateDer,
        refuses: [],
        run: async (input) => {
          const report = await describeObject({ bytes: input }, context);
          if (printable(reportText(report, 'DER'), '\n') === '') throw new Error('nothing said');
          return report.wrong.length > 0 ? 'wrong' : report.known ? 'fine' : 'unknown';
        },
      };
    },
  },
  {
    name: 'inspect-input',
    about: 'forms of what is pasted: URLs, log lines, PEM, base64, hex, saved exchanges',
    prepare: async () => {
      const [object = Buffer.alloc(0)] = await derExamples();
      const base64 = object.toString('base64');
      return {
        seeds: [
          `http://gateway/scep?operation=PKIOperation&message=${encodeURIComponent(base64)}`,
          `2026-01-01 10.0.0.1 GET /scep operation=PKIOperation&message=${base64} 80 - 200`,
          toPem('CERTIFICATE', object),
          object.toString('hex'),
          `HTTP/1.1 200 OK\r\nContent-Type: x\r\n\r\n${base64}`,
        ].map((text) => Buffer.from(text)),
        mutate: textMutator([
          'operation=',
          'message=',
          '%',
          '%2B',
          '=',
          '-----BEGIN ',
          '0x',
          '30',
          ' ',
        ]),
        mostOctets: 64 * 1024,
        refuses: [],
        run: (input) => {
          const read = readInspected(input);
          return read === undefined ? 'nothing' : `${Math.min(read.objects.length, 2)} objects`;
        },
      };
    },
  },
];
