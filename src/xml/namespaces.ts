import { malformed } from './malformed.js';
import type { RawAttribute, RawName } from './scanner.js';

const xmlNamespace = 'http://www.w3.org/XML/1998/namespace';
const xmlnsNamespace = 'http://www.w3.org/2000/xmlns/';

/** The prefixes in scope at one element (Namespaces in XML 1.0 §6). */
export class NamespaceScope {
  readonly #outer: NamespaceScope | undefined;
  readonly #declared: ReadonlyMap<string, string>;

  private constructor(outer: NamespaceScope | undefined, declared: ReadonlyMap<string, string>) {
    this.#outer = outer;
    this.#declared = declared;
  }

  static outermost(): NamespaceScope {
    return new NamespaceScope(
      undefined,
      new Map([
        ['', ''],
        ['xml', xmlNamespace],
      ]),
    );
  }

  /** Inside an element with these attributes. @throws GatewayError `xml.malformed` */
  inside(attributes: readonly RawAttribute[]): NamespaceScope {
    const declared = new Map<string, string>();
    for (const { name, value } of attributes) {
      const prefix = declaredPrefix(name);
      if (prefix === undefined) continue;
      if (declared.has(prefix)) throw malformed('an element declares a prefix twice');
      if (!mayBe(prefix, value)) throw malformed('a declaration of a namespace is not allowed');
      declared.set(prefix, value);
    }
    return declared.size === 0 ? this : new NamespaceScope(this, declared);
  }

  /** Undefined where nobody declared it. */
  of(prefix: string): string | undefined {
    return this.#declared.get(prefix) ?? this.#outer?.of(prefix);
  }
}

/** Undefined for an attribute that declares nothing. */
export function declaredPrefix({ prefix, localName }: RawName): string | undefined {
  if (prefix === 'xmlns') return localName;
  return prefix === '' && localName === 'xmlns' ? '' : undefined;
}

function mayBe(prefix: string, namespace: string): boolean {
  if (prefix === 'xmlns' || namespace === xmlnsNamespace) return false;
  if ((prefix === 'xml') !== (namespace === xmlNamespace)) return false;
  // Only the default namespace can be taken back.
  return prefix === '' || namespace !== '';
}
