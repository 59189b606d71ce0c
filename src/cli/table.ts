import { printable } from './printable.js';

/** Left-aligned columns for people; a cell longer than its bound is cut with an ellipsis. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const bounded = rows.map((row) => row.map((cell) => cut(printable(cell))));
  const widths = head.map((title, column) =>
    Math.max(title.length, ...bounded.map((row) => row[column]?.length ?? 0)),
  );
  return [head, ...bounded]
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

const longest = 48;

function cut(cell: string): string {
  return cell.length > longest ? `${cell.slice(0, longest - 1)}…` : cell;
}

/** Minutes are enough for a list. */
export function shortTime(date: Date | undefined): string {
  return date === undefined ? '–' : date.toISOString().slice(0, 16).replace('T', ' ');
}
