import { isIPv6, SocketAddress } from 'node:net';

/**
 * Subject text folded for comparison: case, runs of blanks, and blanks around the separators of RDNs and
 * of type and value. An escaped separator belongs to the value and stays as it is.
 */
export function foldSubject(subject: string): string {
  return subject
    .trim()
    .replace(/\s+/g, ' ')
    .replace(/(?<!\\) ?([,=+]) ?/g, '$1')
    .toLowerCase();
}

/** `dns:host` and the like. Host names, mail addresses and UPNs have no case; addresses one spelling. */
export function foldSan(san: string): string {
  const [, kind = '', value = san] = /^([A-Za-z]+):(.*)$/s.exec(san.trim()) ?? [];
  return `${kind.toLowerCase()}:${foldSanValue(kind.toLowerCase(), value.trim())}`;
}

function foldSanValue(kind: string, value: string): string {
  switch (kind) {
    case 'dns':
      return value.toLowerCase().replace(/\.$/, '');
    case 'email':
    case 'upn':
      return value.toLowerCase();
    case 'ip':
      return isIPv6(value) ? new SocketAddress({ address: value, family: 'ipv6' }).address : value;
    default:
      return value;
  }
}

/** Hex digits whatever their case, with or without colons and blanks. */
export function foldKeyId(keyId: string): string {
  return keyId.replace(/[:\s]/g, '').toLowerCase();
}

/** Serial numbers and UDIDs have no case. */
export function foldDevice(device: string): string {
  return device.trim().toLowerCase();
}
