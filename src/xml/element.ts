/** An element with its names resolved (Namespaces in XML 1.0). */
export class XmlElement {
  constructor(
    /** Empty where there is none. */
    readonly namespace: string,
    readonly localName: string,
    /** By local name, those without a prefix only; others by `{namespace}name`. */
    readonly attributes: ReadonlyMap<string, string>,
    readonly children: readonly XmlElement[],
    /** Its own character data, that of its children left out. */
    readonly text: string,
    /** What a QName inside it means (`s:Sender`): the namespace of a prefix in scope, '' for the default one. */
    readonly namespaceOf: (prefix: string) => string | undefined,
  ) {}

  is(namespace: string, localName: string): boolean {
    return this.namespace === namespace && this.localName === localName;
  }

  all(namespace: string, localName: string): XmlElement[] {
    return this.children.filter((child) => child.is(namespace, localName));
  }

  /** The one child of this name; undefined where there is none, or where there are several. */
  child(namespace: string, localName: string): XmlElement | undefined {
    const found = this.all(namespace, localName);
    return found.length === 1 ? found[0] : undefined;
  }
}

/** Name of an attribute in `XmlElement.attributes`. */
export function attributeKey(namespace: string, localName: string): string {
  return namespace === '' ? localName : `{${namespace}}${localName}`;
}
