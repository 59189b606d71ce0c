import { beforeEach, describe, expect, test } from '@jest/globals';
import { measuredIssuer } from '../../src/gateway/measured.js';
import type { Issuer } from '../../src/issuer/index.js';
import { ScriptedIssuer } from '../support/scripted-issuer.js';

let told: [string, string, string, boolean][];
let scripted: ScriptedIssuer;
let issuer: Issuer;

beforeEach(async () => {
  told = [];
  scripted = await ScriptedIssuer.create({ name: 'remote', remote: true });
  issuer = measured(scripted);
});

function measured(inner: Issuer): Issuer {
  return measuredIssuer(inner, {
    issuer: (name, call, outcome, seconds) => void told.push([name, call, outcome, seconds >= 0]),
  });
}

describe('measuredIssuer', () => {
  test('tells how long which call took and how it ended', async () => {
    await issuer.retrieve('7', 'ab'.repeat(32));
    expect(told).toEqual([['remote', 'retrieve', 'unavailable', true]]);
    scripted.onRetrieve = () => Promise.reject(new RangeError('broken'));
    await expect(issuer.retrieve('7', 'ab'.repeat(32))).rejects.toThrow('broken');
    expect(told[1]).toEqual(['remote', 'retrieve', 'error', true]);
  });

  test('is the issuer in everything else', async () => {
    expect(issuer.name).toBe('remote');
    expect(issuer.inProcess).toBeUndefined();
    expect(typeof issuer.reconcile).toBe('undefined');
    expect(issuer.chain).toBe(scripted.chain);
    expect(await issuer.currentCrl()).toBeUndefined();
    scripted.reconcile = () => Promise.resolve({ kind: 'not-received', detail: 'never' });
    expect(typeof issuer.reconcile).toBe('function');
    expect(told).toEqual([]);
  });
});
