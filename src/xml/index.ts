/** XML as protocols use it: a strict, bounded reader without DTD and entities of its own, and an escaping writer. */
export { XmlElement } from './element.js';
export { readXml } from './read.js';
export { isXmlText, writeXml, xmlTag, type XmlNode } from './write.js';
