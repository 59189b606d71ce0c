/** What other services answer, and what we wrote ourselves and read again. */
import { readAnswer } from '../../src/challenge/webhook/webhook-answer.js';
import { readCaRecord } from '../../src/upstream/ca-record.js';
import {
  readRequestReference,
  writeRequestReference,
} from '../../src/upstream/request-reference.js';
import { certificateExamples } from '../examples.js';
import { textMutator } from '../mutators/text.js';
import { agree, type Target } from '../target.js';

const password = 'S3cret-Challenge';
const json = ['{', '}', '[', ']', '"', ':', ',', 'true', 'false', 'null', '1e99', '\\u0000', '\\'];

export const targets: readonly Target[] = [
  {
    name: 'webhook-answer',
    about:
      'a validator of challenges: allowed only by a well-formed word, and no challenge comes back',
    prepare: () => ({
      seeds: [
        '{"allow":true,"attested":{"san":["dns:a.example"],"sid":"S-1-5-21-1-2-3-1104"}}',
        `{"allow":false,"reason":"no: ${password}"}`,
        '{"allow":false,"error":{"message":"step-ca says no"},"data":{}}',
      ].map((text) => Buffer.from(text)),
      mutate: textMutator([...json, '"allow":', '"reason":', '"attested":', '"san":', password]),
      refuses: [],
      run: (input) => {
        const answer = readAnswer(200, input.toString(), password);
        if (answer.kind === 'allowed') agree('allow', /"allow"|\\u/.test(input.toString()), true);
        else if (answer.detail?.includes(password) === true)
          throw new Error('the challenge is told');
        agree('another status', readAnswer(404, input.toString(), password).kind, 'unavailable');
        return answer.kind;
      },
    }),
  },
  {
    name: 'upstream-record',
    about: 'what is kept of an upstream server, read after a restart',
    prepare: async () => {
      const [certificate] = await certificateExamples();
      const body = certificate?.der.toString('base64') ?? '';
      const record = {
        format: 1,
        caps: { contentType: 'text/plain', body: 'QUVT' },
        caCert: { contentType: 'application/x-x509-ca-cert', body },
        fetchedAt: '2026-01-01T00:00:00Z',
        replaced: [body],
      };
      return {
        seeds: [Buffer.from(JSON.stringify(record))],
        mutate: textMutator([...json, '"format":', '"replaced":', '2026-01-01T00:00:00Z']),
        refuses: [],
        run: (input) => (readCaRecord(input.toString()) === undefined ? 'none' : 'record'),
      };
    },
  },
  {
    name: 'upstream-reference',
    about: 'the request id of a transaction that waits upstream',
    prepare: () => ({
      seeds: [Buffer.from(`${'0a'.repeat(20)}.${'0b'.repeat(32)}.MAAA`)],
      mutate: textMutator(['.', '0', 'g', '-', '_']),
      refuses: [],
      run: (input) => {
        const reference = readRequestReference(input.toString());
        if (reference === undefined) return 'none';
        const again = readRequestReference(writeRequestReference(reference));
        agree(
          'written and read',
          again?.subject.toString('hex'),
          reference.subject.toString('hex'),
        );
        return 'reference';
      },
    }),
  },
];
