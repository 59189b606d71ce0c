import { beforeEach, describe, expect, test } from '@jest/globals';
import { createKeyWork, type KeyWork } from '../../src/gateway/key-work.js';
import { measuredIssuer } from '../../src/gateway/measured.js';
import type { Issuer } from '../../src/issuer/index.js';
import { authorizationFor, issuanceRequest } from '../issuer/issuer.contract.js';
import { ScriptedIssuer } from '../support/scripted-issuer.js';

let told: [string, string, string, boolean][];
let scripted: ScriptedIssuer;
let issuer: Issuer;
let keys: KeyWork;

beforeEach(async () => {
  told = [];
  keys = createKeyWork();
  scripted = await ScriptedIssuer.create({ name: 'remote', remote: true });
  issuer = measured(scripted);
});

function measured(inner: Issuer): Issuer {
  return measuredIssuer(
    inner,
    {
      issuer: (name, call, outcome, seconds) => void told.push([name, call, outcome, seconds >= 0]),
    },
    keys,
  );
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

describe('the use of a key', () => {
  test('is counted where the CA is in this process, and nowhere else', async () => {
    const waiting: number[] = [];
    const local = await ScriptedIssuer.create();
    const request = await issuanceRequest('t');
    for (const each of [local, scripted]) {
      each.onSubmit = () => {
        waiting.push(keys.waiting);
        return Promise.resolve({ kind: 'refused', text: 'no', detail: 'no' });
      };
      await measured(each).submit(request, authorizationFor(request));
    }
    expect(waiting).toEqual([1, 0]);
    expect(keys.waiting).toBe(0);
  });
});
