/** PROXY headers of version 2, to be damaged. */
const signature = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1');

export function version2(options: {
  readonly command?: number;
  readonly family?: number;
  readonly rest?: Buffer;
  readonly length?: number;
}): Buffer {
  const { command = 0x21, family = 0x11, rest = ipv4Addresses } = options;
  const head = Buffer.from([command, family, 0, 0]);
  head.writeUInt16BE(options.length ?? rest.length, 2);
  return Buffer.concat([signature, head, rest]);
}

/** 203.0.113.7:51234 to 10.0.0.1:443. */
export const ipv4Addresses = Buffer.from('cb0071070a000001c82201bb', 'hex');
/** [2001:db8::7]:51234 to [2001:db8::1]:443. */
export const ipv6Addresses = Buffer.from(
  '20010db800000000000000000000000720010db8000000000000000000000001c82201bb',
  'hex',
);
