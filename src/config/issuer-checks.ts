import { checkAdcsRpc, checkWebEnrollment } from './adcs-checks.js';
import type { CheckedConfig } from './checked-config.js';
import { checkCoSign } from './co-sign-checks.js';
import { checkFileSet } from './file-set-check.js';
import type { IssuerConfig, LocalIssuerConfig } from './issuer-schema.js';
import { checkNdesIssuer, checkNdesProfile } from './ndes-issuer-checks.js';
import { nearest } from './nearest.js';
import { problemAt, quoted, type ConfigPath, type ConfigProblem } from './problem.js';
import type { ParsedConfig } from './schema.js';

export function checkIssuers(checked: CheckedConfig): ConfigProblem[] {
  return [
    ...Object.entries(checked.config.issuers).flatMap(([name, issuer]) => [
      ...(issuer.importRa ? checkFileSet(['issuers', name, 'importRa'], issuer.importRa) : []),
      ...checkCoSign(['issuers', name, 'coSign'], 'coSign' in issuer ? issuer.coSign : undefined),
      ...checkByKind(['issuers', name], issuer, checked),
    ]),
    ...Object.entries(checked.config.profiles).flatMap(([name, profile]) => [
      ...checkIssuerName(['profiles', name, 'issuer'], profile.issuer, checked.issuerNames),
      ...checkStandbys(['profiles', name, 'standby'], profile, checked),
      ...checkShape(['profiles', name, 'caCertShape'], profile, checked.config.issuers),
      ...checkByIssuer(['profiles', name], profile, checked),
      ...checkTemplate(['profiles', name, 'template'], profile, checked.config.issuers),
    ]),
  ];
}

function checkByKind(
  path: ConfigPath,
  issuer: IssuerConfig,
  checked: CheckedConfig,
): ConfigProblem[] {
  switch (issuer.kind) {
    case 'local':
      return [
        ...(issuer.import ? checkFileSet([...path, 'import'], issuer.import) : []),
        ...checkLifetimes(path, issuer),
      ];
    case 'adcs-webenroll':
      return [
        ...(issuer.authentication.certificate
          ? checkFileSet(
              [...path, 'authentication', 'certificate'],
              issuer.authentication.certificate,
            )
          : []),
        ...checkWebEnrollment(path, issuer, checked),
      ];
    case 'adcs-rpc':
      return checkAdcsRpc(path, issuer, checked);
    case 'ndes':
      return [
        ...(['signer', 'importRaEncryption'] as const).flatMap((key) =>
          issuer[key] ? checkFileSet([...path, key], issuer[key]) : [],
        ),
        ...checkNdesIssuer(path, issuer, checked),
      ];
  }
}

function checkByIssuer(
  path: ConfigPath,
  profile: ParsedConfig['profiles'][string],
  { config: { issuers }, raw }: CheckedConfig,
): ConfigProblem[] {
  const issuer = Object.hasOwn(issuers, profile.issuer) ? issuers[profile.issuer] : undefined;
  return issuer?.kind === 'ndes' ? checkNdesProfile(path, profile, issuer, raw) : [];
}

/** Nothing outlives the CA that signed it (RFC 5280 §6.1.3 would fail for the rest of its life). */
function checkLifetimes(path: ConfigPath, issuer: LocalIssuerConfig): ConfigProblem[] {
  if (issuer.import !== undefined) return [];
  const { hierarchy, rootYears, issuingYears, raYears, subject, rootSubject } = issuer;
  const two = hierarchy === 'root-and-issuing';
  const caYears = two ? issuingYears : rootYears;
  const problems: ConfigProblem[] = [];
  if (two && issuingYears > rootYears) {
    problems.push(
      problemAt(
        [...path, 'issuingYears'],
        `is ${issuingYears}, but the root lives for ${rootYears}`,
        `write ${rootYears} or less, or raise rootYears`,
      ),
    );
  }
  if (issuer.importRa === undefined && raYears > caYears) {
    problems.push(
      problemAt(
        [...path, 'raYears'],
        `is ${raYears}, but the CA lives for ${caYears}`,
        `write ${caYears} or less`,
      ),
    );
  }
  if (two && subject === rootSubject) {
    problems.push(
      problemAt(
        [...path, 'rootSubject'],
        'is the same name as `subject`',
        'give the root and the issuing CA different names',
      ),
    );
  }
  return problems;
}

