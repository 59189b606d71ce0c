import { readFileSync } from 'node:fs';
import { failureCode } from '../../../src/adcs/index.js';

interface ExpectedPage {
  readonly file: string;
  readonly reader: 'submission' | 'retrieval';
  /** `hresult` as a number; null in the file stands for one that is not there. */
  readonly outcome: Readonly<Record<string, unknown>>;
}

/** A file of fixtures/certsrv. */
export function certsrvPage(file: string): Buffer {
  return readFileSync(new URL(`../../../fixtures/certsrv/${file}`, import.meta.url));
}

/** Every page with what it means. */
export function expectedPages(): ExpectedPage[] {
  const pages = JSON.parse(certsrvPage('expected.json').toString('utf8')) as ExpectedPage[];
  return pages.map((page) => {
    const { hresult } = page.outcome;
    if (hresult === undefined) return page;
    const number = typeof hresult === 'string' ? failureCode(Number(hresult)) : undefined;
    return { ...page, outcome: { ...page.outcome, hresult: number } };
  });
}
