/**
 * Octets of a page as text. A byte order mark decides; without one, where the NULs are: NDES writes
 * UTF-16LE under a meta tag that says UTF-8, so neither that nor a charset parameter is believed.
 */
export function decodePage(body: Buffer): string {
  const mark = body.subarray(0, 3).toString('hex');
  if (mark.startsWith('fffe')) return body.subarray(2).toString('utf16le');
  if (mark.startsWith('feff')) return bigEndian(body.subarray(2));
  if (mark === 'efbbbf') return body.subarray(3).toString('utf8');
  const start = body.subarray(0, 200);
  const nuls = (offset: 0 | 1) =>
    start.filter((octet, index) => octet === 0 && index % 2 === offset).length;
  // Basic Latin has its NUL second in UTF-16LE, first in UTF-16BE; most of an HTML page is Basic Latin.
  if (nuls(1) * 4 > start.length) return body.toString('utf16le');
  if (nuls(0) * 4 > start.length) return bigEndian(body);
  return eightBit(body);
}

function bigEndian(octets: Buffer): string {
  return Buffer.from(octets.subarray(0, octets.length & ~1))
    .swap16()
    .toString('utf16le');
}

/** Okta's page and translated ones of old servers are windows-1252; what is not UTF-8 is taken for that. */
function eightBit(body: Buffer): string {
  const text = body.toString('utf8');
  return text.includes('\uFFFD') ? body.toString('latin1') : text;
}
