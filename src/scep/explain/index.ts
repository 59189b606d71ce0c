/** A message in words, for people. */
export { explainPkiMessage } from './explain.js';
