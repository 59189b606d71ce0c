/** What a GSS failure means for the gateway. */
import { GatewayError, type ErrorCode } from '../errors/index.js';
import { mechanisms, withArena, type Gss, type GssStatus } from './gss.js';

type KerberosErrorCode = Extract<ErrorCode, `kerberos.${string}`>;

/** The mechanism's text, else that of the GSS routine. Neither holds keys or tickets. */
export function statusText(gss: Gss, { major, minor }: GssStatus): string {
  const specific = minor === 0 ? '' : displayStatus(gss, minor, mechCode);
  // A mechanism that has nothing to add says "Success": to wrong channel bindings, for one.
  return specific === '' || specific === 'Success' ? displayStatus(gss, major, gssCode) : specific;
}

const gssCode = 1;
const mechCode = 2;
const mostMessages = 8;

function displayStatus(gss: Gss, code: number, kind: number): string {
  return withArena(gss, (arena) => {
    const minor = arena.room(4);
    const more = arena.room(4);
    const text = arena.buffer();
    const mechanism = kind === mechCode ? arena.oid(mechanisms.krb5) : 0n;
    const messages: string[] = [];
    for (let count = 0; count < mostMessages; count++) {
      const major = gss.gss_display_status.now(minor, code, kind, mechanism, more, text);
      if (major !== 0) break;
      messages.push(arena.bufferAt(text).toString('utf8'));
      gss.gss_release_buffer.now(minor, text);
      if (arena.uint32At(more) === 0) break;
    }
    return messages.join(', ');
  });
}

interface Meaning {
  readonly code: KerberosErrorCode;
  readonly mend: string;
}

/**
 * By the library's own words: SPNEGO numbers the minor codes of its mechanisms anew, and node sets no
 * locale, so that the words are always these.
 */
const meanings: readonly (readonly [RegExp, Meaning])[] = [
  [
    /Cannot contact any KDC|Cannot find KDC|Cannot resolve/i,
    {
      code: 'kerberos.unavailable',
      mend: 'See whether DNS or krb5.conf names the KDCs of the realm, and whether they answer on port 88.',
    },
  ],
  [
    /Clock skew/i,
    { code: 'kerberos.refused', mend: 'Set the clocks: they may differ by five minutes.' },
  ],
  [
    /Client .*not found in Kerberos database/i,
    { code: 'kerberos.refused', mend: 'The domain has no account of this name: correct it.' },
  ],
  [
    /Server .*not found in Kerberos database/i,
    {
      code: 'kerberos.refused',
      mend: 'No account has this service principal name: `setspn -Q` looks for it, `setspn -S` sets it.',
    },
  ],
  [
    /credentials have been revoked/i,
    { code: 'kerberos.refused', mend: 'The account is disabled, expired or locked.' },
  ],
  [
    /Password has expired/i,
    { code: 'kerberos.refused', mend: 'Give the account a new password, and the keytab its key.' },
  ],
  [
    /Preauthentication failed|Decrypt integrity check failed/i,
    {
      code: 'kerberos.refused',
      mend: 'The keytab has another key than the domain: export it again after a change of password.',
    },
  ],
  [
    /Permission denied|No such file/i,
    { code: 'kerberos.credentials', mend: 'Let the user of the gateway read the file.' },
  ],
];

const unknownMeaning: Meaning = {
  code: 'kerberos.refused',
  mend: 'The log has the codes; KRB5_TRACE=/dev/stderr makes the library talk.',
};

/** @param doing `sign in to HTTP/ca1.corp.example` */
export function kerberosError(
  gss: Gss,
  status: GssStatus,
  doing: string,
  otherwise: Meaning = unknownMeaning,
): GatewayError {
  const text = statusText(gss, status);
  const known = meanings.find(([pattern]) => pattern.test(text));
  const { code, mend } = known?.[1] ?? otherwise;
  const codes = `major 0x${status.major.toString(16)}, minor 0x${status.minor.toString(16)}`;
  return new GatewayError(code, `Kerberos cannot ${doing}: ${text}.`, { mend, detail: codes });
}
