import { describe } from '@jest/globals';

/** Set by environment.sh. */
const folder = process.env['LAB'];

/** A file of the lab: `krb5.conf`, `gateway.keytab`, `pki/ca.pem`, `dc/etc/smb.conf`. */
export function labFile(name: string): string {
  if (folder === undefined) throw new Error('outside the lab');
  return `${folder}/${name}`;
}

/** Tests that need the lab: without it they are skipped, and their names say what would run them. */
export function describeInLab(name: string, tests: () => void): void {
  if (folder === undefined) describe.skip(`${name} (needs the lab: npm run test:lab)`, tests);
  else describe(name, tests);
}
