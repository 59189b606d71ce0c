/**
 * How MDMs and scripts read the admin page: their behaviour as observed, written anew. Each takes the
 * bytes of the answer and gives what the client would have acted on.
 */
type PageReading =
  | { readonly kind: 'password'; readonly password: string }
  | { readonly kind: 'cache-full' }
  | { readonly kind: 'no-permission' }
  | { readonly kind: 'nothing' };

export interface PageClient {
  readonly name: string;
  readonly read: (body: Buffer) => PageReading;
  /** States that this client tells apart from "no password here". */
  readonly knows: readonly ('cache-full' | 'no-permission')[];
}

export const pageClients: readonly PageClient[] = [
  {
    name: 'Fleet, current',
    knows: ['cache-full', 'no-permission'],
    read: (body) => fleet(looksLikeUtf16(body) ? utf16(body, 'le') : body.toString('utf8')),
  },
  {
    name: 'Fleet, 2024',
    knows: ['cache-full', 'no-permission'],
    // Without a byte order mark it takes the text for big-endian.
    read: (body) => fleet(utf16(body, hasMark(body) ? 'le' : 'be')),
  },
  {
    name: 'Zentral',
    knows: [],
    read: (body) =>
      body.length % 2 === 1
        ? nothing
        : found(/challenge password is: <B> ([A-Z0-9]{16,32}) <\/B>/.exec(utf16(body, 'le'))?.[1]),
  },
  {
    name: 'ManageEngine',
    knows: [],
    read: (body) => {
      const label = 'The enrollment challenge password is: <B> ';
      const text = [utf16(body, hasMark(body) ? 'le' : 'be'), body.toString('utf8')].find(
        (candidate) => candidate.includes(label),
      );
      const ends = ['only once', 'multiple times and will not expire.'].map(
        (use) => ` </B> <P> This password can be used ${use}`,
      );
      const rest = text?.split(label)[1];
      const end = ends.find((candidate) => rest?.includes(candidate));
      return end === undefined ? nothing : found(rest?.split(end)[0]);
    },
  },
  {
    name: 'PSCertificateEnrollment',
    knows: [],
    // The first run of 16 digits anywhere on the page, whatever stands round it.
    read: (body) => found(/[A-F0-9]{16}/.exec(body.toString('utf16le'))?.[0]),
  },
  {
    name: 'HPE iLO example',
    knows: [],
    read: (body) =>
      found(
        body
          .toString('utf16le')
          .split(/\s+/)
          .find((word) => /^[A-F0-9]{16}/.test(word)),
      ),
  },
  {
    name: 'Python, split at >',
    knows: ['cache-full'],
    read: (body) => {
      const pieces = utf16(body, 'le').split('>');
      if (pieces.some((piece) => piece.includes('cache is full'))) return { kind: 'cache-full' };
      const label = pieces.indexOf(' The enrollment challenge password is: <B');
      return label < 0 ? nothing : found(pieces[label + 1]?.split('<')[0]?.trim());
    },
  },
  {
    name: 'C#, anchored to the label',
    knows: [],
    read: (body) => {
      const text = body.toString('utf16le');
      const label = text.indexOf('challenge password is:');
      return label < 0 ? nothing : found(/[0-9A-Fa-f]{8,}/.exec(text.slice(label))?.[0]);
    },
  },
];

/** The thumbprint as administrators copy it from the page. */
export function thumbprintOn(body: Buffer): string | undefined {
  return /CA certificate is: <B> ([0-9A-F ]+) <\/B>/.exec(body.toString('utf16le'))?.[1];
}

const nothing: PageReading = { kind: 'nothing' };

function fleet(text: string): PageReading {
  const password = /The enrollment challenge password is: <B> (\S*)/i.exec(text)?.[1];
  if (password !== undefined) return { kind: 'password', password };
  if (text.includes('The password cache is full.')) return { kind: 'cache-full' };
  return text.includes('You do not have sufficient permission to enroll with SCEP.')
    ? { kind: 'no-permission' }
    : nothing;
}

function found(password: string | undefined): PageReading {
  return password === undefined ? nothing : { kind: 'password', password };
}

function hasMark(body: Buffer): boolean {
  return body[0] === 0xff && body[1] === 0xfe;
}

function looksLikeUtf16(body: Buffer): boolean {
  return hasMark(body) || (body[0] === 0x3c && body[1] === 0);
}

function utf16(body: Buffer, order: 'le' | 'be'): string {
  const text = order === 'le' ? body : Buffer.from(body).swap16();
  return text.toString('utf16le').replace(/^\uFEFF/, '');
}
