/** Records a search gives where the filter names no limit. */
export const DEFAULT_SEARCH_LIMIT = 1000;

/** Pattern for `LIKE ? ESCAPE '\\'` that finds `text` anywhere. */
export function anywhere(text: string): string {
  return `%${text.slice(0, 256).replace(/[\\%_]/g, '\\$&')}%`;
}
