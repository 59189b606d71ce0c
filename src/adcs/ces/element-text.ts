import type { XmlElement } from '../../xml/index.js';
import { namespaces } from './names.js';

/** Text of the one child of this name; undefined where it is missing, empty or `xsi:nil`. */
export function childText(
  parent: XmlElement,
  namespace: string,
  localName: string,
): string | undefined {
  const child = parent.child(namespace, localName);
  const nil = child?.attributes.get(`{${namespaces.instance}}nil`);
  if (child === undefined || nil === 'true' || nil === '1') return undefined;
  const text = child.text.trim();
  return text === '' ? undefined : text;
}
