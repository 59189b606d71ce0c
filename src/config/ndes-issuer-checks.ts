import type { CheckedConfig } from './checked-config.js';
import type { NdesIssuerConfig } from './ndes-issuer-schema.js';
import { problemAt, type ConfigPath, type ConfigProblem } from './problem.js';
import { valueAt } from './raw-value.js';
import type { ParsedConfig } from './schema.js';
import { signInProblems } from './web-sign-in-checks.js';

type Profile = ParsedConfig['profiles'][string];

/** Settings of an issuer of kind `ndes` that cannot stand together. */
export function checkNdesIssuer(
  path: ConfigPath,
  issuer: NdesIssuerConfig,
  { raw }: CheckedConfig,
): ConfigProblem[] {
  return [
    ...checkUrl([...path, 'url'], issuer.url),
    ...checkTrust(path, issuer),
    ...checkAdminPage(path, issuer),
    ...checkMode(path, issuer, raw),
  ];
}

/** What a profile cannot have of such an issuer, said in the words of the profile. */
export function checkNdesProfile(
  path: ConfigPath,
  profile: Profile,
  issuer: NdesIssuerConfig,
  raw: unknown,
): ConfigProblem[] {
  return [
    ...(issuer.mode === 'relay'
      ? checkRelayed(path, profile, issuer, raw)
      : checkReEnrolled(path, profile, issuer, raw)),
    ...checkSource(path, profile, issuer, raw),
    ...checkStandby([...path, 'standby'], profile, issuer),
    ...(profile.template === undefined
      ? []
      : [
          problemAt(
            [...path, 'template'],
            'is for AD CS; an NDES chooses among its own three templates',
            'remove it',
          ),
        ]),
  ];
}

/** The passwords of one NDES are unknown to the next. */
function checkStandby(
  path: ConfigPath,
  { standby }: Profile,
  { mode, challenge }: NdesIssuerConfig,
): ConfigProblem[] {
  if (standby.length === 0 || (mode === 're-enroll' && challenge !== 'one-time')) return [];
  return [
    problemAt(
      path,
      mode === 'relay'
        ? 'means nothing to a relay, which has one server'
        : 'would send the one-time password of one server to another, which does not know it',
      'remove it',
    ),
  ];
}

function checkUrl(path: ConfigPath, text: string): ConfigProblem[] {
  const { username, password, hash } = new URL(text);
  if (username === '' && password === '' && hash === '') return [];
  return [problemAt(path, 'holds more than an address', 'write it without user, password and #')];
}

/** The CSR, and with it the challenge, is sealed to whoever GetCACert names. */
function checkTrust(path: ConfigPath, { url, fingerprint, mode }: NdesIssuerConfig) {
  if (!url.startsWith('http:') || fingerprint !== undefined || mode === 'relay') return [];
  return [
    problemAt(
      [...path, 'fingerprint'],
      'is missing: over plain http anybody between could answer GetCACert and read the challenges',
      'write the thumbprint of the CA as its admin page shows it, or an https URL',
    ),
  ];
}

function checkAdminPage(path: ConfigPath, issuer: NdesIssuerConfig): ConfigProblem[] {
  const { adminPage, url, challenge } = issuer;
  if (!adminPage) return [];
  const at = [...path, 'adminPage'];
  const problems: ConfigProblem[] = [];
  if (adminPage.url === undefined && !/\/certsrv\/mscep(?:\/|$)/i.test(new URL(url).pathname)) {
    problems.push(
      problemAt(
        [...at, 'url'],
        'is missing, and the URL of the issuer is not that of an NDES',
        'write the URL of the page',
      ),
    );
  }
  if (challenge === 'none') {
    problems.push(
      problemAt(
        at,
        'is never asked: challenge is none',
        'remove it, or write `challenge: one-time`',
      ),
    );
  }
  const pageUrl = adminPage.url ?? url;
  return [
    ...problems,
    ...checkUrl([...at, 'url'], pageUrl),
    ...signInProblems([...at, 'authentication'], pageUrl, adminPage.authentication),
  ];
}

function checkMode(path: ConfigPath, issuer: NdesIssuerConfig, raw: unknown): ConfigProblem[] {
  const { mode, importRa, importRaEncryption } = issuer;
  const unread =
    mode === 'relay'
      ? (['answersAgain', 'signer', ...(importRa ? [] : raSettings)] as const)
      : ([] as const);
  return [
    ...unread
      .filter((key) => valueAt(raw, [...path, key]) !== undefined)
      .map((key) =>
        problemAt(
          [...path, key],
          'means nothing to a relay: the server speaks to devices with its own keys',
          'remove it, or write `mode: re-enroll`',
        ),
      ),
    ...(importRaEncryption && !importRa
      ? [problemAt([...path, 'importRaEncryption'], 'stands alone', 'add `importRa`')]
      : []),
  ];
}

const raSettings = [
  'raSubject',
  'raKeyBits',
  'raKeyToken',
  'raYears',
  'raOverlapDays',
  'raCertificates',
] as const;

