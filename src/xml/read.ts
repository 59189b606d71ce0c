import { attributeKey, XmlElement } from './element.js';
import { malformed } from './malformed.js';
import { declaredPrefix, NamespaceScope } from './namespaces.js';
import { XmlScanner, type RawName, type XmlToken } from './scanner.js';

/** An element whose end has not come yet. */
interface OpenElement {
  readonly raw: RawName;
  readonly scope: NamespaceScope;
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: XmlElement[];
  readonly texts: string[];
}

/**
 * The root of a document of at most 4 MiB, 32 elements deep, 4096 elements in all.
 * @throws GatewayError `xml.malformed` and nothing else, whatever the octets are
 */
export function readXml(document: Buffer): XmlElement {
  const scanner = new XmlScanner(document);
  const open: OpenElement[] = [];
  let root: XmlElement | undefined;
  let elements = 0;
  for (let token = scanner.next(); token !== undefined; token = scanner.next()) {
    const innermost = open.at(-1);
    if (token.kind === 'text') {
      addText(innermost, token);
      continue;
    }
    if (token.kind === 'start') {
      elements += 1;
      if (root !== undefined) throw malformed('it has more than one root');
      if (elements > limits.elements) throw malformed('it has too many elements');
      if (open.length >= limits.depth) throw malformed('it is nested too deep');
      open.push(opened(token, innermost?.scope ?? NamespaceScope.outermost()));
      if (!token.empty) continue;
    } else if (innermost === undefined || !isSame(innermost.raw, token.name)) {
      throw malformed('an end tag does not match');
    }
    const ended = closed(open);
    const parent = open.at(-1);
    if (parent === undefined) root = ended;
    else parent.children.push(ended);
  }
  if (root === undefined || open.length > 0) throw malformed('it ends too early');
  return root;
}

const limits = { elements: 4096, depth: 32 } as const;

function addText(
  innermost: OpenElement | undefined,
  { text, plain }: Extract<XmlToken, { kind: 'text' }>,
): void {
  if (innermost !== undefined) innermost.texts.push(text);
  else if (!plain || /[^ \t\n]/.test(text)) throw malformed('text stands outside of the root');
}

function opened(
  { name, attributes: raw }: Extract<XmlToken, { kind: 'start' }>,
  outer: NamespaceScope,
): OpenElement {
  const scope = outer.inside(raw);
  const attributes = new Map<string, string>();
  for (const attribute of raw) {
    const { prefix, localName } = attribute.name;
    if (declaredPrefix(attribute.name) !== undefined) continue;
    const namespace = prefix === '' ? '' : namespaceOf(scope, prefix);
    const key = attributeKey(namespace, localName);
    if (attributes.has(key)) throw malformed('an element has an attribute twice');
    attributes.set(key, attribute.value);
  }
  // Here, not at its end: an undeclared prefix is a fault however deep the rest goes.
  namespaceOf(scope, name.prefix);
  return { raw: name, scope, attributes, children: [], texts: [] };
}

function closed(open: OpenElement[]): XmlElement {
  const ended = open.pop();
  if (ended === undefined) throw malformed('an end tag does not match');
  const { raw, scope, attributes, children, texts } = ended;
  return new XmlElement(
    namespaceOf(scope, raw.prefix),
    raw.localName,
    attributes,
    children,
    texts.join(''),
    (prefix) => scope.of(prefix),
  );
}

function namespaceOf(scope: NamespaceScope, prefix: string): string {
  const namespace = scope.of(prefix);
  if (namespace === undefined) throw malformed('a prefix is not declared');
  return namespace;
}

function isSame(one: RawName, other: RawName): boolean {
  return one.prefix === other.prefix && one.localName === other.localName;
}
