import type { Issuer } from './issuer.js';

/** The issuer as a profile sees it that fixes the certificate template of every request. */
export function withTemplate(issuer: Issuer, template: string): Issuer {
  const reconcile = issuer.reconcile?.bind(issuer);
  return {
    name: issuer.name,
    get chain() {
      return issuer.chain;
    },
    ...(issuer.inProcess && { inProcess: issuer.inProcess }),
    ...(issuer.identity !== undefined && { identity: issuer.identity }),
    submit: (request, authorization) => issuer.submit({ ...request, template }, authorization),
    retrieve: (...asked) => issuer.retrieve(...asked),
    ...(reconcile && {
      reconcile: (request, authorization) => reconcile({ ...request, template }, authorization),
    }),
    currentCrl: () => issuer.currentCrl(),
  };
}