function checkIssuerName(
  path: ConfigPath,
  name: string,
  known: readonly string[],
): ConfigProblem[] {
  if (known.includes(name)) return [];
  const meant = nearest(name, known);
  return [
    problemAt(
      path,
      `is ${quoted(name)}, which is not under issuers`,
      meant === undefined
        ? `write one of: ${known.map((other) => quoted(other)).join(', ')}; or add it under issuers`
        : `did you mean ${quoted(meant)}?`,
    ),
  ];
}

function checkTemplate(
  path: ConfigPath,
  { template, issuer }: { readonly template?: string | undefined; readonly issuer: string },
  issuers: Readonly<Record<string, IssuerConfig>>,
): ConfigProblem[] {
  if (template === undefined || !Object.hasOwn(issuers, issuer)) return [];
  if (issuers[issuer]?.kind !== 'local') return [];
  return [
    problemAt(
      path,
      `names a certificate template, but issuer ${quoted(issuer)} is an embedded CA, which has none`,
      'remove it; what the embedded CA grants stands under `policy`',
    ),
  ];
}

/** Whether they reach the same CA shows at the start, when its certificate is at hand. */
function checkStandbys(
  path: ConfigPath,
  { issuer, standby }: { readonly issuer: string; readonly standby: readonly string[] },
  { issuerNames, config }: CheckedConfig,
): ConfigProblem[] {
  if (standby.length > 0 && isEmbedded(issuer, config)) {
    return [
      problemAt(
        path,
        `stands beside issuer ${quoted(issuer)}, an embedded CA, which nothing else reaches`,
        'remove the key, or name another issuer',
      ),
    ];
  }
  return standby.flatMap((name, index) => {
    const at = [...path, index];
    if (name === issuer || standby.indexOf(name) < index) {
      return [problemAt(at, `names ${quoted(name)} a second time`, 'name each issuer once')];
    }
    if (isEmbedded(name, config)) {
      return [
        problemAt(
          at,
          `is ${quoted(name)}, an embedded CA, which no other issuer reaches`,
          'name an issuer that reaches the same CA as `issuer`',
        ),
      ];
    }
    const other = Object.hasOwn(config.issuers, name) ? config.issuers[name] : undefined;
    if (other?.kind === 'ndes' && (other.mode === 'relay' || other.challenge === 'one-time')) {
      return [
        problemAt(
          at,
          `is ${quoted(name)}, a server that takes its own messages or passwords only`,
          'remove it',
        ),
      ];
    }
    return checkIssuerName(at, name, issuerNames);
  });
}

function isEmbedded(name: string, { issuers }: CheckedConfig['config']): boolean {
  return Object.hasOwn(issuers, name) && issuers[name]?.kind === 'local';
}

function checkShape(
  path: ConfigPath,
  profile: { readonly issuer: string; readonly caCertShape: string },
  issuers: Readonly<Record<string, IssuerConfig>>,
): ConfigProblem[] {
  if (profile.caCertShape !== 'ca-only' || !Object.hasOwn(issuers, profile.issuer)) return [];
  const issuer = issuers[profile.issuer];
  if (issuer && issuer.kind !== 'local') {
    return [
      problemAt(
        path,
        `is ca-only, but the key of the CA behind issuer ${quoted(profile.issuer)} is not here: no request could be opened`,
        'write another shape',
      ),
    ];
  }
  if (issuer?.importRa === undefined) return [];
  return [
    problemAt(
      path,
      `is ca-only, but issuer ${quoted(profile.issuer)} imports an RA certificate that no device would then see`,
      'write another shape, or remove importRa from the issuer',
    ),
  ];
}
