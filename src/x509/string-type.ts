import { der } from '../asn1/index.js';

const printable = /^[A-Za-z0-9 '()+,\-./:=?]*$/;
const ascii = /^[ -~]*$/;

/** PrintableString where the text fits it (X.680 §41.4), else UTF8String. */
export function printableOrUtf8(text: string): Buffer {
  return printable.test(text) ? der.printableString(text) : der.utf8String(text);
}

/** IA5String for printable ASCII, else UTF8String. */
export function ia5OrUtf8(text: string): Buffer {
  return ascii.test(text) ? der.ia5String(text) : der.utf8String(text);
}
