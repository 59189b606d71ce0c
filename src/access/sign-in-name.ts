/**
 * The account behind a sign-in name: MDMs send `user`, `DOMAIN\user` (ManageEngine, Ivanti) or
 * `user@domain` (Fleet) for the same account, in any case.
 */
export function signInName(text: string): string {
  const withoutDomain = text.slice(text.lastIndexOf('\\') + 1);
  const [name = ''] = withoutDomain.split('@');
  return name.normalize('NFC').trim().toLowerCase();
}
