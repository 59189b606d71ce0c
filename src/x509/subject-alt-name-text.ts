import { domainToASCII } from 'node:url';
import { der } from '../asn1/index.js';
import { GatewayError } from '../errors/index.js';
import { parseDistinguishedName } from './distinguished-name.js';
import { ipAddressOctets } from './ip-address.js';
import {
  isPlainAscii,
  readSubjectAltNames,
  upnOid,
  type SubjectAltName,
} from './subject-alt-name.js';

/**
 * A name from a text as `subjectAltNameText` writes it; every kind but `other`. An international host
 * name is put into its xn-- form.
 *
 * @throws GatewayError `config.invalid`
 */
export function parseSubjectAltName(text: string): SubjectAltName {
  const colon = text.indexOf(':');
  const raw = encode(text.slice(0, colon), text.slice(colon + 1));
  const [name] = raw === undefined ? [] : readBack(raw);
  if (name !== undefined) return name;
  throw new GatewayError(
    'config.invalid',
    `${JSON.stringify(text)} is no subject alternative name.`,
    {
      mend: 'Write dns:host, email:a@b, upn:user@domain, uri:https://…, ip:192.0.2.1 or directory:CN=….',
    },
  );
}

/** Undefined where the value does not suit its kind. */
function encode(type: string, value: string): Buffer | undefined {
  switch (type) {
    case 'email':
      return ia5(1, value);
    case 'dns':
      return ia5(2, isPlainAscii(value) ? value : domainToASCII(value));
    case 'uri':
      return ia5(6, value);
    case 'ip': {
      const octets = ipAddressOctets(value);
      return octets && der.context(7, octets);
    }
    case 'upn':
      return value === '' ? undefined : otherName(upnOid, der.utf8String(value));
    case 'directory':
      return der.contextConstructed(4, parseDistinguishedName(value));
    default:
      return undefined;
  }
}

function ia5(number: number, value: string): Buffer | undefined {
  if (value === '' || !isPlainAscii(value)) return undefined;
  return der.context(number, Buffer.from(value, 'latin1'));
}

function otherName(oid: string, value: Buffer): Buffer {
  return der.contextConstructed(0, der.oid(oid), der.contextConstructed(0, value));
}

/** What a reader of the certificate will make of it; nothing when it would be refused. */
function readBack(raw: Buffer): SubjectAltName[] {
  try {
    return readSubjectAltNames(der.sequence(raw));
  } catch {
    return [];
  }
}
