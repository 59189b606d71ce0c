import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { TestGateway } from '../support/gateway.js';
import { postMessage, toldBy } from './answer.js';
import { badMessages } from './bad-messages.js';
import { startTarget } from './profiles.js';
import { readVectors, writeVectors } from './vectors.js';

if (process.env['WRITE_BAD_INPUT_VECTORS'] === '1') writeVectors(await badMessages());
const vectors = readVectors();

test('the bad messages on file are those of the catalogue, with the same answers', async () => {
  const answers = new Map(vectors.map(({ name, told }) => [name, told]));
  const catalogue = await badMessages();
  expect(answers).toEqual(new Map(catalogue.map(({ name, told }) => [name, told])));
});

describe.each(['fast', 'pkijs'] as const)('bad messages on file, codec %s', (codec) => {
  let gateway: TestGateway;

  beforeAll(async () => {
    gateway = await startTarget(undefined, codec);
  });
  afterAll(() => gateway.close());

  test.each(vectors.map((vector) => [vector.name, vector] as const))(
    '%s',
    async (_name, { bytes, told }) => {
      const answer = await postMessage(gateway.port, bytes, '/scep/static');
      expect(toldBy(answer, gateway.ra)).toEqual(told);
    },
  );
});
