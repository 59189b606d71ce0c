/** The principals in a keytab (MIT's file format, version 2). Keys are not looked at. */

/** Each once, `HTTP/gateway.corp.example@CORP.EXAMPLE`; undefined when the bytes are no keytab. */
export function keytabPrincipals(file: Buffer): readonly string[] | undefined {
  if (file.length < 2 || file.readUInt16BE(0) !== version) return undefined;
  const principals = new Set<string>();
  let at = 2;
  while (at + 4 <= file.length) {
    const size = file.readInt32BE(at);
    const end = at + 4 + Math.abs(size);
    if (size === 0 || end > file.length) return undefined;
    // A negative size is what a removed entry leaves behind.
    if (size > 0) {
      const principal = readPrincipal(file.subarray(at + 4, end));
      if (principal === undefined) return undefined;
      principals.add(principal);
    }
    at = end;
  }
  return [...principals];
}

const version = 0x0502;

/** A count of components, then the realm and each of them with its length before it. */
function readPrincipal(entry: Buffer): string | undefined {
  if (entry.length < 2) return undefined;
  const texts: string[] = [];
  let at = 2;
  for (let left = entry.readUInt16BE(0) + 1; left > 0; left--) {
    if (at + 2 > entry.length) return undefined;
    const end = at + 2 + entry.readUInt16BE(at);
    if (end > entry.length) return undefined;
    texts.push(entry.toString('utf8', at + 2, end));
    at = end;
  }
  const [realm = '', ...components] = texts;
  return `${components.join('/')}@${realm}`;
}
