import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { TestGateway } from '../support/gateway.js';
import { postMessage, toldBy } from './answer.js';
import { badMessages } from './bad-messages.js';
import { startTarget } from './profiles.js';

const messages = await badMessages();

describe('bad messages over HTTP', () => {
  let gateway: TestGateway;

  beforeAll(async () => {
    gateway = await startTarget();
  });
  afterAll(() => gateway.close());

  test.each(messages.map((message) => [message.name, message] as const))(
    '%s',
    async (_name, { bytes, told }) => {
      const before = await gateway.installation.data.enrollments.certificates({}, new Date());
      const answer = await postMessage(gateway.port, bytes, '/scep/static');
      expect(toldBy(answer, gateway.ra)).toEqual(told);
      const after = await gateway.installation.data.enrollments.certificates({}, new Date());
      expect(after.length - before.length).toBe(told.pkiStatus === '0' ? 1 : 0);
    },
  );
});
