import { describe, expect, test } from '@jest/globals';
import { GatewayError } from '../../src/errors/index.js';

describe('where an error was made', () => {
  test('is not written down for a refusal: strangers cause floods of them', () => {
    expect(new GatewayError('cms.malformed', 'Broken.').stack).not.toContain('\n');
    expect(new GatewayError('http.overload', 'Later.').stack).not.toContain('\n');
  });

  test('is written down for a fault of our own', () => {
    expect(new GatewayError('internal', 'Ours.').stack).toContain('gateway-error.test');
  });

  test('is written down for other errors as before', () => {
    const limit = Error.stackTraceLimit;
    const refusal = new GatewayError('cms.malformed', 'Broken.');

    expect(Error.stackTraceLimit).toBe(limit);
    expect(new Error('another', { cause: refusal }).stack).toContain('gateway-error.test');
  });
});
