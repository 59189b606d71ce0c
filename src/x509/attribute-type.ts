/** Short names of attribute types (RFC 4514 §3 and what administrators write) and their OIDs. */
const shortNames: ReadonlyMap<string, string> = new Map([
  ['2.5.4.3', 'CN'],
  ['2.5.4.5', 'serialNumber'],
  ['2.5.4.6', 'C'],
  ['2.5.4.7', 'L'],
  ['2.5.4.8', 'ST'],
  ['2.5.4.9', 'STREET'],
  ['2.5.4.10', 'O'],
  ['2.5.4.11', 'OU'],
  ['2.5.4.4', 'SN'],
  ['2.5.4.42', 'GN'],
  ['2.5.4.12', 'title'],
  ['1.2.840.113549.1.9.1', 'emailAddress'],
  ['1.2.840.113549.1.9.2', 'unstructuredName'],
  ['1.2.840.113549.1.9.8', 'unstructuredAddress'],
  ['0.9.2342.19200300.100.1.1', 'UID'],
  ['0.9.2342.19200300.100.1.25', 'DC'],
]);

/** Understood but never written: the names Windows and OpenSSL print. */
const aliases: readonly (readonly [string, string])[] = [
  ['e', '1.2.840.113549.1.9.1'],
  ['email', '1.2.840.113549.1.9.1'],
  ['s', '2.5.4.8'],
  ['g', '2.5.4.42'],
  ['givenname', '2.5.4.42'],
  ['surname', '2.5.4.4'],
  ['t', '2.5.4.12'],
];

const oids: ReadonlyMap<string, string> = new Map([
  ...aliases,
  ...[...shortNames].map(([oid, name]) => [name.toLowerCase(), oid] as const),
]);

/** "CN" for 2.5.4.3; the dotted OID itself where no short name is known. */
export function attributeTypeName(oid: string): string {
  return shortNames.get(oid) ?? oid;
}

/** OID of a short name in any letter case, or of a dotted OID; undefined when unknown. */
export function attributeTypeOid(name: string): string | undefined {
  return /^[0-2](\.\d+)+$/.test(name) ? name : oids.get(name.toLowerCase());
}
