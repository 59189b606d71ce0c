/** The page of an upstream `mscep_admin`, read as leniently as its translations and imitations need. */
import { decodePage } from './page-text.js';

/** What the page says. Passwords are secrets: never log. */
export type AdminPageReading =
  | {
      readonly kind: 'password';
      readonly password: string;
      /** MD5 of the CA certificate, 32 upper-case hex digits; undefined where the page has none. */
      readonly thumbprint: string | undefined;
      /** Undefined where the page does not say. */
      readonly validityMinutes: number | undefined;
      /** UseSinglePassword: "can be used multiple times". */
      readonly lasting: boolean;
    }
  /** EnforcePassword = 0: the thumbprint and nothing else. */
  | { readonly kind: 'no-password'; readonly thumbprint: string }
  | { readonly kind: 'cache-full' }
  | { readonly kind: 'no-permission' }
  /** The page of `mscep.dll`, which sends people to the admin URL. */
  | { readonly kind: 'enrollment-page' }
  /** Another page altogether: a sign-in form, an error of a proxy. */
  | { readonly kind: 'unknown' };

/** A page has 1,300 octets. */
const largestPage = 65_536;

/**
 * The English words first; a translated page by its build: passwords and thumbprints are hex in bold,
 * a full cache comes with a list of advice, and a refusal with neither. Never throws.
 */
export function readAdminPage(body: Buffer): AdminPageReading {
  const html = decodePage(body.subarray(0, largestPage)).replace(/&nbsp;|\u00A0/g, ' ');
  return readEnglish(html) ?? readByBuild(html);
}

function readEnglish(html: string): AdminPageReading | undefined {
  // Okta's imitation has letters of both cases, `_` and `-`; 1,024 is far beyond all that was seen.
  const found = /challenge password is:\s*<B>\s*([^\s<>]{1,1024})\s*<\/B>/i.exec(html);
  if (found?.[1] !== undefined) return passwordReading(html, found[1], found.index);
  if (/password cache is full/i.test(html)) return { kind: 'cache-full' };
  if (/not have sufficient permission to enroll/i.test(html)) return { kind: 'no-permission' };
  return undefined;
}

function readByBuild(html: string): AdminPageReading {
  const bold = [...html.matchAll(/<B>([^<>]{1,200})<\/B>/gi)].map(({ 1: text = '', index }) => ({
    text: text.trim(),
    index,
  }));
  const thumbprint = bold.map(({ text }) => asThumbprint(text)).find((text) => text !== undefined);
  const password = bold.find(({ text }) => isPassword(text) && asThumbprint(text) !== thumbprint);
  if (password) return passwordReading(html, password.text, password.index);
  if (thumbprint !== undefined) return { kind: 'no-password', thumbprint };
  if (!isNdes(html)) return { kind: 'unknown' };
  if (/mscep_admin/i.test(html)) return { kind: 'enrollment-page' };
  return (html.match(/<LI>/gi) ?? []).length > 1
    ? { kind: 'cache-full' }
    : { kind: 'no-permission' };
}

function passwordReading(html: string, password: string, index: number): AdminPageReading {
  const before = html.slice(0, index);
  const thumbprints = [...before.matchAll(/<B>([^<>]{1,200})<\/B>/gi)].map(({ 1: text = '' }) =>
    asThumbprint(text.trim()),
  );
  // The sentence after the password holds the only number on a page in any language.
  const after = html.slice(index + password.length).replace(/^[^]*?<\/B>/i, '');
  const minutes = /\b(\d{1,6})\b/.exec(after.slice(0, 300).replace(/<A [^]*$/i, ''))?.[1];
  return {
    kind: 'password',
    password,
    thumbprint: thumbprints.find((text) => text !== undefined),
    validityMinutes: minutes === undefined || Number(minutes) === 0 ? undefined : Number(minutes),
    lasting: /can be used multiple times/i.test(html),
  };
}

/** Four groups of eight; some imitations leave the blanks out. */
function asThumbprint(text: string): string | undefined {
  return /^(?:[0-9a-f]{8} ?){4}$/i.test(text) ? text.replaceAll(' ', '').toUpperCase() : undefined;
}

/** PasswordLength octets in hex: 16 digits by default, 32 where it is 16. */
function isPassword(text: string): boolean {
  return /^(?:[0-9a-f]{2}){8,32}$/i.test(text);
}

/** The frame's own name for its heading, the same in every language. */
function isNdes(html: string): boolean {
  return /locMSCertSrv|Network Device Enrollment Service/i.test(html);
}