/** Sealed messages: nobody here can read, decide or issue anything. */
function checkRelayed(
  path: ConfigPath,
  { approval, challenges }: Profile,
  { importRa }: NdesIssuerConfig,
  raw: unknown,
): ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  const cannot = (key: string, why: string) =>
    problems.push(
      problemAt([...path, key], why, 'remove it, or write `mode: re-enroll` at the issuer'),
    );
  if (approval === 'manual') cannot('approval', 'is manual, but a relay decides nothing');
  for (const key of [
    'policy',
    'renewal',
    'outage',
    'replayHours',
    'caCertShape',
    'replyCertificates',
  ]) {
    if (valueAt(raw, [...path, key]) !== undefined)
      cannot(key, 'means nothing to a relay: the server behind it decides that');
  }
  if (valueAt(raw, [...path, 'algorithms']) !== undefined && !importRa)
    cannot('algorithms', 'means nothing to a relay without the RA keys of the server (importRa)');
  if (challenges.webhook)
    cannot('challenges', 'has a webhook, which no request of a relay reaches');
  if (challenges.static.length > 0 && !importRa)
    cannot(
      'challenges',
      'has static secrets, which only a relay with the RA keys of the server reads',
    );
  if (challenges.none !== undefined)
    cannot('challenges', 'lets anyone enroll, which is for the server behind the relay to say');
  return problems;
}

/** The CSR is the device's: what the server wants to read in it, the device has to have from somewhere. */
function checkReEnrolled(
  path: ConfigPath,
  { challenges, renewal, approval }: Profile,
  { challenge, adminPage }: NdesIssuerConfig,
  raw: unknown,
): ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  if (challenge === 'one-time' && !adminPage) {
    problems.push(
      problemAt(
        [...path, 'challenges'],
        'would be refused by the server, which makes its own: a CSR carries one challenge, and nobody can change it',
        'add `adminPage` to the issuer, or write there `challenge: fixed` or `challenge: none`',
      ),
    );
  }
  if (challenge === 'one-time' && challenges.static.length > 0) {
    problems.push(
      problemAt(
        [...path, 'challenges', 'static'],
        'would be refused by the server, which wants a one-time password of its own in each CSR',
        'remove it, or write `challenge: fixed` at the issuer',
      ),
    );
  }
  const dynamic = valueAt(raw, [...path, 'challenges', 'dynamic']) === true;
  if (challenge === 'fixed' && !adminPage && (dynamic || challenges.static.length === 0)) {
    problems.push(
      problemAt(
        [...path, 'challenges'],
        'do not fit a server that reads one fixed password in every CSR',
        'write that password under `static`, or add `adminPage` to the issuer',
      ),
    );
  }
  if (challenge !== 'none' && challenges.none !== undefined) {
    problems.push(
      problemAt(
        [...path, 'challenges', 'none'],
        'lets devices in without a challenge, and the server would refuse them',
        'remove it, or write `challenge: none` at the issuer',
      ),
    );
  }
  if (
    challenge !== 'none' &&
    renewal.allow &&
    valueAt(raw, [...path, 'renewal', 'allow']) !== undefined
  ) {
    problems.push(
      problemAt(
        [...path, 'renewal', 'allow'],
        'cannot be: the server wants a challenge in every CSR, and only the device could sign a RenewalReq to it',
        'remove it: devices enroll anew with a challenge; or write `challenge: none` at the issuer',
      ),
    );
  }
  if (challenge === 'one-time' && approval === 'manual') {
    problems.push(
      problemAt(
        [...path, 'approval'],
        'is manual, and the one-time password of the server runs out while a request waits',
        'let the CA behind the server hold requests, or write `challenge: fixed` or `none` at the issuer',
      ),
    );
  }
  return problems;
}

/** One-time challenges come from the server; without its page there are none to hand out. */
function checkSource(
  path: ConfigPath,
  { challenges }: Profile,
  { mode, adminPage, challenge, importRa }: NdesIssuerConfig,
  raw: unknown,
): ConfigProblem[] {
  if (challenges.single && (mode === 'relay' || challenge !== 'none')) {
    return [
      problemAt(
        [...path, 'challenges', 'single'],
        'would show a password of the gateway, and the server behind it has its own',
        'remove it; the page shows what the page of the server shows',
      ),
    ];
  }
  const dynamic = valueAt(raw, [...path, 'challenges', 'dynamic']) === true;
  if (mode === 'relay' && !adminPage && dynamic) {
    return [
      problemAt(
        [...path, 'challenges', 'dynamic'],
        'is true, but the server makes the challenges and the issuer does not say where',
        'add `adminPage` to the issuer; or remove it, and let MDMs ask the server',
      ),
    ];
  }
  if (mode === 'relay' && importRa && !adminPage && challenges.static.length === 0) {
    return [
      problemAt(
        [...path, 'challenges'],
        'are none, so the check before the relay (importRa) would let nobody enroll',
        'add `adminPage` to the issuer or `static` here, or remove importRa',
      ),
    ];
  }
  return [];
}
