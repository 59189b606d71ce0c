/** The CAs that other tests play keep what every issuer keeps. */
import { distantCa, type DistantCaOptions } from '../support/distant-ca.js';
import { ScriptedIssuer } from '../support/scripted-issuer.js';
import { issuerContract } from './issuer.contract.js';

issuerContract('a scripted CA in this process', async (reach) => {
  const issuer = await ScriptedIssuer.create();
  if (reach === 'unreachable')
    issuer.answers({ kind: 'unavailable', submission: 'none', detail: 'down' });
  return issuer;
});

const played: readonly [string, DistantCaOptions][] = [
  ['a distant CA', {}],
  ['a distant CA that can be asked', { reconciles: true }],
  ['a distant CA with a manager', { asksItsManager: true }],
];
for (const [name, options] of played) {
  issuerContract(name, async (reach) => {
    const { issuer } = await distantCa(options);
    if (reach === 'unreachable') {
      issuer.answers({ kind: 'unavailable', submission: 'unknown', detail: 'lost' });
      if (issuer.reconcile)
        issuer.reconcile = () => Promise.resolve({ kind: 'unavailable', detail: 'down' });
    }
    return issuer;
  });
}
