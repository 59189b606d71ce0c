import { GatewayError } from '../errors/index.js';
import { element } from './der.js';
import type { BerNode } from './node.js';
import { tag } from './tag.js';

const utcTime = /^(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})?(Z|[+-]\d{4})$/;
const generalizedTime = /^(\d{4})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})?(?:[.,]\d+)?(Z|[+-]\d{4})?$/;

/** UTCTime or GeneralizedTime, lenient in its offset and fraction, to a Date in whole seconds. */
export function decodeTime(node: BerNode): Date {
  const text = node.octets().toString('latin1');
  const match = node.is(tag.utcTime)
    ? utcTime.exec(text)
    : node.is(tag.generalizedTime)
      ? generalizedTime.exec(text)
      : null;
  if (match === null) throw malformed(text);
  const [, yearText = '', month = '', day = '', hour = '', minute = '', second = '00', zone = 'Z'] =
    match;
  const shortYear = Number(yearText);
  const year =
    yearText.length === 4 ? shortYear : shortYear < 50 ? 2000 + shortYear : 1900 + shortYear;
  const millis = Date.UTC(
    year,
    Number(month) - 1,
    Number(day),
    Number(hour),
    Number(minute),
    Number(second),
  );
  const date = new Date(millis - offsetMillis(zone));
  if (year < 100) date.setUTCFullYear(year);
  if (Number.isNaN(date.getTime())) throw malformed(text);
  return date;
}

/** RFC 5280 §4.1.2.5: UTCTime through 2049, GeneralizedTime from 2050; whole seconds, Z. */
export function encodeTime(date: Date): Buffer {
  const text = date.toISOString().replace(/[-:T]|\.\d+/g, '');
  const year = date.getUTCFullYear();
  return year >= 1950 && year < 2050
    ? element(tag.utcTime, Buffer.from(text.slice(2), 'latin1'))
    : element(tag.generalizedTime, Buffer.from(text, 'latin1'));
}

function offsetMillis(zone: string): number {
  if (zone === 'Z') return 0;
  const minutes = Number(zone.slice(1, 3)) * 60 + Number(zone.slice(3, 5));
  return (zone.startsWith('-') ? -minutes : minutes) * 60_000;
}

function malformed(text: string): GatewayError {
  return new GatewayError('asn1.malformed', 'The message is not well-formed ASN.1.', {
    detail: `bad time ${JSON.stringify(text.slice(0, 40))}`,
  });
}
